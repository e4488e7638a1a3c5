"""What people asked, what nothing answered, and what they said about stations."""

from bot.demo.stage import Story
from bot.demo.town import Town
from bot.services.chats import questions
from bot.services.chats.questions import AnswerVerdict, AskedQuestion
from bot.services.stations import stations
from bot.services.stations.stations import Report
from bot.store.models import now

A_DAY = (18, 46)  # questions
HELPED = 0.3  # of the answers somebody says whether they helped


async def tell(town: Town, days: int) -> Story:
    """The questions of so many days, each day's at its evening."""
    topics = sorted(town.services.knowledge.policies)
    for _ in range(days):
        notes: list[AskedQuestion | AnswerVerdict] = []
        for _ in range(town.chance.randrange(*A_DAY)):
            notes.extend(_asked(town, town.pick(topics)))
        await questions.remember(await town.session.connection(), notes)
        yield town.later(24)


def _asked(town: Town, topic: str) -> list[AskedQuestion | AnswerVerdict]:
    region = town.one("areas")["region"]
    if town.maybe(0.12):
        gaps = town.stories["questions"]["gaps"]
        text = gaps[min(int(town.chance.expovariate(0.35)), len(gaps) - 1)]
        return [AskedQuestion(None, text, town.pick(("none", "choose")), "", 0.2, now(), region)]
    asked = AskedQuestion(None, topic, "answer", topic, 0.9, now(), region)
    if town.maybe(HELPED):
        return [asked, AnswerVerdict(topic, useful=town.maybe(0.85), at=now(), region=region)]
    return [asked]


async def report(town: Town, station: str) -> Story:
    """Two people, independently of each other, find a station closed."""
    for who in town.chance.sample(town.residents, 2):
        await stations.report(town.session, station, Report.CLOSED, (await town.chat(who)).key)
        yield town.later(20)
