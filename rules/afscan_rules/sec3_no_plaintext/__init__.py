"""SEC-3: no service without TLS."""
