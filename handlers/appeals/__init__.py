"""What is said about appeals."""
