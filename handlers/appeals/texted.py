"""Under the receipt of an appeal: its number as a text message, to the phone that was given."""

from telegram import Update

from bot.channels.telegram.buttons import asked
from bot.channels.telegram.unit import Context
from bot.errors import Rejected
from bot.messaging.callbacks import TextReceipt
from bot.messaging.reply import Row
from bot.services.appeals import text_receipts
from knowledge import phones


def offered(context: Context, number: str, phone: str) -> list[Row]:
    """A row with the button, where there is a gateway and a mobile number."""
    can = context.services.sms and phones.is_mobile(phone)
    return [[context.button("sms.offer", TextReceipt(number), last=phone[-4:])]] if can else []


async def texted(update: Update, context: Context, pressed: TextReceipt) -> None:
    """The tap is their consent; a second one sends no second message."""
    try:
        last = await text_receipts.ask(context.session, context.chat, pressed.number)
    except Rejected as why:
        context.say(why.key, **why.values)
        return
    if last:
        context.say("sms.asked", last=last)
    else:
        context.say("sms.enough", most=text_receipts.MOST)


HANDLERS = [asked(TextReceipt, texted)]
