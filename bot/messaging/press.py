"""What a button's press says, as a class with its arguments: `bot.messaging.callbacks` holds all of them.

On the wire a press is `verb:argument:argument`, at most 64 bytes.
"""

from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Literal, Self, dataclass_transform, get_args, get_origin, get_type_hints

from bot.messaging.reply import Press

MOST = 2**31 - 1  # the largest number of a row
Rating = Literal["good", "fair", "poor"]

CALLBACKS: "dict[str, type[Callback]]" = {}  # by verb


class UnknownPress(ValueError):
    """No button of ours ever said this."""


@dataclass_transform(frozen_default=True)
class Callback:
    """What a press says.  Texts and whole numbers; the last text may have colons in it."""

    verb: ClassVar[str]

    def __init_subclass__(cls, verb: str) -> None:
        dataclass(frozen=True)(cls)
        cls.verb = verb
        if CALLBACKS.setdefault(verb, cls) is not cls:
            raise ValueError(f"two buttons of the verb {verb}")

    def __str__(self) -> str:
        given = [(getattr(self, each.name), each.default) for each in fields(self)]  # type: ignore[arg-type]
        while given and given[-1][0] == given[-1][1]:
            given.pop()
        return ":".join([self.verb, *(str(value) for value, _ in given)])

    @classmethod
    def read(cls, data: str) -> Self:
        """Raises UnknownPress for what no button of this verb ever said."""
        wanted: Any = fields(cls)  # type: ignore[arg-type]
        given = data.split(":", len(wanted))[1:] if wanted else []
        if any(each.default is MISSING for each in wanted[len(given) :]):
            raise UnknownPress(data)
        types = get_type_hints(cls)
        return cls(*(_read(types[each.name], value) for each, value in zip(wanted, given, strict=False)))


def _read(kind: Any, value: str) -> object:
    if get_origin(kind) is Literal and value not in get_args(kind):
        raise UnknownPress(value)
    if kind is not int:
        return value
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(MOST)) and int(value) <= MOST):
        raise UnknownPress(value)
    return int(value)


def button(label: str, press: Callback) -> Press:
    return {"label": label, "press": str(press)}
