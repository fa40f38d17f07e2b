"""SEC-4: no internal service on the internet."""
