"""What people can come to, said in chat."""
