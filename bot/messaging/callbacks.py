"""Every button's verb with its arguments: whoever makes a button and whoever answers it use the class here.

On the wire a press is `verb:argument:argument`, at most 64 bytes, and old messages keep theirs on people's phones: a verb
is not used for anything else, and new arguments come last, with a default.  Arguments at the end that have their default
are left out.
"""

from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar, Literal, Self, dataclass_transform, get_args, get_origin, get_type_hints

from bot.messaging.reply import Press

MOST = 2**31 - 1  # the largest number of a row
Rating = Literal["good", "fair", "poor"]
RATINGS: tuple[tuple[Rating, ...], ...] = (("good", "fair"), ("poor",))  # rows of buttons
Verdict = Literal["yes", "no"]

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


class Go(Callback, verb="go"):
    """To a key of the menu."""

    to: str


class AnswerForm(Callback, verb="f"):
    """A value, or one of the form's own ways such as `!cancel`."""

    form: str
    step: str
    value: str


class ChooseHome(Callback, verb="home"):
    way: Literal["here", "type", "later"]


class Settings(Callback, verb="set"):
    what: Literal["place", "job"]
    value: str = ""


class Notices(Callback, verb="notices"):
    """`KIND, off` hangs under a notice; the others in the settings: `KIND, flip`, `quiet, HOURS`, `platform, CODE`."""

    what: str = ""
    value: str | None = None  # "" are the usual quiet hours


class ShowCategory(Callback, verb="c"):
    number: int = -1  # the categories themselves
    page: int = 0


class ShowPolicy(Callback, verb="p"):
    id: str


class ShowDetails(Callback, verb="d"):
    id: str


class NoneOfThese(Callback, verb="n"):
    """None of the topics that were offered."""


class JudgeAnswer(Callback, verb="v"):
    useful: Literal["1", "0"]
    topic: str
    why: str = ""


class FilterStations(Callback, verb="sf"):
    """The same place, other filters: the parts of a knowledge.stations.shown.Wish."""

    filters: str
    place: str
    region: str


class StationsAt(Callback, verb="sp"):
    """One of several places of the same name."""

    filters: str
    place: str
    region: str


class ShowStation(Callback, verb="sn"):
    id: str


class ReportStation(Callback, verb="sr"):
    what: str
    id: str


class NewAppeal(Callback, verb="an"):
    """File one."""


class MyAppeals(Callback, verb="al"):
    """List one's own."""


class LookUpAppeal(Callback, verb="aq"):
    """By number and code."""


class ShowAppeal(Callback, verb="ao"):
    number: str


class AppealLooks(Callback, verb="aw"):
    """Who looked at the identity."""

    number: str


class WithdrawAppeal(Callback, verb="ax"):
    """Asked once more before it holds; so are the two below."""

    number: str
    sure: str = ""


class RateAppeal(Callback, verb="ar"):
    number: str
    rating: Rating


class ContinueAppeal(Callback, verb="ac"):
    """A new one that goes on from this one."""

    number: str


class NewHazard(Callback, verb="hn"):
    """Report one."""


class MyHazards(Callback, verb="hl"):
    """List those one reported or follows."""


class LookAround(Callback, verb="hq"):
    """Look on the spot whether something is fixed."""


class ShowHazard(Callback, verb="ho"):
    number: str


class WithdrawHazard(Callback, verb="hx"):
    number: str
    sure: str = ""


class JudgeHazard(Callback, verb="hv"):
    """Whether it is fixed."""

    number: str
    verdict: Verdict


class Points(Callback, verb="pw"):
    """The account, and what there is for it."""


class ShowReward(Callback, verb="pr"):
    code: str


class BuyReward(Callback, verb="pb"):
    code: str
    entries: int  # of the account when it was shown: a second tap buys nothing


class MyVouchers(Callback, verb="pv"):
    """List one's own."""


class CancelVoucher(Callback, verb="pc"):
    id: int
    sure: str = ""


class MyData(Callback, verb="pd"):
    """What is held about somebody."""


class AskErasure(Callback, verb="pf"):
    """What erasing means."""


class Erase(Callback, verb="py"):
    """In a week, unless they think again."""


class KeepData(Callback, verb="pn"):
    """They thought again."""


class JoinVolunteers(Callback, verb="vj"):
    """Apply."""


class MembershipSteps(Callback, verb="vl"):
    """What became of the membership."""


class MembershipLooks(Callback, verb="vw"):
    """Who looked at the identity."""


class Pause(Callback, verb="vp"):
    """For a while."""


class Resume(Callback, verb="vr"):
    """After a pause."""


class Resign(Callback, verb="vx"):
    """Leave for good; asked once more before it holds."""

    sure: str = ""


class AskRenewal(Callback, verb="vn"):
    """Of the certificate."""


class CheckIn(Callback, verb="vi"):
    """A shift begins."""


class CheckOut(Callback, verb="vo"):
    """A shift ends."""


class Train(Callback, verb="vt"):
    """The checklist."""


class AnswerItem(Callback, verb="vq"):
    """An answer to an item of the checklist."""

    item: str
    choice: int


class Consultations(Callback, verb="vk"):
    """What is being deliberated."""


class ShowConsultation(Callback, verb="vv"):
    id: int
