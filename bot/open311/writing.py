"""Documents as text: XML after the specification, JSON after the Spark convention, which drops the root element."""

import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import orjson
from pydantic import BaseModel

TYPES = {"xml": "text/xml", "json": "application/json"}
SINGLE = {  # the element that each member of a list is
    "services": "service", "service_requests": "request", "errors": "error", "endpoints": "endpoint",
    "formats": "format", "attributes": "attribute", "values": "value", "service_request_updates": "request_update",
}  # fmt: skip
_UNSAID = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML cannot hold at all


def write(kind: str, root: str, content: BaseModel | Sequence[BaseModel]) -> bytes:
    """A document, or a list of them, in a format; `root` is the outermost element of the XML."""
    plain = [_plain(each) for each in content] if isinstance(content, Sequence) else _plain(content)
    if kind == "json":
        return orjson.dumps(plain)
    body = ElementTree.tostring(_element(root, plain), encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}'.encode()


def _plain(document: BaseModel) -> dict[str, Any]:
    return document.model_dump(mode="json")


def _element(name: str, value: Any) -> ElementTree.Element:
    made = ElementTree.Element(name)
    if isinstance(value, dict):
        made.extend(_element(key, each) for key, each in value.items())
    elif isinstance(value, list):
        made.extend(_element(SINGLE[name], each) for each in value)
    elif isinstance(value, bool):
        made.text = "true" if value else "false"
    elif value is not None:
        made.text = _UNSAID.sub("", str(value))
    return made
