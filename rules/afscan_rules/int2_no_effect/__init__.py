"""INT-2: no setting without effect."""
