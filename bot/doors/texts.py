"""The one door for text: what every database takes."""


def storable(text: str) -> str:
    """Without NULs, and with a mark in place of half a character, neither of which can be written down."""
    plain = text.replace("\0", "")
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
