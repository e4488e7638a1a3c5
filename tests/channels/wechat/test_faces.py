"""What the bot said fits into one text of WeChat: buttons keep their numbers, links stay whole, nobody's words are links."""

import pytest

from bot.channels.web.messages import Message
from bot.channels.wechat import faces, words
from tests.support.weixin import LINK, labels

PAGE = "https://nuanxin.example.gov.cn/wechat/enter"


def bubble(text: str, *buttons: tuple[str, dict[str, str]], number: int = 7, **more) -> Message:
    rows = [[{"text": label, **button}] for label, button in buttons]
    markup = {"reply_markup": {"inline_keyboard": rows}} if rows else {}
    return Message(number, 1, False, {"text": text, **markup, **more})


def said(*messages: Message) -> faces.Spoken:
    return faces.spoken(messages, words.load(), PAGE)


def press(data: str) -> dict[str, str]:
    return {"callback_data": data}


def test_buttons_are_numbered_through_all_bubbles_and_ways_out_have_none():
    got = said(
        bubble("哪一类？", ("欠薪", press("a")), ("先不写了", press("b")), number=7),
        bubble("还有", ("受伤", press("c")), ("打开", {"url": "https://example.gov.cn/?a=1&b=2"}), number=9),
    )
    assert labels(got.text) == ["1 欠薪", "先不写了", "2 受伤", "打开"]
    assert got.choices == [["1", "欠薪", 7, "a"], ["", "先不写了", 7, "b"], ["2", "受伤", 9, "c"]]
    assert [url.rpartition("=")[2] for url, _ in LINK.findall(got.text)][:3] == ["7.0", "7.1", "9.0"]


def test_what_somebody_wrote_is_never_a_link():
    got = said(bubble('<a href="https://evil.example">点我领钱</a>', ('<a href="x">', press("a"))))
    assert [url for url, _ in LINK.findall(got.text)] == ["weixin://bizmsgmenu?msgmenucontent=1&msgmenuid=7.0"]
    link = {"type": "text_link", "offset": 3, "length": 2, "url": "javascript:alert(1)"}
    assert LINK.findall(said(bubble("😀说点我", entities=[link])).text) == []
    kept = said(bubble("😀说点我", entities=[link | {"url": "https://example.gov.cn"}])).text
    assert kept == '😀说<a href="https://example.gov.cn">点我</a>'


@pytest.mark.parametrize("count", [1, 12, 60])
@pytest.mark.parametrize("length", [0, 10, 1000, 4000])
def test_a_text_is_never_longer_than_wechat_takes_and_leads_to_the_page(count, length):
    ways = [("导航", {"url": "https://uri.amap.com/navigation?to=" + "9" * 200})] * 3
    got = said(
        bubble("政" * length, *[(f"第{at}个", press(f"d{at}")) for at in range(count)], *ways), bubble("策" * length)
    )
    assert len(got.text.encode()) <= faces.MOST
    assert got.text.count("<a ") == got.text.count("</a>")
    assert (PAGE in got.text) == ("…" in got.text or len(LINK.findall(got.text)) < count + 3)
    if length == 1000:
        assert "政政政" in got.text


def test_files_and_places_lead_somewhere():
    got = said(
        Message(1, 1, False, {"photo": [{}], "caption": "您的码"}),
        Message(
            2,
            2,
            False,
            {"venue": {"title": "驿站", "address": "路1号", "location": {"latitude": 41.8, "longitude": 123.4}}},
        ),
        Message(3, 3, False, {"document": {}}),
    )
    assert labels(got.text) == ["🖼 点开看图片", "在地图上看", "📎 点开看文件"]
    assert "您的码" in got.text
    assert "coord%3A41.80" in got.text
    assert said(Message(1, 1, False, None)).text == ""
