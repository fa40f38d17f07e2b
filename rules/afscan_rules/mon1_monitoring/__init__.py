"""MON-1: no deployment without monitoring."""
