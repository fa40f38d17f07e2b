"""Files: find them, read them, tell what they are."""
