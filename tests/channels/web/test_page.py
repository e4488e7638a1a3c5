"""The chat page in a real browser: what a courier does on a phone, at 360 and at 1280 pixels."""

import gzip
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urljoin

import aiohttp
import orjson
import pytest
from PIL import Image
from playwright.async_api import expect

from bot.channels.web import words
from tests.support.accessibility import violations
from tests.support.browser import needed
from tests.support.project import ROOT
from tests.support.web_driver import Person, Server
from tests.support.web_page import DESK, PHONE, Stage, begins, bubbles, says

PAGE = ROOT / "bot/channels/web"

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needed]


# ---------------------------------------------------------------- asking


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])
async def test_a_question_is_answered_and_a_press_on_the_answer_changes_it_in_place(stage, size):
    page = await stage.opens(size=size)
    await begins(page)
    await says(page, "送餐路上受伤了怎么办")
    answer = bubbles(page, "先按职业伤害处理")
    await expect(answer).to_be_visible()

    await expect(answer.locator("b").first).to_have_text("送餐路上受伤，先按职业伤害处理")
    await expect(answer.get_by_role("link", name="查看原文")).to_have_attribute("href", "https://www.mohrss.gov.cn/")
    await expect(answer.get_by_role("link", name="查看原文")).to_have_attribute("rel", "noopener noreferrer")
    await expect(answer.get_by_role("link", name="12345")).to_have_attribute("href", "tel:12345")
    await expect(bubbles(page, "送餐路上受伤了怎么办").locator(".state")).to_have_text("已送达")
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    await page.get_by_role("button", name="👍 有用").click()
    await expect(page.locator(".toast")).to_have_text("谢谢，记下了")
    await expect(bubbles(page, "这条回答已标记为有用。").locator(".foot-line")).to_contain_text("已修改")
    await expect(page.get_by_role("button", name="👍 有用")).to_have_count(0)
    await expect(answer).to_have_count(0)


async def test_what_comes_of_a_press_is_shown_wherever_the_button_stands(stage):
    page = await stage.opens()
    await begins(page)
    person = await stage.stranger()
    submit = {"inline_keyboard": [[{"text": "提交", "callback_data": "receipt"}]]}
    await stage.bot("sendMessage", chat_id=person, text="看一眼对不对", reply_markup=submit)
    await stage.bot("sendMessage", chat_id=person, text="\n".join(f"第 {number} 行" for number in range(40)))
    button = page.get_by_role("button", name="提交")
    await expect(bubbles(page, "第 39 行")).to_be_visible()
    await button.scroll_into_view_if_needed()
    await button.click()
    await expect(bubbles(page, "收到了，编号在这里。")).to_be_in_viewport()


async def test_an_alert_keeps_the_focus_until_it_is_read(stage):
    page = await stage.opens()
    await begins(page)
    await says(page, "送餐受伤")
    await page.get_by_role("button", name="👎 没解决").click()
    alert = page.get_by_role("alertdialog")
    await expect(alert).to_contain_text("已转人工，2 个工作日内答复您。")
    await expect(alert.get_by_role("button", name="知道了")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(alert.get_by_role("button", name="知道了")).to_be_focused()
    await page.keyboard.press("Enter")

    await expect(alert).to_have_count(0)


async def test_the_reply_keyboard_is_one_row_and_all_of_it_one_tap_away(stage):
    page = await stage.opens()
    await begins(page)
    await page.get_by_role("button", name="找驿站").click()
    await expect(bubbles(page, "您说的是：找驿站")).to_be_visible()
    toggle = page.get_by_role("button", name="显示或收起快捷按钮")
    await expect(toggle).to_have_attribute("aria-expanded", "false")
    await toggle.click()
    await expect(toggle).to_have_attribute("aria-expanded", "true")
    await page.locator("#keys").get_by_role("button", name="我要反映").click()
    await expect(bubbles(page, "您说的是：我要反映")).to_be_visible()
    await expect(page.locator("#keys")).to_be_hidden()
    await page.reload()

    await expect(page.get_by_role("button", name="找驿站")).to_be_visible()
    await expect(page.locator("#keys")).to_be_hidden()


async def test_the_menu_lists_the_commands_and_sends_them(stage):
    page = await stage.opens()
    await begins(page)
    await page.get_by_role("button", name="全部功能").click()
    await page.get_by_role("button", name="能做什么 /help").click()

    await expect(bubbles(page, "您说的是：/help")).to_be_visible()


async def test_what_is_said_is_never_markup(stage):
    page = await stage.opens()
    await says(page, "<img src=x onerror=alert(1)><b>粗</b>")

    await expect(bubbles(page, "您说的是：<img src=x onerror=alert(1)><b>粗</b>")).to_be_visible()
    assert await page.locator(".bubble img").count() == 0


async def test_typing_shows_and_a_deleted_message_disappears(stage):
    page = await stage.opens()
    await says(page, "输入中")
    await expect(page.locator("#typing")).to_be_visible()
    await says(page, "删")
    await expect(bubbles(page, "删").locator(".state")).to_have_text("已送达")
    await stage.server.settled()

    await expect(bubbles(page, "马上消失")).to_have_count(0)
    await expect(page.locator("#typing")).to_be_hidden()


async def test_too_long_is_said_before_it_is_sent(stage):
    page = await stage.opens()
    await page.locator("#input").fill("字" * 4097)

    await expect(page.locator("#count")).to_have_text("一条消息最多 4096 个字，现在有 4097 个字，请分成几条发送。")
    await expect(page.get_by_role("button", name="发送")).to_be_disabled()


# ---------------------------------------------------------------- places, photos, numbers


async def test_the_browsers_own_position_is_sent(stage):
    page = await stage.opens(permissions=["geolocation"], geolocation={"latitude": 41.8, "longitude": 123.4})
    await begins(page)
    await page.get_by_role("button", name="发我的位置").click()
    await page.get_by_role("dialog").get_by_role("button", name="发我的位置").click()

    await expect(bubbles(page, "收到位置 41.80, 123.40")).to_be_visible()


async def test_a_refused_position_leads_to_the_map(stage):
    page = await stage.opens()
    await begins(page)
    await page.get_by_role("button", name="发我的位置").click()
    await page.get_by_role("dialog").get_by_role("button", name="发我的位置").click()

    await expect(page.get_by_role("dialog")).to_contain_text("没有拿到定位。可以在地图上选，或直接输入地点。")
    await page.get_by_role("button", name="直接输入地点").click()
    await expect(page.locator("#input")).to_be_focused()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])
async def test_a_photo_is_looked_at_sent_and_shown(stage, size):
    picture = io.BytesIO()
    Image.new("RGB", (1200, 800), "teal").save(picture, "JPEG")
    page = await stage.opens(size=size)
    await begins(page)
    await page.get_by_role("button", name="添加图片或位置").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="发图片").click()
    await (await chooser.value).set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()})
    await page.get_by_role("dialog").get_by_role("button", name="发送").click()
    await expect(bubbles(page, "照片收到了")).to_be_visible()

    images = page.locator(".picture img")
    await expect(images).to_have_count(2)
    for number in range(2):
        await expect(images.nth(number)).to_have_js_property("naturalWidth", 1200)
    await page.locator(".picture").last.click()
    await expect(page.get_by_role("dialog", name="图片")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog", name="图片")).to_have_count(0)


async def test_a_picture_over_20_mb_is_refused_in_words(stage):
    page = await stage.opens()
    await page.evaluate(
        """() => {
            const box = new DataTransfer();
            box.items.add(new File([new Uint8Array(20 * 1024 * 1024 + 1)], "a.jpg", {type: "image/jpeg"}));
            document.getElementById("file").files = box.files;
            document.getElementById("file").dispatchEvent(new Event("change"));
        }"""
    )

    await expect(page.get_by_role("alertdialog")).to_contain_text("这张图片超过 20 MB")


async def test_a_telephone_number_is_typed_by_its_owner(stage):
    page = await stage.opens()
    await begins(page)
    await page.get_by_role("button", name="留电话").click()
    await page.get_by_label("手机号").fill("138 0000 1111")
    await page.get_by_role("dialog").get_by_role("button", name="发送").click()

    await expect(bubbles(page, "记下了 13800001111")).to_be_visible()


# ---------------------------------------------------------------- coming back


async def test_a_reload_and_a_restart_find_the_conversation_again(stage):
    page = await stage.opens()
    await begins(page)
    await says(page, "还记得我吗")
    await expect(bubbles(page, "您说的是：还记得我吗")).to_be_visible()
    await page.reload()
    await expect(bubbles(page, "您说的是：还记得我吗")).to_be_visible()
    await stage.restart()
    stage.trouble.clear()  # The browser reports the connection that the restart has cut.
    await says(page, "换了一台服务器")

    await expect(bubbles(page, "您说的是：换了一台服务器")).to_be_visible()
    await expect(bubbles(page, "您说的是：还记得我吗")).to_have_count(1)
    stage.trouble.clear()


async def test_what_came_while_nobody_looked_is_marked_on_the_next_visit(stage):
    page = await stage.opens()
    await begins(page)
    await says(page, "我先走了")
    await expect(bubbles(page, "您说的是：我先走了")).to_be_visible()
    assert await page.locator("[data-new]").count() == 0
    person = await stage.stranger()
    await page.goto("about:blank")
    for number in (1, 2):
        await stage.bot("sendMessage", chat_id=person, text=f"通知 {number}")
    await page.goto(f"{stage.server.url}/chat")
    await expect(page.locator("[data-new]")).to_have_count(1)
    await expect(page.locator("[data-new]")).to_contain_text("通知 1")
    await page.reload()
    await expect(bubbles(page, "通知 2")).to_be_visible()
    assert await page.locator("[data-new]").count() == 0


async def test_what_could_not_be_sent_is_kept_and_sent_once(stage):
    page = await stage.opens()
    await begins(page)
    await says(page, "电梯里信号不好。" * 60)
    await expect(bubbles(page, "您说的是：电梯里信号不好")).to_be_visible()
    await page.context.set_offline(True)
    await says(page, "在电梯里说的")
    await expect(page.get_by_role("button", name="没有发出去，点这里重试")).to_be_in_viewport(ratio=1)
    await page.context.set_offline(False)
    await expect(bubbles(page, "您说的是：在电梯里说的")).to_be_visible()
    await page.reload()

    await expect(bubbles(page, "您说的是：在电梯里说的")).to_have_count(1)
    await expect(page.locator(".mine .bubble", has_text="在电梯里说的")).to_have_count(1)
    stage.trouble.clear()  # The browser reports every request it could not make.


def full(**more: str):
    """Answers as a server does that has no room just now."""
    body = {"error": "现在打开的页面太多，新消息会晚几秒到，不用刷新。", "why": "busy"}

    async def answer(route) -> None:
        await route.fulfill(status=503, headers={"Retry-After": "1", **more}, json=body)

    return answer


async def test_a_busy_server_is_called_busy_and_asked_again_when_it_says(stage):
    page = await stage.opens()
    await begins(page)
    await page.route("**/chat/events*", full())
    await says(page, "有人吗")
    await page.reload()
    await expect(page.locator("#banner")).to_have_text("现在打开的页面太多，新消息会晚几秒到，不用刷新。")
    await page.unroute("**/chat/events*")
    await expect(page.locator("#banner")).to_be_hidden()
    await expect(bubbles(page, "您说的是：有人吗")).to_be_visible()
    stage.trouble.clear()  # The browser reports the status.


async def test_what_a_busy_server_had_no_room_for_is_sent_again_in_order_under_the_same_key(stage):
    page = await stage.opens()
    await begins(page)
    keys: list[str] = []

    async def first_is_refused(route) -> None:
        keys.append(route.request.post_data_json["key"])
        await (full()(route) if len(keys) == 1 else route.continue_())

    await page.route("**/chat/messages*", first_is_refused)
    await says(page, "先说的")
    await says(page, "后说的")
    await expect(bubbles(page, "您说的是：后说的")).to_be_visible()
    mine = await page.locator(".mine .bubble").all_inner_texts()
    assert [each.split()[0] for each in mine[-2:]] == ["先说的", "后说的"]
    assert keys[0] == keys[1] != keys[2]
    assert len(keys) == 3
    stage.trouble.clear()  # The browser reports the status.


async def test_what_was_not_accepted_survives_the_page(stage):
    page = await stage.opens()
    await begins(page)
    await page.route("**/chat/messages*", lambda route: route.abort())
    await says(page, "还没发出去")
    await expect(page.get_by_role("button", name="没有发出去，点这里重试")).to_be_visible()
    await page.unroute("**/chat/messages*")
    await page.reload()

    await expect(bubbles(page, "您说的是：还没发出去")).to_be_visible()
    stage.trouble.clear()  # The browser reports the request that was cut.


async def test_a_refused_message_says_why_and_can_be_dropped(stage):
    page = await stage.opens()
    await page.route(
        "**/chat/messages*",
        lambda route: route.fulfill(status=429, json={"error": "您发得太快了，请等 3 秒再发。", "why": "too_fast"}),
    )
    await says(page, "太快")
    await expect(page.locator(".toast")).to_have_text("您发得太快了，请等 3 秒再发。")
    await page.get_by_role("button", name="不发了").click()

    await expect(bubbles(page, "太快")).to_have_count(0)
    stage.trouble.clear()  # The browser reports the status.


async def test_older_messages_come_on_request(stage):
    page = await stage.opens()
    await begins(page)
    person = (await stage.bot("getWebhookInfo"))["url"] and await stage.stranger()
    for number in range(45):
        await stage.bot("sendMessage", chat_id=person, text=f"第 {number} 条")
    await page.reload()
    await expect(bubbles(page, "第 44 条")).to_be_visible()
    await expect(bubbles(page, "/start")).to_have_count(0)
    await page.get_by_role("button", name="查看更早的消息").click()

    await expect(bubbles(page, "/start")).to_have_count(1)
    await expect(page.get_by_role("button", name="查看更早的消息")).to_be_hidden()
    shown = [await each.inner_text() for each in await page.locator(".row .said").all()]
    assert shown[2:] == [f"第 {number} 条" for number in range(45)]


async def test_stopping_and_coming_back(stage):
    page = await stage.opens()
    await begins(page)
    await page.get_by_role("button", name="更多设置").click()
    await page.get_by_role("button", name="停用服务消息").click()
    await expect(page.get_by_text("您已停用服务消息。")).to_be_visible()
    await page.get_by_role("button", name="重新启用").click()
    await expect(page.get_by_text("您已停用服务消息。")).to_be_hidden()


async def test_whoever_writes_after_stopping_is_back(stage):
    page = await stage.opens()
    await begins(page)
    await page.get_by_role("button", name="更多设置").click()
    await page.get_by_role("button", name="停用服务消息").click()
    await expect(page.get_by_text("您已停用服务消息。")).to_be_visible()
    await says(page, "我回来了")

    await expect(bubbles(page, "您说的是：我回来了")).to_be_visible()
    await expect(page.get_by_text("您已停用服务消息。")).to_be_hidden()


async def test_deleting_everything_asks_first_and_begins_anew(stage):
    page = await stage.opens()
    await begins(page)
    await page.get_by_role("button", name="更多设置").click()
    await page.get_by_role("button", name="删除我的聊天记录").click()
    await expect(page.get_by_role("alertdialog").get_by_role("button", name="取消")).to_be_focused()
    await page.get_by_role("button", name="确定删除").click()

    await expect(page.get_by_role("button", name="开始使用")).to_be_visible()
    await expect(page.locator(".toast")).to_have_text("聊天记录已删除。")
    await expect(page.locator(".bubble")).to_have_count(0)


# ---------------------------------------------------------------- looks


async def test_dark_follows_the_phone_until_somebody_chooses(stage):
    page = await stage.opens(color_scheme="dark")
    await expect(page.locator(".phone")).to_have_css("background-color", "rgb(21, 18, 16)")
    await page.get_by_role("button", name="更多设置").click()
    await page.get_by_role("radio", name="浅色").click()
    await expect(page.locator(".phone")).to_have_css("background-color", "rgb(245, 241, 234)")
    await page.reload()

    await expect(page.locator(".phone")).to_have_css("background-color", "rgb(245, 241, 234)")


async def test_every_button_is_large_enough_for_a_thumb(stage):
    page = await stage.opens()
    await begins(page)
    await says(page, "送餐受伤")
    await expect(page.get_by_role("button", name="👍 有用")).to_be_visible()
    small = await page.evaluate(
        """() => [...document.querySelectorAll("button, a.choice, .ways a")].filter(each => {
            const box = each.getBoundingClientRect();
            return box.width > 0 && (box.height < 44 || box.width < 44);
        }).map(each => each.outerHTML)"""
    )

    assert small == []


async def test_axe_finds_nothing_on_the_page(stage):
    page = await stage.opens()
    await begins(page)
    await says(page, "送餐受伤")
    await expect(page.get_by_role("button", name="👍 有用")).to_be_visible()

    assert await violations(page) == []


async def test_everything_can_be_reached_with_the_keyboard(stage):
    page = await stage.opens(size=DESK)
    await begins(page)
    await page.locator(".skip").focus()
    names = ["跳到输入框"]
    for _ in range(12):
        await page.keyboard.press("Tab")
        names.append(
            await page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
            )
        )
    await page.get_by_role("button", name="添加图片或位置").press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")

    await expect(page.get_by_role("button", name="添加图片或位置")).to_be_focused()
    for name in ("跳到输入框", "全部功能", "更多设置", "📍 发我的位置", "添加图片或位置", "请直接提问"):
        assert name in names


async def test_the_demo_shows_several_workers_who_do_not_mix(stage):
    page = await stage.opens("/demo?phones=2", size=DESK)
    first, second = (page.frame_locator(f"iframe >> nth={number}") for number in range(2))
    await first.get_by_role("button", name="开始使用").click()
    await expect(first.get_by_role("button", name="有事问我")).to_be_visible()
    await first.locator("#input").fill("我是王师傅")
    await first.locator("#input").press("Enter")
    await expect(first.locator(".bubble", has_text="您说的是：我是王师傅")).to_be_visible()

    await expect(second.get_by_role("button", name="开始使用")).to_be_visible()
    await expect(second.locator(".bubble")).to_have_count(0)
    assert sum("/chat/events" in url for url in stage.asked) < 12
    await expect(page.locator("iframe")).to_have_count(2)


async def test_the_page_carries_its_security_headers(stage):
    async with aiohttp.ClientSession() as http, http.get(f"{stage.server.url}/chat") as response:
        headers = response.headers
        cookie = response.cookies["nuanxin_chat"]
        html = await response.text()

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert "geolocation=(self)" in headers["Permissions-Policy"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", str(365 * 24 * 3600))
    assert re.findall(r"<script(?![^>]*src=)|\son\w+=|style=", html) == []


async def test_the_page_weighs_at_most_120_kb_before_the_map(stage):
    async with aiohttp.ClientSession(auto_decompress=False, headers={"Accept-Encoding": "gzip"}) as http:

        async def packed(path: str) -> bytes:
            async with http.get(stage.server.url + path) as response:
                assert response.headers["Content-Encoding"] == "gzip"
                return await response.read()

        html = await packed("/chat")
        parts = re.findall(r'(?:src|href)="(/chat/static/[^"]+)"', gzip.decompress(html).decode())
        weights = {path: len(await packed(path)) for path in parts if not path.endswith((".png", ".webmanifest"))}

    assert len(weights) > 15
    assert not any("leaflet" in path for path in weights)
    assert 20_000 < len(html) + sum(weights.values()) < 120_000


async def test_the_page_can_be_put_on_the_home_screen(stage):
    page = await stage.opens()
    address = await page.locator("link[rel=manifest]").evaluate("each => each.href")
    async with aiohttp.ClientSession() as http:
        async with http.get(address) as response:
            assert response.content_type == "application/manifest+json"
            manifest = orjson.loads(await response.read())
        assert (manifest["start_url"], manifest["display"]) == ("/chat", "standalone")
        for icon in manifest["icons"]:
            async with http.get(urljoin(address, icon["src"])) as response:
                assert response.content_type == icon["type"]
                data = await response.read()
            if icon["type"] == "image/png":
                width, height = Image.open(io.BytesIO(data)).size
                assert icon["sizes"] == f"{width}x{height}"


async def test_in_production_nobody_can_be_played_or_framed(stage, tmp_path):
    async with _production(stage) as server, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{server.url}/chat?as=101", headers={"X-Forwarded-Proto": "https"}) as response:
            policy, cookie = response.headers["Content-Security-Policy"], response.cookies["nuanxin_chat"]
        http.cookie_jar.clear()
        status, _ = await Person(server, http, 101).get("/chat/events")

    assert "frame-ancestors 'none'" in policy
    assert cookie["secure"] is True
    assert status == 401


async def test_every_sentence_is_used_and_every_one_used_exists():
    known = set(words.load())
    scripts = "".join(each.read_text(encoding="utf-8") for each in sorted((PAGE / "page").glob("*.js")))
    templates = "".join(each.read_text(encoding="utf-8") for each in sorted((PAGE / "page").glob("*.html")))
    python = "".join(each.read_text(encoding="utf-8") for each in sorted(PAGE.glob("*.py")))
    said = set(re.findall(r'say\("(\w+)"', scripts)) | set(re.findall(r"words\.(\w+)", templates))
    answered = set(re.findall(r'Unwelcome\("(\w+)"', python)) | set(re.findall(r'words\["(\w+)"\]', python))
    quoted = set(re.findall(r'"(\w+)"', scripts)) | said

    assert {f"page_{key}" for key in said} | answered <= known
    assert {key for key in known if key.startswith("page_")} <= {f"page_{key}" for key in quoted}
    assert {key for key in known if not key.startswith("page_")} == answered


@asynccontextmanager
async def _production(stage: Stage) -> AsyncIterator[Server]:
    server = await Server(stage.url, stage.folder, key=stage.key, demo=False).start()
    yield server
    await server.stop()
