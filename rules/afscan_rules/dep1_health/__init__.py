"""DEP-1: no deployment without health checks."""
