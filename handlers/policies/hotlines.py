"""Hotlines: numbers to tap, most urgent first."""

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.receiver import reads
from bot.channels.telegram.unit import Context

GROUPS = (
    ("emergency", {"emergency", "fraud"}),
    ("work", {"general", "labour", "union", "legal", "transport", "social"}),
)


@reads
async def hotlines(update: Update, context: Context) -> None:
    """All numbers in one message: what somebody in trouble needs must not be a page away."""
    lines = list(context.knowledge.hotlines.values())
    named: set[str] = set()
    parts = [context.text("hotlines.title")]
    for group, kinds in (*GROUPS, ("daily", {line.kind for line in lines})):
        numbers = [line for line in lines if line.kind in kinds and line.number not in named]
        named |= {line.number for line in numbers}
        parts.append(f"<b>{context.text(f'hotlines.{group}')}</b>")
        parts += [context.text("hotlines.line", number=each.number, name=each.name, use=each.use) for each in numbers]
    context.reply({"do": "say", "text": "\n".join(parts)})


HANDLERS = [CommandHandler("hotlines", hotlines)]
