"""What strangers can make us do: write nothing that grows, hold up nobody's file, lock nobody out."""

import io
import time
import zipfile

import aiohttp
import openpyxl
import pytest
from sqlalchemy import func, select

from bot.doors import refusals
from bot.services.staff import chat_links
from bot.store.models import Audit
from knowledge import tables
from knowledge.stations.read import COLUMNS
from knowledge.tables import FileRefused
from tests.support.desk import Desk


async def test_two_hundred_refused_strangers_leave_one_row(app):
    async with app.db.read() as session:
        before = await session.scalar(select(func.count()).select_from(Audit))
    counted = refusals.TOTAL.labels("origin")._value.get()
    async with aiohttp.ClientSession() as http:
        for _ in range(200):
            url, headers = f"http://127.0.0.1:{app.port}/console/login", {"Origin": "https://evil.example"}
            async with http.post(url, data={"username": "a"}, headers=headers) as response:
                assert response.status == 403
        async with http.get(f"http://127.0.0.1:{app.port}/metrics") as response:
            assert "nuanxin_refused_total" in await response.text()
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Audit)) == before + 1
    assert refusals.TOTAL.labels("origin")._value.get() == counted + 200


def sheet(number):
    """A small workbook whose second row says that it is the row of this number."""
    book, plain, made = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["名称", "地址"])
    book.active.append(["驿站", "某街"])
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            data = source.read(part)
            if part.filename.endswith("sheet1.xml"):
                data = data.replace(b'<row r="2"', b'<row r="%d"' % number).replace(b'"A2"', b'"A%d"' % number)
                data = data.replace(b'"B2"', b'"B%d"' % number)
            target.writestr(part.filename, data)
    return made.getvalue()


@pytest.mark.parametrize("number", [1_200_000, 2**31])
def test_a_small_file_of_endless_rows_is_refused_soon(number):
    start = time.process_time()
    tables.read(sheet(190_000), "a.xlsx", COLUMNS)
    allowed = time.process_time() - start
    start = time.process_time()
    with pytest.raises(FileRefused) as refused:
        tables.read(sheet(number), "a.xlsx", COLUMNS)
    assert refused.value.key in ("too_many", "broken")
    assert time.process_time() - start < 3 * allowed + 0.5


async def test_strangers_who_guess_codes_lock_nobody_out(app, phones):
    async with Desk(app, None) as desk:
        page = await desk.gets("/console/chat")
        assert page
        guessers = [await phones() for _ in range(8)]
        for guesser in guessers:
            await guesser.types(*(f"/staff {number:06}" for number in range(5)))
        async with app.db.begin() as session:
            person = await session.get(chat_links.Staff, desk.id)
            code = await chat_links.new_code(session, person)
        owner = await phones()
        await owner.types(f"/staff {code}")
        async with app.db.read() as session:
            person = await session.get(chat_links.Staff, desk.id)
            assert person.chat_id is not None
        assert any("再试" in line or "等" in line for line in await guessers[-1].types(f"/staff {code}"))


async def test_who_knows_a_username_cannot_keep_its_owner_out(app):
    statuses = []
    for address in ["203.0.113.7"] * 7 + ["198.51.100.9"]:
        headers = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": address}
        url = f"http://127.0.0.1:{app.port}/console/login"
        async with (
            aiohttp.ClientSession() as http,
            http.post(url, data={"username": "li.na"}, headers=headers) as response,
        ):
            statuses.append(response.status)
    assert statuses == [200] * 5 + [429] * 2 + [200]
