"""Pages about points and rewards."""
