"""Pages about policies and the questions they do not answer yet."""
