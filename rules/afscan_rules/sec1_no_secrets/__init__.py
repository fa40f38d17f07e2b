"""SEC-1: no secrets in images or configuration files."""
