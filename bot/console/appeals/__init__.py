"""Pages about appeals."""
