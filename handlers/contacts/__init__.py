"""Who is there for somebody, by name."""
