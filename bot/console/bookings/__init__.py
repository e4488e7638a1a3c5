"""Pages about what people can come to, and about its dates."""
