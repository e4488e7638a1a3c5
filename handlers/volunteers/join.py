"""Joining the grid by chat: consent first, a purpose with each question, a preview, a number."""

import re
from dataclasses import replace
from typing import Any

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import pressed
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import JoinVolunteers
from bot.messaging.reply import Option, Options, rows_of
from bot.services.volunteers import applications
from bot.services.volunteers.applications import VolunteerApplication
from handlers import divisions
from handlers.answers import AnswerKind, Given, name, one_of, phone, words
from handlers.flow import Flow, Question
from handlers.standing import Answers, leave
from knowledge import phones
from knowledge.places import Place

JOBS = ("courier", "rider", "ride_hail", "trucker", "other")
STREET = 9  # digits of a street's code
NUMBER = re.compile(r"[+＋(（]?\d.{5,}\d$")  # at the end of what was typed
BETWEEN = " \u3000,，、;；:：。"  # a name and its number


def _consents(context: Context, answers: Answers) -> Options:
    return [[context.option("volunteer.agree", "yes"), context.option("volunteer.disagree", "no")]]


def _consent_labels(context: Context) -> dict[str, str]:
    return {"yes": context.text("volunteer.agree"), "no": context.text("volunteer.disagree")}


async def consent(context: Context, what: Given) -> str:
    """The version of the text they agreed to; who does not agree is asked nothing."""
    if await one_of(_consent_labels)(context, what) == "no":
        leave(context.chat)
        context.say("volunteer.no_consent")
    return context.knowledge.grid.consent


async def name_and_number(context: Context, what: Given) -> str:
    """A name; a telephone number may follow it."""
    text = str(await words(2, 60)(context, what))
    alone, _ = _parted(text)
    await name(context, replace(what, text=alone))
    return text


async def _phone_too(context: Context, answers: Answers) -> None:
    alone, number = _parted(answers["name"])
    answers.update({"name": alone, **({"phone": number} if number else {})})


def _parted(text: str) -> tuple[str, str]:
    """A name, and the number behind it; "" where there is none, or it is nobody's own."""
    found = NUMBER.search(text)
    number = phones.read(found.group()) if found else ""
    return (NUMBER.sub("", text).strip(BETWEEN), number) if phones.is_personal(number) else (text, "")


def _buttons(labels: dict[str, str]) -> Options:
    buttons = [Option(label=label, value=code) for code, label in labels.items()]
    return rows_of(buttons)


def _platforms(context: Context) -> dict[str, str]:
    return dict(context.knowledge.grid.platforms)


def _times(context: Context) -> dict[str, str]:
    return dict(context.knowledge.grid.availabilities)


def _jobs(context: Context) -> dict[str, str]:
    return {job: context.text(f"job.{job}") for job in JOBS}


async def where(context: Context, what: Given) -> dict[str, Any]:
    """The districts a position or a typed place may mean; the position itself is forgotten at once."""
    found = [place for place in await divisions.read(context, what) if _is_district(context, place)]
    if not found:
        raise Rejected("volunteer.unknown_district")
    return {"places": divisions.pairs(context, found, digits=STREET)}


def _is_district(context: Context, place: Place) -> bool:
    """A district, a street in one, or a city that has none."""
    inside = (code for code in context.knowledge.regions if code.startswith(place.code) and code != place.code)
    return len(place.code) >= 6 or (len(place.code) == 4 and next(inside, None) is None)


def _places(answers: Answers) -> divisions.Pairs:
    return list((answers.get("where") or {}).get("places", ()))


def _shown_where(context: Context, value: dict[str, Any]) -> str:
    return str(value["places"][0][1]) if len(value["places"]) == 1 else ""


def _place(context: Context, answers: Answers) -> tuple[str, str]:
    """The district's code, and what their words said of the grid."""
    code = divisions.chosen(answers, "district", _places(answers))
    place = context.knowledge.places.get(code)
    street = place.name if place is not None and len(code) == STREET else ""
    return code[:6], answers.get("grid") or street


async def begin(context: Context) -> Answers:
    await applications.check_may_apply(context.session, context.services, context.chat)
    return {"job": context.chat.job} if context.chat.job in JOBS else {}


async def submit(context: Context, answers: Answers) -> None:
    """Hand it in, and say at once what it is called and what comes next."""
    district, grid = _place(context, answers)
    wanted = VolunteerApplication(
        name=answers["name"],
        phone=answers["phone"],
        platform=answers["platform"],
        job=answers["job"],
        district=district,
        grid=grid,
        availability=answers["availability"],
        skills=answers.get("skills") or "",
    )
    volunteer = await applications.apply(context.session, context.services, context.chat, wanted)
    context.say("volunteer.applied", receipt=True, number=volunteer.number)


JOIN = Flow(
    name="volunteer",
    begin=begin,
    done=submit,
    questions=(
        Question(
            "consent",
            ask="volunteer.consent",
            read=consent,
            choices=_consents,
            show=lambda context, value: context.text("volunteer.consented", version=value),
        ),
        Question("name", ask="volunteer.name", read=name_and_number, check=_phone_too),
        Question("phone", ask="volunteer.phone", read=phone, takes=frozenset({AnswerKind.TEXT, AnswerKind.CONTACT})),
        Question(
            "platform",
            ask="volunteer.platform",
            read=one_of(_platforms),
            choices=lambda context, answers: _buttons(_platforms(context)),
            show=lambda context, value: _platforms(context).get(value, value),
        ),
        Question(
            "job",
            ask="volunteer.job",
            read=one_of(_jobs),
            choices=lambda context, answers: _buttons(_jobs(context)),
            show=lambda context, value: _jobs(context).get(value, value),
        ),
        Question(
            "where",
            ask="volunteer.where",
            read=where,
            takes=frozenset({AnswerKind.TEXT, AnswerKind.PLACE}),
            show=_shown_where,
        ),
        divisions.which("district", "volunteer.which_district", of=_places),
        Question(
            "availability",
            ask="volunteer.availability",
            read=one_of(_times),
            choices=lambda context, answers: _buttons(_times(context)),
            show=lambda context, value: _times(context).get(value, value),
        ),
        Question("grid", ask="volunteer.grid", read=words(2, 60), extra=True, optional=True),
        Question("skills", ask="volunteer.skills", read=words(2, 200), extra=True, optional=True),
    ),
)
FLOWS = (JOIN,)


async def join(update: Update, context: Context) -> None:
    """The form, or why it is not for them now."""
    await applications.check_may_apply(context.session, context.services, context.chat)
    await JOIN.start(update, context)


HANDLERS = [CommandHandler("join", join), pressed(JoinVolunteers, join)]
