"""随手拍: a photo, a place, a type, in under half a minute."""

from html import escape
from typing import Any

from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import pressed, tapped
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import Go, LookAround, MyHazards, NewHazard, ShowHazard
from bot.messaging.reply import Option, Options, rows_of
from bot.services.calendar.wording import by
from bot.services.core.working_days import ZONE
from bot.services.hazards import followers, hazards
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.hazards import HazardDraft
from bot.services.volunteers import applications
from handlers import divisions
from handlers.answers import AnswerKind, Given, attachment, one_of, words
from handlers.flow import Flow, Question
from handlers.standing import Answers, leave
from knowledge.geo import in_china

TEXT = (4, 500)  # characters
PHOTOS = 9
WORDS = "words"  # given where a photo was asked for
ALL = "all"  # pressed in place of a type: show me the others
OFFERED = 3  # similar ones
LONGEST = 40  # characters of a place in a list


async def picture(context: Context, what: Given) -> dict[str, Any]:
    """A photo; its caption, when there is one, says what is wrong.  Who has none says it in words instead."""
    if what.kind is AnswerKind.TEXT:
        return {"kind": WORDS, "text": await story(context, what)}
    return _captioned(context, await attachment(context, what))


async def _words_instead(context: Context, answers: Answers) -> None:
    if answers["photo"] and answers["photo"]["kind"] == WORDS:
        answers.update({"text": answers["photo"]["text"], "photo": None})


def _captioned(context: Context, file: dict[str, Any]) -> dict[str, Any]:
    caption = str(file.get("text", ""))[: TEXT[1]]
    hazards.refuse_people(context.services, caption)
    return {**file, "text": caption if len(caption) >= TEXT[0] else ""}


def keep(context: Context, answers: Answers, file: dict[str, Any]) -> None:
    """A photo sent at any moment, or one of several sent together."""
    if file["kind"] == AnswerKind.VOICE:
        raise Rejected("hazard.no_voice")
    photos = _photos(answers)
    if len(photos) >= PHOTOS:
        raise Rejected("answer.enough_files", most=PHOTOS)
    first, *more = [*photos, _captioned(context, file)]
    answers.update({"photo": first, "~photos": more})


def _photos(answers: Answers) -> list[dict[str, Any]]:
    return [*filter(None, [answers.get("photo")]), *answers.get("~photos", ())]


async def where(context: Context, what: Given) -> dict[str, Any]:
    found = await divisions.place(context, what)
    if "lat" in found and not in_china(found["lat"], found["lon"]):
        raise Rejected("station.abroad")
    return found


async def story(context: Context, what: Given) -> str:
    text = str(await words(*TEXT)(context, what))
    hazards.refuse_people(context.services, text)
    return text


def _text(answers: Answers) -> str:
    """What was written, and what stands under the pictures, each once."""
    said = [str(answers.get("text") or ""), *(str(each["text"]) for each in _photos(answers))]
    return "\n".join(dict.fromkeys(filter(None, said)))[: TEXT[1]]


def _captions(answers: Answers) -> bool:
    return any(each["text"] for each in _photos(answers))


def _point(answers: Answers) -> tuple[float, float] | None:
    place = answers.get("place") or {}
    return (place["lat"], place["lon"]) if "lat" in place else None


def _labels(context: Context) -> dict[str, str]:
    return {code: kind.label for code, kind in context.knowledge.hazards.kinds.items()}


def _code(answers: Answers) -> str:
    """The type, once it is known."""
    return str(answers.get("type") or (answers["kind"] if answers["kind"] != ALL else ""))


def _proposed(context: Context, answers: Answers) -> Options:
    """Three types that fit the text, and a way to all of them."""
    labels = _labels(context)
    proposed = context.knowledge.hazards.proposed(_text(answers))
    offered = [[Option(label=labels[code], value=code)] for code in proposed]
    return [*offered, [context.option("hazard.all", ALL)]]


def _every(context: Context, answers: Answers) -> Options:
    buttons = [Option(label=label, value=code) for code, label in _labels(context).items()]
    return rows_of(buttons)


async def _look_around(context: Context, answers: Answers) -> None:
    """Say what comes first in an emergency; note what others have reported there already."""
    code, here = _code(answers), _point(answers)
    if not code:
        return
    _warn(context, code)
    if here is not None:
        found = await hazards.nearby(context.session, code, here)
    else:
        typed = (answers.get("place") or {}).get("text", "")
        region = divisions.region(context, answers)
        found = await hazards.alike(context.session, context.services, code, typed, region)
    mine = {each.number for each in await hazards.own(context.session, context.chat.id)}
    answers["~similar"] = [
        [each.number, f"{each.created_at.astimezone(ZONE):%m-%d}", "" if here else each.place[:LONGEST]]
        for each in found
        if each.number not in mine
    ][:OFFERED]


def _warn(context: Context, code: str) -> None:
    """Numbers to call first, for types that cannot wait."""
    known, kind = context.knowledge, context.knowledge.hazards.kinds[code]
    if kind.urgent:
        lines = [f"<b>{number}</b> {known.hotlines[number].name}" for number in kind.urgent]
        if kind.local and (value := known.sheets.value(kind.local, context.chat.region)):
            lines.insert(0, f"<b>{escape(value.text, quote=False)}</b> {known.sheets.fields[kind.local].label}")
        context.reply({"do": "say", "text": "\n".join((context.text("hazard.emergency"), kind.say, *lines))})


def _similar(context: Context, answers: Answers) -> Options:
    rows = [
        [context.option("hazard.follow", number, number=number, date=date)] for number, date, _ in answers["~similar"]
    ]
    return [*rows, [context.option("hazard.another", "new")]]


def _similar_places(context: Context, answers: Answers) -> dict[str, Any]:
    """Where places were typed, the person compares them; of positions the distance has said enough."""
    places = "".join(f"\n{number}　{place}" for number, _, place in answers["~similar"] if place)
    return {"places": places, "days": hazards.RECENT.days}


async def again(context: Context, what: Given) -> str:
    """Follow one that is open already, or report another."""
    offered = [number for number, *_ in (context.chat.answers or {}).get("~similar", [])]
    value = str(await one_of(lambda _: dict.fromkeys([*offered, "new"], ""))(context, what))
    if value != "new":
        hazard = await hazard_transitions.get(context.session, value, lock=True)
        await followers.follow(context.session, hazard, context.chat)
        leave(context.chat)
        context.say("hazard.followed", number=value)
    return value


async def submit(context: Context, answers: Answers) -> None:
    """Hand it in, and say at once who has it and until when."""
    draft = HazardDraft(
        kind=_code(answers),
        text=_text(answers),
        place=(answers.get("place") or {}).get("text", ""),
        point=_point(answers),
        region=divisions.region(context, answers),
        files=_photos(answers),
        priority=await applications.liaison(context.session, context.chat.id) is not None,
    )
    receipt = await hazards.submit(context.session, context.services, context.chat, draft)
    known = context.knowledge.hazards.kinds[draft.kind]
    context.say(
        "hazard.receipt_by_hand" if receipt.by_hand else "hazard.receipt",
        receipt=True,
        choices=[
            [context.button("appeal.watch", ShowHazard(receipt.number))],
            [context.button("contact.mine", Go("contact"))],
        ],
        number=receipt.number,
        kind=known.label,
        agency=receipt.agency or context.text("appeal.no_agency"),
        by=by(context.knowledge.texts, receipt.due_at, of="hazard"),
    )


REPORT = Flow(
    name="report",
    done=submit,
    keep=keep,
    questions=(
        Question(
            "photo",
            ask="hazard.photo",
            read=picture,
            takes=frozenset({AnswerKind.PHOTO, AnswerKind.FILE, AnswerKind.TEXT}),
            optional=True,
            beside=(("hazard.mine", MyHazards()), ("hazard.look", LookAround())),
            check=_words_instead,
            show=lambda context, value: context.text("hazard.has_photo"),
        ),
        Question(
            "place",
            ask="hazard.place",
            read=where,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE}),
            show=divisions.shown_place,
            check=divisions.place_changed,
        ),
        divisions.WHICH_DISTRICT,
        Question(
            "text",
            ask="hazard.text",
            read=story,
            asked=lambda answers: "text" in answers or not _captions(answers),
        ),
        Question(
            "kind",
            ask="hazard.kind",
            read=one_of(lambda context: {**_labels(context), ALL: context.text("hazard.all")}),
            choices=_proposed,
            check=_look_around,
            show=lambda context, value: _labels(context).get(value, ""),
        ),
        Question(
            "type",
            ask="hazard.type",
            read=one_of(_labels),
            choices=_every,
            check=_look_around,
            asked=lambda answers: answers.get("kind") == ALL,
            show=lambda context, value: _labels(context)[value],
        ),
        Question(
            "again",
            ask="hazard.similar",
            read=again,
            choices=_similar,
            about=_similar_places,
            asked=lambda answers: bool(answers.get("~similar")),
            show=lambda context, value: "",
        ),
    ),
)
FLOWS = (REPORT,)

HANDLERS = [
    CommandHandler("report", REPORT.start),
    tapped("hazard", REPORT.start),
    pressed(Go("hazard"), REPORT.start),
    pressed(NewHazard, REPORT.start),
]
