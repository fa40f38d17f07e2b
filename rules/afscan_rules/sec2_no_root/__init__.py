"""SEC-2: no containers as root."""
