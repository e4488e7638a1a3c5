"""Pages about compounds and their gates."""
