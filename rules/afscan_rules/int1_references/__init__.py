"""INT-1: no reference to what does not exist."""
