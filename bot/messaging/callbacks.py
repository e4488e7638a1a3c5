"""Every button's verb with its arguments: whoever makes a button and whoever answers it use the class here.

On the wire a press is `verb:argument:argument`, at most 64 bytes, and old messages keep theirs on people's phones: a verb
is not used for anything else, new arguments come last, with a default, and those that have it are left out at the end.
"""

from typing import Literal

from bot.messaging import pass_presses as pass_presses
from bot.messaging.booking_presses import BookSeat as BookSeat
from bot.messaging.booking_presses import CancelSeat as CancelSeat
from bot.messaging.booking_presses import MySeats as MySeats
from bot.messaging.booking_presses import RateSitting as RateSitting
from bot.messaging.booking_presses import ShowOfferings as ShowOfferings
from bot.messaging.booking_presses import ShowSitting as ShowSitting
from bot.messaging.points_presses import BuyReward as BuyReward
from bot.messaging.points_presses import CancelVoucher as CancelVoucher
from bot.messaging.points_presses import MyVouchers as MyVouchers
from bot.messaging.points_presses import Points as Points
from bot.messaging.points_presses import ShowReward as ShowReward
from bot.messaging.press import CALLBACKS as CALLBACKS
from bot.messaging.press import MOST as MOST
from bot.messaging.press import Callback as Callback
from bot.messaging.press import Rating as Rating
from bot.messaging.press import UnknownPress as UnknownPress
from bot.messaging.press import button as button
from bot.messaging.text_presses import TextReceipt as TextReceipt
from bot.messaging.voice_presses import UseHeard as UseHeard

RATINGS: tuple[tuple[Rating, ...], ...] = (("good", "fair"), ("poor",))  # rows of buttons
Verdict = Literal["yes", "no"]


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


class ShowCategories(Callback, verb="cs"):
    """The categories, a list at a time."""

    page: int


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
    """Asked once more, and done in a minute."""

    number: str
    sure: str = ""


class TakeBackAnswer(Callback, verb="at"):
    """`step` is the line of the timeline that it takes back: an older button takes no newer answer back."""

    number: str
    step: int = 0


class RateAppeal(Callback, verb="ar"):
    number: str
    rating: Rating


class ContinueAppeal(Callback, verb="ac"):
    """A new one that goes on from this one."""

    number: str


class ChooseOutlet(Callback, verb="co"):
    """Say where one belongs."""


class ReportContact(Callback, verb="cr"):
    """Nobody answered, or something is wrong; without `what` it is asked."""

    id: int
    what: str = ""


class LeaveMessage(Callback, verb="cm"):
    """For a contact."""

    id: int


class ReplyToMessage(Callback, verb="cy"):
    """A colleague answers it in chat."""

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


class ThinkAgain(Callback, verb="uu"):
    """Not after all: what is planned for this minute is not done."""

    noun: str
    number: str


class MyData(Callback, verb="pd"):
    """What is held about somebody."""


class AskErasure(Callback, verb="pf"):
    """What erasing means."""


class Erase(Callback, verb="py"):
    """In a week, unless they think again."""


class KeepData(Callback, verb="pn"):
    """They thought again."""


class Silence(Callback, verb="ps"):
    """Ring none of my browsers any more."""


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


class LetScreenIn(Callback, verb="ls"):
    """The number on the screen of a computer that wants in; 0 when it is somebody else's."""

    id: int
    number: int


class Consultations(Callback, verb="vk"):
    """What is being deliberated."""


class ShowConsultation(Callback, verb="vv"):
    id: int
