"""Points: what one has, where it came from, and what it buys in three taps."""

from typing import Any

from telegram import Update
from telegram.ext import CommandHandler

from bot.channels.telegram.buttons import asked, pressed
from bot.channels.telegram.unit import Context
from bot.messaging.callbacks import BuyReward, CancelVoucher, MyVouchers, Points, ShowReward
from bot.messaging.reply import Press, Row
from bot.services.core.working_days import ZONE, shown
from bot.services.points import ledger as points_ledger
from bot.services.points import rewards, vouchers
from bot.services.points.vouchers import VoucherState
from bot.store.models import PointsAccount, PointsEntry, Reward, Voucher
from handlers import second_thoughts

LINES = 6  # of the ledger
NOUN = "voucher"  # what is given back, as it is planned
REASONS = ("hazard", "shift", "voucher", "sitting")  # first words of sources that people are told


async def home(update: Update, context: Context) -> None:
    """What somebody has, and what it buys."""
    account = await points_ledger.account_of(context.session, context.chat.id)
    text = context.text("points.home", available=account.available if account else 0)
    if account is not None:
        text += _more(context, account)
        lines = await points_ledger.newest(context.session, account, LINES)
        text += "".join(f"\n{_line(context, each)}" for each in lines)
    choices = await _offers(context, account.available if account else 0)
    if account is not None:
        choices.append([context.button("points.mine", MyVouchers())])
    context.reply({"do": "say", "text": text, "choices": choices})


def _more(context: Context, account: PointsAccount) -> str:
    held = context.text("points.held", held=account.held) if account.held else ""
    return held + (context.text("points.debt", debt=account.debt) if account.debt else "")


def _line(context: Context, entry: PointsEntry) -> str:
    """One line of the ledger as its owner reads it: what it changed for them, and why."""
    reason = entry.source.partition(":")[0]
    why = context.text(f"points.from_{reason}" if reason in REASONS else "points.from_other")
    what = context.text(f"points.{entry.kind}", reason=why)
    change = entry.d_available - entry.d_debt
    return f"{entry.at.astimezone(ZONE):%m-%d}　{what}　{change:+d}"


async def _offers(context: Context, available: int) -> list[Row]:
    """What is there, and what it costs; of what the points do not pay for, how many are missing."""

    def press(each: Reward) -> Press:
        short = max(each.points - available, 0)
        key = "points.offer_short" if short else "points.offer"
        return context.button(key, ShowReward(each.code), reward=each.label, points=each.points, short=short)

    return [[press(each)] for each in await rewards.offered(context.session, context.chat.region)]


async def offer(update: Update, context: Context, asked: ShowReward) -> None:
    """One reward: where, how long, what it costs."""
    reward = await rewards.on_offer(context.session, asked.code, context.chat.region)
    account = await points_ledger.account_of(context.session, context.chat.id)
    known, available = (account.entries, account.available) if account else (0, 0)
    confirm = context.button("points.confirm", BuyReward(reward.code, known, reward.version), points=reward.points)
    missing = reward.points - available
    context.say(
        "points.reward",
        choices=[[confirm]] if missing <= 0 else [],
        reward=reward.label,
        about=reward.about,
        place=reward.place,
        days=reward.days,
        last=context.text("points.last", until=f"{reward.last_day:%Y-%m-%d}") if reward.last_day else "",
        points=reward.points,
        available=available,
        short="\n" + context.text("points.short", short=missing) if missing > 0 else "",
    )


async def buy(update: Update, context: Context, asked: BuyReward) -> None:
    """Hold it; the code follows at once, in a message of its own."""
    voucher = await vouchers.reserve(
        context.session, context.chat, asked.code, entries=asked.entries, version=asked.version
    )
    context.say("points.reserved", reward=voucher.label)


async def mine(update: Update, context: Context) -> None:
    """One's vouchers, with their codes; what is not used can be given back."""
    found = await vouchers.own(context.session, context.chat.id)
    if not found:
        context.toast("points.none")
        return
    lines = [_voucher(context, each) for each in found]
    open_ones = [each for each in found if each.state == VoucherState.ISSUED]
    choices = [[_way(context, each)] for each in open_ones]
    text = "\n".join((context.text("points.mine_title"), *lines))
    context.reply({"do": "say", "text": text, "choices": choices})


def _way(context: Context, voucher: Voucher) -> Press:
    """To give it back, or to keep it after all."""
    back = context.button("points.cancel", CancelVoucher(voucher.id), reward=voucher.label)
    return second_thoughts.way(context, NOUN, str(voucher.id), back)


def _voucher(context: Context, voucher: Voucher) -> str:
    return context.text(
        f"points.voucher_{voucher.state}",
        reward=voucher.label,
        code=voucher.code or "",
        until=f"{shown(voucher.used_at or voucher.expires_at):%m-%d %H:%M}",
    )


async def cancel(update: Update, context: Context, asked: CancelVoucher) -> None:
    if not asked.sure:
        context.say(
            "points.cancel_sure", choices=[[context.button("points.cancel_yes", CancelVoucher(asked.id, "yes"))]]
        )
        return
    mine = {each.id: each.state for each in await vouchers.own(context.session, context.chat.id)}
    if not vouchers.may_cancel(mine.get(asked.id, "")):
        context.toast("points.not_cancelled")
        return
    await second_thoughts.plan(context, NOUN, str(asked.id), "undo.returning")


HANDLERS: list[Any] = [
    CommandHandler("points", home),
    pressed(Points, home),
    asked(ShowReward, offer),
    asked(BuyReward, buy),
    pressed(MyVouchers, mine),
    asked(CancelVoucher, cancel),
]
