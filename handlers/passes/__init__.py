"""Getting in at gates, said in chat."""
