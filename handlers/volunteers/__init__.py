"""What is said about volunteering."""
