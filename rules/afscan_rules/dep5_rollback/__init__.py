"""DEP-5: no deployment without a way back."""
