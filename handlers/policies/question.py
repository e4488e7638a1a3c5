"""Free text is a question: answered with a card, with a choice, or with an honest "I do not know"."""

from dataclasses import replace
from datetime import timedelta

from telegram import Message, Update
from telegram.ext import MessageHandler, filters

from bot.channels.telegram.buttons import asked, message_of, pressed
from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context, current
from bot.messaging.callbacks import Go, JudgeAnswer, NoneOfThese, ShowDetails, ShowPolicy, button
from bot.messaging.reply import Say
from bot.services.chats.questions import AnswerVerdict, AskedQuestion, OpenedEntry
from bot.store.models import now
from handlers import emergencies
from knowledge import english
from knowledge.english import EnglishTopic
from knowledge.search import Asker, Decision, Found
from knowledge.texts import DEFAULT

SAME_TALK = timedelta(seconds=90)  # after which a line begins a new topic
OFFERED = 3  # topics offered when it is a close call
NUMBERS = "emergency-numbers"  # the entry that says which number is for what


@reads
async def ask(update: Update, context: Context) -> None:
    """Answers a question.  Nothing is written before the answer; what is noted afterwards may be lost."""
    await answer(context, update.effective_message.text or "" if update.effective_message else "")


async def is_recognised(context: Context, text: str) -> bool:
    """Whether somebody asks something that we know, or only greets."""
    if not text.strip():
        return False
    found = await context.knowledge.search.find(text, Asker(context.chat.region, context.chat.job), "")
    return found.decision is Decision.ANSWER or bool(found.talk)


async def answer(context: Context, text: str) -> None:
    """Answer a question, however it came."""
    if english.is_english(text):
        answer_english(context, text)
        return
    asker = Asker(context.chat.region, context.chat.job)
    found = await context.knowledge.search.find(text, asker, _last_topic(context))
    alarmed = emergencies.help_first(context, text)
    if found.talk:
        if not alarmed:
            context.say(f"question.{found.talk}")
        return
    if not alarmed or _adds_to_the_alarm(found):
        await _answer(context, found, text)
    topic = found.matches[0].id if found.decision is Decision.ANSWER else ""
    context.note(AskedQuestion(context.chat.id, text, found.decision, topic, found.score, region=context.chat.region))


def _adds_to_the_alarm(found: Found) -> bool:
    """Whether a person in danger is told more than whom to call: what is surely meant, never what we do not know.

    Whoever despairs is told whom to talk to, and nothing beside it.
    """
    sure = found.decision is Decision.ANSWER and found.matches[0].id != NUMBERS
    return sure and emergencies.DESPAIR not in found.emergency


def answer_english(context: Context, text: str) -> None:
    """An emergency is decided first, and alone: who reads more at such a moment calls nobody."""
    if emergencies.help_first(context, text):
        return
    topic = english.topic(text)
    reply: Say = {"do": "say", "text": context.knowledge.texts.say("en", f"english.{topic}")}
    if topic is EnglishTopic.HUMAN:
        reply["choices"] = [[button(context.knowledge.texts.say("en", "english.begin"), Go("appeal"))]]
    context.reply(reply)


async def ask_in_chinese(update: Update, context: Context) -> None:
    """Who was answered in English writes Chinese again."""
    context.chat.language = DEFAULT
    await answer(context, update.effective_message.text or "" if update.effective_message else "")


class Returning(filters.MessageFilter):
    """A Chinese line of somebody who has written English."""

    def filter(self, message: Message) -> bool:
        return current().chat.language != DEFAULT and english.is_chinese(message.text or "")


def _last_topic(context: Context) -> str:
    """What this person was answered with a moment ago: state of the chat's row, not of this process."""
    chat = context.chat
    recent = chat.topic_at is not None and now() - chat.topic_at < SAME_TALK
    return chat.topic if recent else ""


async def _answer(context: Context, found: Found, text: str) -> None:
    knowledge, chat = context.knowledge, context.chat
    ids = [match.id for match in found.matches[:OFFERED]]
    if found.decision is Decision.ANSWER:
        if found.follows and (told := knowledge.words.follow.told(text)):
            part = knowledge.cards.part(knowledge.policies[ids[0]], chat.language, chat.region, told)
            if part is not None:
                context.reply(part)
                return
        for topic in filter(None, (ids[0], found.also)):
            entry, rephrase = knowledge.policies[topic], context.services.rephrase
            said = await rephrase(text, entry) if rephrase else None
            context.reply(knowledge.cards.card(entry, chat.language, chat.region, said))
        return
    if found.decision is Decision.CHOOSE:
        none = [context.button("question.none_of_these", NoneOfThese())]
        context.say("question.choose", choices=[*knowledge.cards.buttons(ids), none])
        return
    context.say("question.unknown", choices=[[context.button("menu.appeal", Go("appeal"))]])


@reads
async def show_card(update: Update, context: Context, asked: ShowPolicy) -> None:
    """A topic chosen from a list."""
    entry = context.knowledge.policies.get(asked.id)
    if entry is None:
        context.say("stale")
        return
    context.reply(context.knowledge.cards.card(entry, context.chat.language, context.chat.region))
    context.note(OpenedEntry(context.chat.id, entry.id))


@reads
async def show_details(update: Update, context: Context, asked: ShowDetails) -> None:
    entry = context.knowledge.policies.get(asked.id)
    if entry is None:
        context.say("stale")
        return
    text = context.knowledge.cards.details(entry, context.chat.language, context.chat.region)
    context.reply({"do": "say", "text": text, "links": True})


@reads
async def none_of_these(update: Update, context: Context) -> None:
    context.say("question.unknown", choices=[[context.button("menu.appeal", Go("appeal"))]])


@reads
async def judge(update: Update, context: Context, asked: JudgeAnswer) -> None:
    """Useful or not; not useful asks why, in one more tap."""
    if asked.useful == "0" and not asked.why:
        reasons = [
            [context.button(f"card.why_{name}", replace(asked, why=name)) for name in pair]
            for pair in (("wrong", "unclear"), ("outdated", "useless"))
        ]
        context.say("card.why", choices=reasons)
        return
    context.note(AnswerVerdict(asked.topic, useful=asked.useful == "1", why=asked.why, region=context.chat.region))
    if asked.why:
        context.edit(message_of(update), "card.thanks")
    else:
        context.toast("card.thanks")


HANDLERS = [
    asked(ShowPolicy, show_card),
    asked(ShowDetails, show_details),
    pressed(NoneOfThese, none_of_these),
    asked(JudgeAnswer, judge),
    MessageHandler(filters.UpdateType.MESSAGE & filters.TEXT & ~filters.COMMAND & Returning(), ask_in_chinese),
    MessageHandler(filters.TEXT & ~filters.COMMAND & filters.UpdateType.MESSAGE, ask),
]
