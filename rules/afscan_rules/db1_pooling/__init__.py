"""DB-1: no database connection without a pool."""
