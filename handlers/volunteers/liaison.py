"""A part in deliberations, for 民情联络员: the open consultations of their district, and what they say to them."""

from telegram import Update

from bot.channels.telegram.buttons import asked, pressed
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import AnswerForm, Consultations, ShowConsultation, button
from bot.messaging.reply import Options
from bot.services.appeals import consultation_votes
from bot.services.volunteers import applications
from bot.store.models import Volunteer
from handlers.answers import AnswerKind, Given, words
from handlers.flow import Flow, Question
from handlers.standing import Answers, leave, stand

TEXT = (4, 500)  # characters


async def listed(update: Update, context: Context) -> None:
    """What is being deliberated; the role is read anew each time."""
    found = await consultation_votes.open_to(context.session, await _liaison(context))
    if not found:
        context.say("voice.none")
        return
    context.say("voice.list", choices=[[button(each.title, ShowConsultation(each.id))] for each in found])


async def chosen(update: Update, context: Context, asked: ShowConsultation) -> None:
    """One of them: its title, a vote, and a question."""
    found = await consultation_votes.open_to(context.session, await _liaison(context))
    item = next((each for each in found if each.id == asked.id), None)
    if item is None:
        raise Rejected("voice.over")
    stand(context.chat, VOICE.name, "text", {"~item": item.id})
    ways = [button(each["label"], AnswerForm(VOICE.name, "text", each["value"])) for each in _votes(context, {})[0]]
    cancel = [context.button("flow.cancel", AnswerForm(VOICE.name, "text", "!cancel"))]
    context.say("voice.ask", choices=[ways, cancel], title=item.title)


def _votes(context: Context, _answers: Answers) -> Options:
    return [[{"label": context.text(f"voice.{vote}"), "value": vote} for vote in consultation_votes.VOTES]]


async def spoken(context: Context, what: Given) -> str:
    """What they say; or a vote by its button, and then nothing is asked any more."""
    if what.kind is not AnswerKind.PRESS or what.text not in consultation_votes.VOTES:
        return str(await words(*TEXT)(context, what))
    number = (context.chat.answers or {}).get("~item", 0)
    item = await consultation_votes.vote(context.session, await _liaison(context), number, what.text)
    leave(context.chat)
    context.say("voice.voted", title=item.title, vote=context.text(f"voice.{what.text}"))
    return ""


async def _said(context: Context, answers: Answers) -> None:
    volunteer = await _liaison(context)
    item = await consultation_votes.say(context.session, volunteer, answers["~item"], answers["text"])
    context.say("voice.said", title=item.title)


async def _liaison(context: Context) -> Volunteer:
    """Raises Rejected for anybody else."""
    volunteer = await applications.liaison(context.session, context.chat.id)
    if volunteer is None:
        raise Rejected("voice.not_liaison")
    return volunteer


VOICE = Flow(
    name="voice",
    questions=(Question("text", ask="voice.again", read=spoken, choices=_votes),),
    done=_said,
    preview=False,
)
FLOWS = (VOICE,)

HANDLERS = [pressed(Consultations, listed), asked(ShowConsultation, chosen)]
