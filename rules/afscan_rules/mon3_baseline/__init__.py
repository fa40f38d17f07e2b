"""MON-3: no service without a performance baseline."""
