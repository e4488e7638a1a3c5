"""A place or a wish typed out of the blue: 沈阳铁西区, 三好街附近, 哪里能充电.  They are answered as the form is."""

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot.channels.telegram.unit import Context, current
from handlers.standing import stand
from handlers.stations.find import ASKED, STATION, read, show
from handlers.stations.spots import says_where, seeks, spot_of
from knowledge.folding import fold

LONGEST = 24  # characters; what is longer tells of something


class Wanted(filters.UpdateFilter):
    """A line that seeks a station, or says a place, and nothing else."""

    def filter(self, update: Update) -> bool:
        text = (update.message.text or "") if update.message else ""
        known = current().services.knowledge
        if not text or len(text) > LONGEST or known.search.emergency(text):
            return False
        return says_where(known, text)


async def typed(update: Update, context: Context) -> None:
    text = (update.message.text or "") if update.message else ""
    meant = None if _is_wish_only(context, text) else await read(context, text)
    if meant:
        await show(context, {"where": meant})
    elif seeks(context.knowledge, text):
        await STATION.ask_again(context, "where", {ASKED: text}, "station.where")
    else:
        stand(context.chat, STATION.name, "where", {})
        context.say("station.unknown_place", typed=text[:20])


def _is_wish_only(context: Context, text: str) -> bool:
    """Whether it says what is wanted, and not where."""
    known = context.knowledge
    return seeks(known, text) and known.places.besides(fold(text)) == fold(text) and not spot_of(known, text)


HANDLERS = [MessageHandler(filters.UpdateType.MESSAGE & Wanted(), typed)]
