"""Pages with numbers."""
