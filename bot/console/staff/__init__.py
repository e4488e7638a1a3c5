"""Pages about colleagues, sign-in and logs."""
