"""What is said about points and rewards."""
