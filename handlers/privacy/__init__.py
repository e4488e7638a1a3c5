"""What is said about one's own data."""
