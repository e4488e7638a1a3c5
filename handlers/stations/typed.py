"""A place or a wish typed out of the blue: 沈阳铁西区, 三好街附近, 哪里能充电.  They are answered as the form is."""

import re

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot.channels.telegram.unit import Context, current
from handlers.standing import stand
from handlers.stations.find import ASKED, STATION, show, wishes
from knowledge import Knowledge
from knowledge.folding import fold
from knowledge.search import Decision

LONGEST = 24  # characters; what is longer tells of something
_SEEKS = re.compile(r"附近|周围|旁边|最近|[哪找]|地方|驿站")
_BESIDES = re.compile(
    r"[\W_]|附近|周围|旁边|边上|[这那][边里儿]|一带|最近|什么地方|地方|哪[里儿些个]?|有没有|请问|现在|开着|开门|可以|一下|驿站|[我在有能想找要去到个家的呢吗啊吧点]"
)
_PLACE = re.compile(
    r"(?:我?[在到])?(?!附近|最近|旁边|周围)[\w-]{2,16}?(?:[路街道巷桥口]|胡同|广场|公园|医院|小区|大厦|花园|商场|市场|万达|学校|[中小大]学|地铁站|火车站|[东西南北]站)"
    r"(?:附近|旁边|旁|周围|对面|门口|边上|[这那][边里儿])?"
)
_NEAR = re.compile(r"附近|旁边?|周围|对面|门口|边上|[这那][边里儿]")
_TELLS = re.compile(r"[哪怎么吗能要被谁去不没了有给打送是他她交办领发罚撞跳扣赔该会让]")


class Wanted(filters.UpdateFilter):
    """A line that seeks a station, or says a place, and nothing else."""

    def filter(self, update: Update) -> bool:
        text = (update.message.text or "") if update.message else ""
        known = current().services.knowledge
        if not text or len(text) > LONGEST or known.search.emergency(text):
            return False
        return known.places.only(text) or seeks(known, text) or names_a_spot(known, text)


def seeks(known: Knowledge, text: str) -> bool:
    """Whether somebody asks where there is a station, or one of the things that stations offer."""
    plain = fold(text)
    rest = known.vocabulary.besides(plain)
    wanted = rest != plain or "驿站" in plain
    return wanted and bool(_SEEKS.search(plain)) and not _BESIDES.sub("", known.places.besides(rest))


def names_a_spot(known: Knowledge, text: str) -> bool:
    """Whether it is the name of a road, a square, a shop.

    Without 附近 or the like it may be what an entry is about: 公租房小区, 开放大学.
    """
    plain = fold(text).strip(" 。.!！,，")
    if _PLACE.fullmatch(plain) is None or _TELLS.search(plain):
        return False
    return bool(_NEAR.search(plain)) or known.search.by_words(text)[0] is Decision.NONE


async def typed(update: Update, context: Context) -> None:
    text = (update.message.text or "") if update.message else ""
    wanted = [] if _is_wish_only(context, text) else wishes(context, text)
    if wanted:
        await show(context, {"where": {"wishes": [[label, str(wish)] for label, wish in wanted]}})
    elif seeks(context.knowledge, text):
        await STATION.ask_again(context, "where", {ASKED: text}, "station.where")
    else:
        stand(context.chat, STATION.name, "where", {})
        context.say("station.unknown_place", typed=text[:20])


def _is_wish_only(context: Context, text: str) -> bool:
    """Whether it says what is wanted, and not where."""
    return seeks(context.knowledge, text) and context.knowledge.places.besides(fold(text)) == fold(text)


HANDLERS = [MessageHandler(filters.UpdateType.MESSAGE & Wanted(), typed)]
