"""A consultation is booked with what it is about and who the other side is: only whoever is asked reads it."""

from typing import Any

from bot.channels.telegram.unit import Context
from bot.messaging.reply import Options
from bot.services.bookings.consulting import MATTERS
from handlers.answers import one_of, words
from handlers.bookings.receipt import take
from handlers.flow import Flow, Question
from handlers.standing import Answers

SITTING = "~sitting"
SHORTEST, LONGEST = 2, 60  # characters of the other side


def _labels(context: Context) -> dict[str, str]:
    return {each: context.text(f"booking.matter_{each}") for each in MATTERS}


def _matters(context: Context, answers: Answers) -> Options:
    every = [context.option(f"booking.matter_{each}", each) for each in MATTERS]
    return [every[at : at + 2] for at in range(0, len(every), 2)]


async def book(context: Context, answers: Answers) -> None:
    told: dict[str, Any] = {"matter": answers["matter"], "other": answers.get("other") or ""}
    await take(context, int(answers[SITTING]), told)


CONSULT = Flow(
    name="consult",
    questions=(
        Question("matter", ask="booking.consult_matter", read=one_of(_labels), choices=_matters),
        Question("other", ask="booking.consult_other", read=words(SHORTEST, LONGEST), optional=True),
    ),
    done=book,
    preview=False,
    kept=False,
)
FLOWS = (CONSULT,)
