"""DB-2: no database without backup and recovery test."""
