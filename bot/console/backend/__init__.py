"""Pages about the backend queue."""
