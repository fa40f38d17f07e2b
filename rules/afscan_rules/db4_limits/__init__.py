"""DB-4: no unlimited database connections."""
