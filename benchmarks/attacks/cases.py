"""Odd inputs of thirty reports about comparable systems: files that staff uploads, lines and pictures that people send."""

import json
import re
import secrets

from benchmarks.attacks.attempts import Attempt, attempts, held
from benchmarks.attacks.desks import does, uploads
from benchmarks.attacks.running import until
from benchmarks.attacks.town import Town
from tests.support.desk import Page
from tests.support.founding import photo

ALL: list[Attempt] = []
attack = attempts(ALL)

GROUP = -1001
QUESTION = "入职要押金可以吗"


async def looks(town: Town, head: str, *rows: str) -> Page:
    """What a preview says of a file with these columns."""
    return await uploads(town.organiser, data="\n".join((head, *rows)).encode())


@attack("case-01", "evening hours that end in the morning, as operators type them")
async def night_hours(town: Town) -> str:
    rows = [
        f"示例{n},123.35{n},41.8,{each}"
        for n, each in enumerate(("夜间22:00-6:00", "晚8点-次日8点", "下午5点-次日1点"))
    ]
    words = (await looks(town, "名称,经度,纬度,开放时间", *rows)).words
    shown = re.findall(r"\d\d:\d\d–(?:次日)? ?\d\d:\d\d", words)
    well = [each.replace(" ", "") for each in shown] == ["22:00–次日06:00", "20:00–次日08:00", "17:00–次日01:00"]
    return held(well, " ".join(shown) or words[:300])


@attack("case-02", "a quotation mark that is never closed, in the third of eight rows")
async def open_quotation(town: Town) -> str:
    rows = [f"示例站{n},123.35{n},41.8,8:00-20:00,{chr(34) * (n == 1)}无" for n in range(8)]
    page = await looks(town, "名称,经度,纬度,开放时间,备注", *rows)
    named = page.status == 422 and "第 3 行" in page.words
    whole = page.status == 200 and all(f"示例站{n}" in page.words for n in range(5)) and "8" in page.words
    return held(named or whole, f"{page.status}: {'the row is named' if named else 'all eight are there'}")


@attack("case-09", "stations checked in 2024.11, 202411, 2024-12")
async def months(town: Town) -> str:
    rows = [f"示例{n},123.35{n},41.8,全天,{each}" for n, each in enumerate(("2024.11", "202411", "2024-12"))]
    page = await looks(town, "名称,经度,纬度,开放时间,核对日期", *rows)
    wrong = re.findall(r"2024-1[12]-0[12]|1 ?月 ?1 ?日|12 ?月 ?2 ?日", page.words)
    return held(page.status == 200 and not wrong, f"{page.status}, no day is shown")


@attack("case-11", "8:30-11:30,1:30-5:00, an afternoon that nobody called one")
async def afternoons(town: Town) -> str:
    pages = [
        await looks(town, "名称,经度,纬度,开放时间", f'示例,123.35,41.8,"{each}"')
        for each in ("8:30-11:30,1:30-5:00", "周一至周五8:30-12:00,2:00-6:00")
    ]
    return held(
        all(page.status == 422 for page in pages), f"{[page.status for page in pages]}: {pages[0].words[-160:]}"
    )


@attack("case-15", "half an emoji, NUL and a blank that nobody sees as names, in CSV and GeoJSON")
async def odd_letters(town: Town) -> str:
    said = []
    for name in ("示例站\ud83d", "示例\u0000站", "\u200b"):
        place = {"type": "Point", "coordinates": [123.35, 41.8]}
        feature = {"type": "Feature", "properties": {"名称": name, "开放时间": "全天"}, "geometry": place}
        data = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
        said.append((await uploads(town.organiser, data=data, name="a.geojson")).status)
        if name.isprintable() or name != "示例站\ud83d":
            said.append((await looks(town, "名称,经度,纬度,开放时间", f"{name},123.35,41.8,全天")).status)
    return held(set(said) <= {200, 422} and said[-2:] == [422, 422], f"{said}")


@attack("case-16", "#N/A, NULL, 'zeros and rounded numbers of a spreadsheet in addresses and phones")
async def spreadsheet_marks(town: Town) -> str:
    rows = [
        "示例一,#N/A,123.351,41.8,全天,#REF!",
        "示例二,null,123.352,41.8,全天,NULL",
        "示例三,路,123.353,41.8,全天,'024-23456789",
    ]
    rows.append('"=""示例四""",路,123.354,41.8,全天,"=""02423456789"""')
    page = await looks(town, "名称,地址,经度,纬度,开放时间,电话", *rows)
    marks = re.findall(
        r"#N/A|#REF!|NULL|null|'024|=&quot;|=\"", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    )
    shown = [each for each in marks if f">{each}" in page]
    rounded = await looks(town, "名称,地址,经度,纬度,开放时间,电话", "示例五,路,123.355,41.8,全天,1.38E+10")
    return held(
        not shown and page.status == 200 and rounded.status == 422,
        f"{page.status} without marks, rounded {rounded.status}",
    )


@attack("case-18", "a file of commas whose hours hold more semicolons")
async def semicolons(town: Town) -> str:
    hours = ";".join(f"周{day}8:00-12:00" for day in "一二三四五")
    page = await looks(town, "名称,经度,纬度,开放时间", *(f"示例{n},123.35{n},41.8,{hours}" for n in range(4)))
    return held(page.status == 200 and "示例3" in page.words, f"{page.status}")


@attack("case-08", "places in traditional characters, radicals and with signs nobody sees")
async def other_writing(town: Town) -> str:
    said = []
    for line in ("瀋陽鐵西區", "沈阳铁\u200b西区", "沈阳铁⻄区"):
        person = await town.person()
        await person.types("找驿站")
        said.append(" ".join(await person.types(line)))
    return held(
        all("铁西驿站" in each for each in said), f"{sum('铁西驿站' in each for each in said)} of 3 show its stations"
    )


@attack("case-12", "right numbers as pages and documents give them, for who wants to be called")
async def pasted_numbers(town: Town) -> str:
    person, said = await town.person(), []
    for number in (
        "\u206813800000000\u2069",
        "138\u20110000\u20110000",
        "138.0000.0000",
        "008613800000000",
        "\ufeff13800000000",
    ):
        await person.types("/appeal")
        for label in ("以后再说", "重新写", "欠薪"):
            if any(label in each for each in await person.buttons()):
                await person.presses(label)
        await person.types("站长拖着十月的工资不给，一共四千三")
        await person.presses("谁能知道是我")
        await person.presses("办事的能看到我")
        await person.types("王小明")
        said.append("号码不对" not in " ".join(await person.types(number)))
        await person.types("取消")
        person = await town.person()
    return held(all(said), f"{sum(said)} of {len(said)} taken")


@attack("case-21", "TD, T, 退订, STOP, 取消订阅, 别再给我发通知了")
async def stop(town: Town) -> str:
    said = []
    for line in ("TD", "T", "退订", "STOP", "取消订阅", "别再给我发通知了"):
        person = await town.person()
        await person.types("/start")
        said.append("通知都不发了" in (await person.types(line))[0])
    return held(all(said), f"{sum(said)} of {len(said)} end all notices and show the way back")


@attack("case-04", "a handler asks for a picture: a policy question, then a picture, then a voice note of the worker")
async def picture_was_asked_for(town: Town) -> str:
    person = await town.person()
    number = await town.files(person, "沈阳市铁西区")
    await does(town.admin, number, "accept")
    await does(town.admin, number, "assign", agency=town.unit)
    await does(town.handler, number, "begin")
    await person.hears(within=3)
    page = await does(town.handler, number, "ask", text="请把工资条拍一张发过来，我们核对一下。")
    assert page.status == 200, page.words[:300]
    asked = " ".join(await person.hears())
    question = " ".join(await person.types(QUESTION))
    still = "等" in (await town.handler.gets(f"/console/appeals/{number}")).words
    await person.presses("都不是")
    told = " ".join(await person.sends_photo(photo()))
    page = await town.handler.gets(f"/console/appeals/{number}")
    facts = {"asked": "工资条" in asked, "a question is none of it": f"补到 {number}" not in question and still}
    facts |= {
        "the picture is": f"补到 {number}" in told,
        "and the handler sees it": "/files/" in page or "照片" in page.words,
    }
    return held(
        all(facts.values()), ", ".join(name if holds else f"NOT: {name} ({told[:80]})" for name, holds in facts.items())
    )


async def sends(town: Town, chat: int, *messages: dict[str, object]) -> list[str]:
    """What Telegram's people hear to these messages, sent in one burst."""
    before = len(town.heard(chat))
    for message in messages:
        await town.telegram(message, chat=chat)
    await until(lambda: len(town.heard(chat)) > before, 15)
    await until(lambda: False, 3)
    return town.heard(chat)[before:]


def picture(album: str = "", caption: str = "") -> dict[str, object]:
    file = {"file_id": secrets.token_hex(8), "file_unique_id": secrets.token_hex(4), "file_size": 9}
    body: dict[str, object] = {"photo": [file | {"width": 90, "height": 90}]}
    return body | ({"media_group_id": album} if album else {}) | ({"caption": caption} if caption else {})


def line(text: str, *, entity: bool = False) -> dict[str, object]:
    found = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}] if entity else []
    return {"text": text} | ({"entities": found} if found else {})


@attack("case-05", "an album of ten, with a caption on its second, while a report waits for a picture; then its place")
async def album(town: Town) -> str:
    chat = 7
    await sends(town, chat, line("/start", entity=True))
    await sends(town, chat, line("随手拍"))
    said = await sends(town, chat, *(picture("ab12", "井盖没了，差点掉下去" * (n == 1)) for n in range(10)))
    place = await sends(town, chat, line("沈阳铁西区重工街北二路口"))
    well = len(said) <= 2 and "核对于" not in " ".join(place)
    return held(well, f"{len(said)} answers to ten pictures; the place is asked on: {place[-1][:40]!r}")


@attack("case-19", "in a group: a command for another bot, an edited one, a slash, and one of ours")
async def group(town: Town) -> str:
    quiet = await sends_quietly(town)
    ours = await sends(town, GROUP, line("/help@nuanxin_bot", entity=True))
    return held(not quiet and len(ours) == 1 and "私聊" in ours[0], f"{len(quiet)} answers to others', one to ours")


async def sends_quietly(town: Town) -> list[str]:
    before = len(town.heard(GROUP))
    for text in ("/start@weather_bot", "/weather", "/roll 20"):
        await town.telegram(line(text, entity=True), chat=GROUP)
    await town.telegram(line("/ 大家好"), chat=GROUP)
    await town.telegram(line("/start", entity=True) | {"edit_date": 1760000001}, kind="edited_message", chat=GROUP)
    await until(lambda: False, 4)
    return town.heard(GROUP)[before:]


@attack("case-23", "a picture out of the blue whose caption asks, and one whose caption tells of somebody hurt")
async def captions(town: Town) -> str:
    await sends(town, 8, line("/start", entity=True))
    asks = await sends(town, 8, picture(caption=QUESTION))
    hurt = await sends(town, 8, picture(caption="有人被车撞了，在流血"))
    return held("核对于" in asks[0] and "120" in hurt[0], "answered, and 120 first")
