"""Pages about hazards."""
