"""The text of a file: Excel in China saves GB18030, newer programs UTF-8 with or without a mark, "Unicode text" UTF-16."""

from knowledge.tables.rows import FileRefused

_MARKS = (b"\xff\xfe", b"\xfe\xff")


def decoded(data: bytes) -> str:
    """Raises FileRefused."""
    for encoding in ("utf-16",) if data.startswith(_MARKS) else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileRefused("broken", why="编码不是 UTF-8 或 GB18030")
