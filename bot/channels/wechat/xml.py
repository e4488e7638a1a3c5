"""WeChat's XML, read strictly and written by hand: no DTD, no entities of one's own, no processing instructions."""

from xml.parsers import expat
from xml.sax.saxutils import escape

from bot.channels.wechat.crypto import Unreadable

MOST = 64 * 1024  # bytes of a document
DEEP, MANY = 5, 300  # levels and elements; what WeChat sends has 4 and about 20
ROOT = "xml"


class Document:
    """Texts by the path of their element below the root, such as "ScanCodeInfo/ScanType", in the order they came."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}

    def get(self, path: str) -> str:
        """The first text there; "" where there is none."""
        return self.texts.get(path, [""])[0]

    def all(self, path: str) -> list[str]:
        return self.texts.get(path, [])


class _Reader:
    """What expat calls."""

    def __init__(self) -> None:
        self.document, self._open, self._text, self._count = Document(), list[str](), list[list[str]](), 0

    def start(self, name: str, _attributes: object) -> None:
        self._count += 1
        if len(self._open) >= DEEP or self._count > MANY or (not self._open and name != ROOT):
            raise Unreadable("no document of WeChat's")
        self._open.append(name)
        self._text.append([])

    def data(self, text: str) -> None:
        self._text[-1].append(text)

    def end(self, _name: str) -> None:
        path, text = "/".join(self._open[1:]), "".join(self._text.pop()).strip()
        self._open.pop()
        if path:
            self.document.texts.setdefault(path, []).append(text)

    def refuse(self, *_: object) -> None:
        raise Unreadable("a DTD or an instruction")


def parse(data: bytes) -> Document:
    """Raises Unreadable for anything but a small document of elements and texts, in UTF-8."""
    if len(data) > MOST:
        raise Unreadable("too long")
    parser, reader = expat.ParserCreate("utf-8"), _Reader()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = parser.ProcessingInstructionHandler = reader.refuse
    try:
        parser.Parse(data.decode(), True)
    except (expat.ExpatError, UnicodeError, ValueError) as error:
        raise Unreadable("no XML") from error
    return reader.document


def write(**texts: str | int) -> bytes:
    """A document of texts, one level deep; numbers stand bare, as WeChat writes them."""
    parts = (f"<{name}>{value if isinstance(value, int) else _cdata(value)}</{name}>" for name, value in texts.items())
    return f"<{ROOT}>{''.join(parts)}</{ROOT}>".encode()


def _cdata(text: str) -> str:
    return f"<![CDATA[{text}]]>" if "]]>" not in text else escape(text)
