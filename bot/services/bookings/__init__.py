"""What people can come to, when it takes place, and who has a seat there."""
