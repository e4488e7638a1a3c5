"""The nearest open station: from a position the phone sent, or from a place somebody typed."""

from dataclasses import replace
from datetime import UTC, datetime

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot.channels.telegram.buttons import asked, message_of, pressed, tapped
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import FilterStations, Go, ReportStation, ShowStation, StationsAt, button
from bot.services.contacts import landmarks
from bot.services.contacts.landmarks import Landmark
from bot.services.stations.stations import Report, report
from handlers.answers import AnswerKind, Given, point
from handlers.flow import Flow, Question
from handlers.standing import Answers
from handlers.stations import fault, spots
from knowledge import english
from knowledge.geo import Point, in_china
from knowledge.places import Place
from knowledge.search import Asker, Decision
from knowledge.stations.shown import FARTHEST, Wish
from knowledge.stations.station import Station

CANDIDATES = 6  # places offered when a name means several
TYPED = 20  # characters of a line that are said again
ASKED = "~asked"  # what was wanted before anybody said where
NOWHERE = Point(0.0, 0.0)  # until it is known where


async def where(context: Context, what: Given) -> dict[str, object]:
    """A position, or a typed place that we know, or what is wanted there; what we do not know is asked for again."""
    given, asked = await point(context, what), str((context.chat.answers or {}).get(ASKED, ""))
    if "text" in given:
        if spots.is_wish(context.knowledge, str(given["text"])):
            return {"wishes": [], "asked": f"{asked} {given['text']}".strip()}
        meant = await read(context, str(given["text"]), asked)
        if meant is None:
            raise Rejected("station.unknown_place", typed=str(given["text"])[:TYPED])
        return meant
    kinds, rest = context.knowledge.vocabulary.asked_kinds(asked)
    here = Point(given["lat"], given["lon"])
    return {"wishes": [["", str(Wish(here, context.knowledge.vocabulary.asked(rest), kinds=kinds))]]}


async def _is_about_something_else(context: Context, text: str) -> bool:
    """Whether they ask something that we know, in place of saying where they are."""
    known = context.knowledge
    if (
        spots.says_where(known, text)
        or spots.is_wish(known, text)
        or (known.vocabulary.asked_kinds(text)[0] and not spots.asks(text))
    ):
        return False
    if english.is_english(text):
        return True
    found = await known.search.find(text, Asker(context.chat.region, context.chat.job), "")
    topic = found.matches[0].id if found.matches else ""
    sure = found.decision is Decision.ANSWER or (found.decision is Decision.CHOOSE and spots.asks(text))
    return bool(found.talk) or (sure and not topic.startswith(spots.STATIONS))


async def read(context: Context, text: str, asked: str = "") -> dict[str, object] | None:
    """What a typed line may mean, as `show` takes it; None when it names nothing.

    A road, a square or a shop that no station is called after is looked for among outlets and units.
    """
    wanted, spot = wishes(context, text, asked), spots.spot_of(context.knowledge, text)
    named = bool(wanted) and not wanted[0][0]  # by a station's own name or road
    if spot and not named and (found := await _landmarks(context, spot, wanted, f"{text} {asked}")):
        return {**found, "unknown": spot}
    if wanted:
        return {"wishes": [[label, str(wish)] for label, wish in wanted], "unknown": "" if named else spot}
    wish = Wish(NOWHERE, context.knowledge.vocabulary.asked(f"{text} {asked}"))
    places = spots.nearest(context, text, asked=True)
    near = [[place.full, str(_wish_for(context, place, wish))] for place in places]
    return {"wishes": near, "unknown": spot or text[:TYPED], "cities": places[0].level == "city"} if near else None


async def _landmarks(
    context: Context, spot: str, wanted: list[tuple[str, Wish]], text: str
) -> dict[str, object] | None:
    """What of ours lies at a spot: in the districts that were named, else in the worker's own city, else anywhere."""
    home = context.chat.region[:4]
    areas = [wish.region for _, wish in wanted if wish.region] if wanted else [home]
    found = (await landmarks.named(context.session, spot, areas))[:CANDIDATES] if areas else []
    if not found:
        return None
    wish = wanted[0][1] if wanted else Wish(NOWHERE, context.knowledge.vocabulary.asked(text))
    near = [[_district(context, each), str(_wish_at(context, each, wish))] for each in found]
    return {"wishes": near, "by": found[0].name if len(found) == 1 else ""}


def _district(context: Context, landmark: Landmark) -> str:
    place = context.knowledge.places.get(landmark.region)
    return place.full if place is not None else landmark.name


def _wish_at(context: Context, landmark: Landmark, wish: Wish) -> Wish:
    """Around a landmark's position; in its district where that is all we know."""
    if landmark.point is not None:
        return replace(wish, point=landmark.point, region="")
    place = context.knowledge.places.get(landmark.region)
    return _wish_for(context, place, wish) if place is not None else wish


async def show(context: Context, answers: Answers) -> None:
    wanted, unknown, by = (answers["where"].get(name, "") for name in ("wishes", "unknown", "by"))
    if not wanted:
        await STATION.ask_again(context, "where", {ASKED: answers["where"]["asked"]}, "station.where")
        return
    if len(wanted) == 1:
        if by:
            context.say("station.by", typed=unknown, by=by, place=wanted[0][0])
        elif unknown:
            context.say("station.instead", typed=unknown, place=wanted[0][0])
        _around(context, Wish.read(*wanted[0][1].split(":")))
        return
    choices = [[button(label, StationsAt(*Wish.read(*wish.split(":")).parts))] for label, wish in wanted]
    if unknown:
        ask = "which_around" if answers["where"].get("cities") else "which_of_these"
        context.say(f"station.{ask}", typed=unknown, choices=choices)
    else:
        context.say("station.which_place", choices=choices)


STATION = Flow(
    name="station",
    questions=(
        Question("where", ask="station.where", read=where, takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE})),
    ),
    done=show,
    preview=False,
    kept=False,
    elsewhere=_is_about_something_else,
)
FLOWS = (STATION, *fault.FLOWS)


@reads
async def near(update: Update, context: Context) -> None:
    """A position out of the blue."""
    message = update.effective_message
    place = message.location if message else None
    if place is None:
        return
    if abs(place.latitude) < 1e-6 and abs(place.longitude) < 1e-6:
        raise Rejected("answer.nowhere")
    _around(context, Wish(Point(place.latitude, place.longitude)))


@reads
async def filtered(update: Update, context: Context, asked: FilterStations) -> None:
    """A filter tapped: the same message, other stations."""
    wish = _wish(asked)
    if wish is None:
        context.toast("stale")
        return
    reply, _ = context.knowledge.shown.around(wish, datetime.now(UTC), context.chat.language)
    context.reply({"do": "edit", "message": message_of(update), "text": reply["text"], "choices": reply["choices"]})


@reads
async def chosen(update: Update, context: Context, asked: StationsAt) -> None:
    """One of several places with the same name."""
    wish = _wish(asked)
    if wish is None:
        context.toast("stale")
    else:
        _around(context, wish)


@reads
async def pin(update: Update, context: Context, asked: ShowStation) -> None:
    """One station on the map, with ways to it."""
    station = context.knowledge.stations.get(asked.id)
    if station is None:
        context.toast("station.gone")
    else:
        context.reply(context.knowledge.shown.one(station, context.chat.language))


async def wrong(update: Update, context: Context, asked: ReportStation) -> None:
    """Somebody stands before a closed door, or something we say is wrong."""
    station = context.knowledge.stations.get(asked.id)
    if station is None or asked.what not in set(Report):
        context.toast("station.gone")
        return
    await report(context.session, asked.id, Report(asked.what), context.chat.key)
    context.toast("station.reported")
    if asked.what == Report.CLOSED:
        _offer_next(context, station)
    else:
        await fault.FAULT.start_with(context, {fault.STATION: asked.id})


def _offer_next(context: Context, closed: Station) -> None:
    """Where else it is open now, seen from the closed door."""
    found = context.knowledge.stations.nearest(closed.point, at=datetime.now(UTC), limit=2, within=FARTHEST)
    near = next((each for each in found if each.station.id != closed.id), None)
    if near is not None:
        language = context.chat.language
        shown = context.knowledge.shown
        context.say("station.next", distance=shown.distance(near.metres, language))
        context.reply(shown.one(near.station, language))


def _around(context: Context, wish: Wish) -> None:
    if not in_china(wish.point.lat, wish.point.lon):
        context.say("station.abroad")
        return
    shown, language = context.knowledge.shown, context.chat.language
    reply, first = shown.around(wish, datetime.now(UTC), language)
    context.reply(reply)
    if first is not None:
        context.reply(shown.one(first, language))


def wishes(context: Context, text: str, asked: str = "") -> list[tuple[str, Wish]]:
    """What a typed place may mean: a station's own name or road first, then divisions.

    A division filters, and the middle of its stations is what distances are counted from.
    asked: what was wanted in an earlier line.
    """
    knowledge, city = context.knowledge, context.chat.region[:4]
    kinds, rest = knowledge.vocabulary.asked_kinds(text)
    before, more = knowledge.vocabulary.asked_kinds(asked)
    services = knowledge.vocabulary.asked(rest if kinds else text) | knowledge.vocabulary.asked(more)
    wish = Wish(NOWHERE, services, kinds=kinds | before)
    if not kinds:
        rest = text
    # A kind is no place: of "皇姑区妇女之家", only 皇姑区 says where.
    if knowledge.stations.named(rest, region=city, limit=1):
        named = knowledge.stations.named(text, region=city, limit=1) or knowledge.stations.named(rest, region=city)
        return [("", replace(wish, point=named[0].point))]
    places = list(knowledge.places.find(rest, region=context.chat.region)[:CANDIDATES])
    if kinds and not places:
        home = knowledge.places.get(context.chat.region)
        if home is None:
            raise Rejected("station.where_kind", what=_names(context, kinds))
        places = [home]
    return [(place.full, _wish_for(context, place, wish)) for place in places]


def _names(context: Context, kinds: frozenset[str]) -> str:
    named = context.knowledge.vocabulary.kinds
    return context.text("station.and").join(named[each].named(context.chat.language) for each in sorted(kinds))


def _wish_for(context: Context, place: Place, wish: Wish) -> Wish:
    """Of a place without any station: whatever is near it."""
    region = place.code[:6]
    middle = context.knowledge.stations.middle(region)
    return replace(wish, point=middle or place.point, region=region if middle else "")


def _wish(asked: FilterStations | StationsAt) -> Wish | None:
    try:
        return Wish.read(asked.filters, asked.place, asked.region)
    except ValueError:
        return None


HANDLERS = [
    tapped("station", STATION.start),
    pressed(Go("station"), STATION.start),
    asked(FilterStations, filtered),
    asked(StationsAt, chosen),
    asked(ShowStation, pin),
    asked(ReportStation, wrong),
]
POSITION = [MessageHandler(filters.LOCATION & filters.UpdateType.MESSAGE, near)]
