"""DEP-3: no deployment without logging and monitoring."""
