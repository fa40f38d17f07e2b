"""MON-2: no ignored alerts, no gaps in monitoring."""
