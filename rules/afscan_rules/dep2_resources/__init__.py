"""DEP-2: no workload without resource limits and requests."""
