"""Every kind of reply.  It says what it wants, not how a channel does it; `bot.channels.telegram.renderer` does.

Text is HTML.  As dictionaries they go into the outbox and come out of it as they are.
"""

from collections.abc import Sequence
from typing import Literal, NotRequired, TypedDict, TypeVar, final


@final
class Press(TypedDict):
    """A button that tells us something: see bot.messaging.callbacks."""

    label: str
    press: str


@final
class Link(TypedDict):
    """A button that leads somewhere else."""

    label: str
    url: str


class Option(TypedDict):
    """An answer that a form offers; it makes a button of it."""

    label: str
    value: str


Button = Press | Link
Row = Sequence[Button]  # side by side
Options = Sequence[Sequence[Option]]
SomeButton = TypeVar("SomeButton", Press, Link, Option)


class Key(TypedDict):
    """A key in place of the phone's keyboard; it sends its label, or what it asks for instead."""

    label: str
    location: NotRequired[bool]
    contact: NotRequired[bool]


Keys = Sequence[Sequence[Key]]  # rows; none at all take the keys away


class Say(TypedDict):
    do: Literal["say"]
    text: str
    choices: NotRequired[Sequence[Row]]
    keyboard: NotRequired[Keys]
    links: NotRequired[bool]  # the first link is shown as a preview
    thread: NotRequired[int]  # the topic of a group, where the channel has such a thing


class Edit(TypedDict):
    """A message of ours says something else from now on."""

    do: Literal["edit"]
    message: int  # the channel's number of it
    text: str
    choices: NotRequired[Sequence[Row]]


class Caption(TypedDict):
    """The same for what stands under a photo."""

    do: Literal["caption"]
    message: int
    text: str
    choices: NotRequired[Sequence[Row]]


class Place(TypedDict):
    do: Literal["place"]
    lat: float  # degrees, WGS-84
    lon: float
    name: str
    address: str
    choices: NotRequired[Sequence[Row]]


class Photo(TypedDict):
    """One of the four says which picture it is."""

    do: Literal["photo"]
    file: NotRequired[str]  # as the channel calls it
    qr: NotRequired[str]  # what the code says
    jpeg: NotRequired[bytes]
    picture: NotRequired[str]  # the digest of a notice's photo
    text: NotRequired[str]
    choices: NotRequired[Sequence[Row]]


class Settle(TypedDict):
    """The buttons of a message of ours go; what it told somebody stays."""

    do: Literal["settle"]
    message: int


class Unsay(TypedDict):
    """A message of ours goes."""

    do: Literal["unsay"]
    message: int


Reply = Say | Edit | Caption | Place | Photo | Settle | Unsay


def rows_of(buttons: Sequence[SomeButton], abreast: int = 2) -> list[Sequence[SomeButton]]:
    """Buttons in rows of so many."""
    return [buttons[at : at + abreast] for at in range(0, len(buttons), abreast)]
