"""Filing an appeal: three taps and a text; who may know who it is; a number and a code at once."""

from typing import Any

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import pressed, tapped
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import Go, LookUpAppeal, MyAppeals, NewAppeal, ShowAppeal
from bot.messaging.reply import Option, Options, Row, rows_of
from bot.services.appeals import appeals
from bot.services.appeals.appeals import AppealDraft
from bot.services.attachments import attachments
from bot.services.calendar.wording import by
from bot.services.core.working_days import ZONE
from bot.services.identity import redaction
from bot.services.volunteers import applications
from bot.store.models import Naming
from handlers import divisions
from handlers.answers import FILES as PICTURES
from handlers.answers import AnswerKind, Given, attachment, name, one_of, phone, words
from handlers.appeals import texted
from handlers.appeals.progress import show
from handlers.flow import Flow, Question
from handlers.standing import Answers, leave

STORY = (5, 2_000)  # characters
FILES = attachments.MOST
WHOSE = ("own", "agreed", "unasked")  # for whom a 民情联络员 files it


async def home(update: Update, context: Context) -> None:
    """What one can do about appeals."""
    mine = await appeals.own(context.session, context.chat.id)
    rows: list[Row] = [[context.button("appeal.new", NewAppeal())]]
    if mine:
        rows.append([context.button("appeal.mine", MyAppeals(), count=len(mine))])
    context.say("appeal.home", choices=[*rows, [context.button("appeal.lookup", LookUpAppeal())]])


def _kinds(context: Context, answers: Answers) -> Options:
    """Those that somebody reads where this person runs."""
    kinds = context.knowledge.appeals.offered.values()
    hidden = answers.get("~unread", ())
    buttons = [Option(label=each.label, value=each.code) for each in kinds if each.code not in hidden]
    return rows_of(buttons)


def _unread(context: Context, answers: Answers) -> dict[str, Any]:
    """Which kinds are not offered here, and where to go instead: a line for each place to go."""
    kinds = context.knowledge.appeals.kinds
    names: dict[str, list[str]] = {}
    for kind in (kinds[code] for code in answers.get("~unread", ()) if code in kinds):
        names.setdefault(appeals.refer(context.services, kind)["refer"], []).append(kind.label)
    lines = (context.text("appeal.unread", kind="、".join(labels), refer=refer) for refer, labels in names.items())
    return {"unread": "".join(lines)}


async def kind(context: Context, what: Given) -> str:
    """A kind, by its button or its name; one that nobody reads here is refused with where to go."""
    code: str = await one_of(_kind_labels)(context, what)
    await appeals.refuse_unread(context.session, context.services, code, context.chat.region)
    return code


def _kind_labels(context: Context) -> dict[str, str]:
    return {code: each.label for code, each in context.knowledge.appeals.offered.items()}


async def story(context: Context, what: Given) -> dict[str, Any]:
    """Words, or a voice note in place of them."""
    if what.kind is AnswerKind.VOICE:
        return {"text": context.text("appeal.voice"), "file": await attachment(context, what)}
    return {"text": await words(*STORY, short="answer.story_short")(context, what)}


def keep(context: Context, answers: Answers, file: dict[str, Any]) -> None:
    """Evidence sent at any moment; where the story is still open, a caption is the story."""
    files = answers.get("files") or []
    if len(files) >= FILES:
        raise Rejected("answer.enough_files", most=FILES)
    caption = file.get("text", "")
    if "story" not in answers and context.chat.step == "story" and STORY[0] <= len(caption) <= STORY[1]:
        answers["story"], file = {"text": caption}, {**file, "text": ""}
    answers["files"] = [*files, file]


async def _heard(context: Context, answers: Answers) -> None:
    """A voice note is evidence: it stays when the story is written anew.  Then look for an open case like it."""
    if (file := answers["story"].get("file")) is not None:
        answers["story"] = {"text": answers["story"]["text"]}
        answers["files"] = [*(answers.get("files") or []), file][:FILES]
    await _look_for_the_same(context, answers)


async def _look_for_the_same(context: Context, answers: Answers) -> None:
    """Note an open appeal of the same person about the same matter, so that it is offered."""
    known = await appeals.similar(context.session, context.chat, answers["kind"], answers["story"]["text"])
    if known is not None:
        answers["~similar"], answers["~since"] = known.number, f"{known.created_at.astimezone(ZONE):%m-%d}"


def _found(answers: Answers) -> list[str]:
    return redaction.found(_story(answers)) if "story" in answers else []


def _story(answers: Answers) -> str:
    """What was told, and what stands under the pictures."""
    captions = (each.get("text", "") for each in answers.get("files") or [])
    return "\n".join(filter(None, (str(answers["story"]["text"]), *captions)))


def _told(answers: Answers) -> str:
    """The story as it will be filed: without the numbers, when its author wants them masked."""
    text = _story(answers)
    return redaction.mask(text) if answers.get("mask") == "yes" else text


def _masks(context: Context, answers: Answers) -> Options:
    return [[context.option("appeal.mask_yes", "yes"), context.option("appeal.mask_no", "no")]]


def _mask_labels(context: Context) -> dict[str, str]:
    return {"yes": context.text("appeal.mask_yes"), "no": context.text("appeal.mask_no")}


def _ask_mask(context: Context, answers: Answers) -> dict[str, Any]:
    return {"what": "、".join(context.text(f"appeal.what_{name}") for name in _found(answers))}


def _again(context: Context, answers: Answers) -> Options:
    return [[context.option("appeal.similar_same", "same")], [context.option("appeal.similar_new", "new")]]


async def again(context: Context, what: Given) -> str:
    """The same matter leads to the case that is open; another one goes on."""
    value = await one_of(lambda _: {"same": "", "new": ""})(context, what)
    if value == "same":
        number = (context.chat.answers or {}).get("~similar", "")
        leave(context.chat)
        await show(context, number)
    return str(value)


def _namings(context: Context, answers: Answers) -> Options:
    return [[context.option(f"appeal.{each.value}", each.value)] for each in Naming]


def _naming_labels(context: Context) -> dict[str, str]:
    return {each.value: context.text(f"appeal.{each.value}") for each in Naming}


def _named(answers: Answers) -> bool:
    return answers.get("naming") == Naming.NAMED


async def begin(context: Context) -> Answers:
    """Raises Rejected, with where to go instead, where nobody reads any kind: nobody writes a story for nothing."""
    liaison = await applications.liaison(context.session, context.chat.id) is not None
    unread = [each.code for each in await appeals.unread(context.session, context.services, context.chat.region)]
    if len(unread) == len(context.knowledge.appeals.offered):
        raise Rejected("appeal.nobody_reads")
    answers: Answers = {"naming": Naming.HIDDEN.value, **({"~liaison": True} if liaison else {})}
    return {**answers, **({"~unread": unread} if unread else {})}


def _whose(context: Context, answers: Answers) -> Options:
    return [[context.option(f"appeal.whose_{each}", each)] for each in WHOSE]


def _whose_labels(context: Context) -> dict[str, str]:
    return {each: context.text(f"appeal.whose_{each}") for each in WHOSE}


async def whose(context: Context, what: Given) -> str:
    """One's own, or somebody else's who has agreed; without their yes nothing is filed."""
    value = await one_of(_whose_labels)(context, what)
    if value == "unasked":
        leave(context.chat)
        context.say("appeal.ask_them")
    return str(value)


async def submit(context: Context, answers: Answers) -> None:
    """File it, and say at once what it is called and by when it is due."""
    place = answers.get("place") or {}
    region = divisions.region(context, answers)
    await appeals.refuse_unread(context.session, context.services, answers["kind"], region)
    draft = AppealDraft(
        kind=answers["kind"],
        story=_told(answers),
        naming=Naming(answers["naming"]),
        name=answers.get("name") or "",
        phone=answers.get("phone") or "",
        region=region,
        place=place.get("text", ""),
        point=(place["lat"], place["lon"]) if "lat" in place else None,
        about=answers.get("about") or "",
        files=answers.get("files") or [],
        priority=await applications.liaison(context.session, context.chat.id) is not None,
        behalf=answers.get("whose") == "agreed",
        previous=answers.get("~previous", ""),
    )
    receipt = await appeals.submit(context.session, context.services, context.chat, draft)
    context.say(
        "appeal.receipt",
        receipt=True,
        choices=[
            [context.button("appeal.watch", ShowAppeal(receipt.number))],
            [context.button("contact.mine", Go("contact"))],
            *texted.offered(context, receipt.number, draft.phone),
        ],
        number=receipt.number,
        code=receipt.code,
        kind=context.knowledge.appeals.kinds[draft.kind].label,
        agency=receipt.agency or context.text("appeal.no_agency"),
        by=by(context.knowledge.texts, receipt.due_at),
        source=receipt.source,
    )


APPEAL = Flow(
    name="appeal",
    begin=begin,
    done=submit,
    keep=keep,
    questions=(
        Question(
            "kind",
            ask="appeal.kind",
            read=kind,
            choices=_kinds,
            about=_unread,
            show=lambda context, value: _kind_labels(context).get(value, value),
        ),
        Question(
            "whose",
            ask="appeal.whose",
            read=whose,
            choices=_whose,
            asked=lambda answers: "~liaison" in answers,
            show=lambda context, value: context.text(f"appeal.whose_{value}"),
        ),
        Question(
            "story",
            ask="appeal.story",
            read=story,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.VOICE}),
            check=_heard,
            show=lambda context, value: _told(context.chat.answers or {}),
        ),
        Question(
            "again",
            ask="appeal.similar",
            read=again,
            choices=_again,
            asked=lambda answers: "~similar" in answers,
            show=lambda context, value: context.text("appeal.similar_other"),
            about=lambda context, answers: {"number": answers["~similar"], "date": answers["~since"]},
        ),
        Question(
            "mask",
            ask="appeal.mask",
            read=one_of(_mask_labels),
            choices=_masks,
            asked=lambda answers: bool(_found(answers)),
            show=lambda context, value: context.text("appeal.masked" if value == "yes" else "appeal.kept"),
            about=_ask_mask,
        ),
        Question(
            "naming",
            ask="appeal.naming",
            about=lambda context, answers: {"days": context.knowledge.retention.keep("anonymous_identities").days},
            read=one_of(_naming_labels),
            choices=_namings,
            extra=True,
            show=lambda context, value: context.text(f"appeal.{value}"),
        ),
        Question("name", ask="appeal.name", read=name, asked=_named),
        Question(
            "phone",
            ask="appeal.phone",
            read=phone,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.CONTACT}),
            asked=_named,
        ),
        Question("about", ask="appeal.about", read=words(2, 50), extra=True, optional=True),
        Question(
            "files",
            ask="appeal.files",
            about=lambda context, answers: {"most": FILES},
            read=attachment,
            takes=PICTURES,
            extra=True,
            most=FILES,
            show=lambda context, value: str(len(value)),
        ),
        Question(
            "place",
            ask="appeal.place",
            read=divisions.place,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE}),
            extra=True,
            optional=True,
            show=divisions.shown_place,
            check=divisions.place_changed,
        ),
        divisions.WHICH_DISTRICT,
    ),
)
FLOWS = (APPEAL,)

HANDLERS = [
    CommandHandler("appeal", APPEAL.start),
    tapped("appeal", home),
    pressed(Go("appeal"), home),
    pressed(NewAppeal, APPEAL.start),
]
