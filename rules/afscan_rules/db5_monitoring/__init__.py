"""DB-5: no database without monitoring."""
