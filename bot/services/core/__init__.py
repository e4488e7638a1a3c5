"""What several nouns share; it knows none of them."""
