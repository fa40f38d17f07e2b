"""SEC-5: no default passwords or credentials."""
