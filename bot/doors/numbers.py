"""The one door for whole numbers out of forms, addresses and headers."""

ID = 2**31 - 1  # the largest number of a row
LONG = 2**63 - 1  # the largest number that any column takes


def whole(text: str, *, most: int = ID) -> int | None:
    """A whole number from 0 to `most` in ASCII digits; None for anything else, however long it is."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    number = int(text)
    return number if number <= most else None
