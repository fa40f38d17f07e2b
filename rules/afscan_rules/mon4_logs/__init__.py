"""MON-4: no deployment without log aggregation."""
