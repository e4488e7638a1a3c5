"""What the demo has lived through before somebody looks at it: sixty days of work, made by the services themselves."""
