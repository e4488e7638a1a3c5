"""What is said about hazards."""
