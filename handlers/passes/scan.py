"""At a gate: the rider scans the gate's code and shows what comes, or shows a code that the guard's phone scans."""

from typing import Any

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot.channels.telegram.buttons import pressed
from bot.channels.telegram.unit import Context
from bot.messaging import urls
from bot.messaging.pass_presses import FindCompound, ShowCode, ShowPass, WasTurnedAway
from bot.services.core.working_days import ZONE, shown
from bot.services.passes import gate, passes
from bot.services.passes.gate import Look, Verdict
from bot.services.passes.states import PassState
from bot.store.models import Compound, now

GATE_CODE = rf"^/(?:here|start(?:@\w+)?) (?:here_)?(?P<token>{gate.GATE}\d+-[0-9a-f]+)$"


async def arrived(update: Update, context: Context) -> None:
    """The code of a gate, typed by the page that it led to, or handed over by Telegram behind /start."""
    text = (update.message.text if update.message else "") or ""
    found = await gate.gate_of(context.session, text.rpartition(" ")[2].removeprefix("here_"))
    if found is None:
        context.say("scan.nothing")
        return
    at, compound = found
    look = await gate.arrive(context.session, context.chat, at, compound)
    where = f"{compound.name} {at.name}"
    stopped = [context.button("turned.away", WasTurnedAway(compound.id))]
    if look.verdict is Verdict.UNKNOWN:
        ways = [stopped, [context.button("pass.show", ShowPass())], [context.button("menu.entry", FindCompound())]]
        context.say("gate.rider_unknown", where=where, rules=_rules(context, compound), choices=ways)
        return
    context.say(
        f"gate.rider_{look.verdict}",
        choices=[stopped],
        where=where,
        colour=gate.colour(context.session),
        rules=_rules(context, compound),
        time=f"{now().astimezone(ZONE):%H:%M:%S}",
        **_who(context, look),
    )


def _who(context: Context, look: Look) -> dict[str, Any]:
    platform = context.knowledge.grid.platforms.get(look.platform, look.platform)
    return {"who": look.who, "platform": platform, "until": f"{shown(look.until):%Y-%m-%d}" if look.until else ""}


def _rules(context: Context, compound: Compound) -> str:
    return context.text("compound.rules", rules=compound.rules) if compound.rules else ""


async def show_code(update: Update, context: Context) -> None:
    """A picture that a guard's phone scans; it is nothing after a minute and a half."""
    row = await passes.own(context.session, context.chat.id)
    if row is None or row.state != PassState.ACTIVE:
        context.toast("stale")
        return
    link = f"{context.services.base_url}{urls.SCANNED}/{gate.pass_code(context.session, row)}"
    again = context.button("pass.again", ShowCode())
    told = context.text("pass.code", seconds=gate.RENEWED * gate.KEPT)
    context.reply({"do": "photo", "qr": link, "text": told, "choices": [[again]]})


SCANNED: list[Any] = [MessageHandler(filters.Regex(GATE_CODE), arrived)]
HANDLERS: list[Any] = [pressed(ShowCode, show_code)]
