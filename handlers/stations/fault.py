"""What is wrong about a station: one tap for the part, and the right words if they know them."""

from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.reply import Option
from bot.services.stations.stations import PARTS, explain
from handlers.answers import Given, one_of, words
from handlers.flow import Flow, Question
from handlers.standing import Answers

STATION = "~station"
LONGEST = 200  # characters


def _parts(context: Context, answers: Answers) -> list[list[Option]]:
    each = [context.option(f"fault.{part}", part) for part in PARTS]
    return [each[at : at + 2] for at in range(0, len(each), 2)]


async def part(context: Context, what: Given) -> str:
    """One of the parts; whatever else they type already says what is wrong."""
    try:
        return str(await one_of(lambda _: {name: context.text(f"fault.{name}") for name in PARTS})(context, what))
    except Rejected:
        return str(await words(2, LONGEST)(context, what))


async def _kept(context: Context, answers: Answers) -> None:
    chosen, text = answers["part"], answers.get("text") or ""
    if chosen not in PARTS:
        chosen, text = "other", chosen
    await explain(context.session, answers[STATION], context.chat.key, chosen, text)
    context.say("fault.thanks")


FAULT = Flow(
    name="fault",
    questions=(
        Question("part", ask="fault.part", read=part, choices=_parts),
        Question(
            "text",
            ask="fault.text",
            read=words(2, LONGEST),
            optional=True,
            asked=lambda answers: answers.get("part") in PARTS,
        ),
    ),
    done=_kept,
    preview=False,
    kept=False,
)
FLOWS = (FAULT,)
