"""INT-1: never refer to what does not exist."""
