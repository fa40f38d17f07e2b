"""The built-in rule pack: one folder per control, one file per rule."""
