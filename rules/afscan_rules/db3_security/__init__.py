"""DB-3: no ignored database security setting."""
