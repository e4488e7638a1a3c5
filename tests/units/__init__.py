"""Units: who handles what, where."""
