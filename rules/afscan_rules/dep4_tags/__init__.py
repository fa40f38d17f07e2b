"""DEP-4: no latest tags."""
