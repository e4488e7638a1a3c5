"""Pages about stations."""
