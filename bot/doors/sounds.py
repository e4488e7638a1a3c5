"""What kind of sound bytes are, told by how they begin: browsers record three kinds, WeChat a fourth."""

BEGINNINGS = {b"OggS": "audio/ogg", b"\x1aE\xdf\xa3": "audio/webm", b"#!AM": "audio/amr"}
MP4 = b"ftyp"  # behind the length of the first box


def kind(data: bytes) -> str | None:
    """The media type; None for what is no sound that is taken."""
    return BEGINNINGS.get(data[:4]) or ("audio/mp4" if data[4:8] == MP4 else None)
