"""What is said about notices."""
