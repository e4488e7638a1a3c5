"""Nothing is lost on the way: photos, words beside them, drafts, what is quoted."""

import io
import random
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.async_api import Page, Request, expect

from tests.support.browser import needed
from tests.support.web_page import begins, bubbles, says

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needed]


def photo(side: int, name: str = "a.jpg") -> dict[str, object]:
    """A JPEG that does not compress well, as a phone's camera makes them."""
    noise = Image.frombytes("RGB", (side, side), random.Random(side).randbytes(3 * side * side))
    file = io.BytesIO()
    noise.save(file, "JPEG", quality=90)
    return {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}


async def chooses(page: Page, *photos: dict[str, object], caption: str = "") -> None:
    await page.locator("#file").set_input_files(list(photos))
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("img")).to_have_count(len(photos))
    await dialog.get_by_label("说明").fill(caption)
    await dialog.get_by_role("button", name="发送").click()


async def test_several_photos_go_at_once_made_smaller_and_with_a_caption(stage):
    page = await stage.opens()
    await begins(page)
    sizes: list[int] = []
    albums: list[list[str]] = []

    def note(request: Request) -> None:
        if "/photos" in request.url:
            sizes.append(len(request.post_data_buffer or b""))
            albums.append(parse_qs(urlsplit(request.url).query).get("album", []))

    page.on("request", note)
    large = photo(2600)
    await chooses(page, large, photo(100, "b.jpg"), caption="路口的井盖，和旁边的牌子")

    await expect(bubbles(page, "照片和话都收到了：路口的井盖，和旁边的牌子")).to_be_visible()
    await expect(bubbles(page, "照片收到了")).to_be_visible()
    await expect(page.locator(".mine .bubble", has_text="路口的井盖")).to_have_count(1)
    assert max(sizes) < 0.7 * len(large["buffer"])  # type: ignore[arg-type]
    assert albums[0] == albums[1] != []
    await chooses(page, photo(90))
    await expect(page.locator(".mine .picture")).to_have_count(3)
    await expect(bubbles(page, "照片收到了")).to_have_count(2)
    assert albums[2:] == [[]]


async def test_words_overtake_a_photo_and_the_photo_can_be_taken_back(stage):
    page = await stage.opens()
    await begins(page)
    await page.route("**/chat/photos*", lambda route: None)  # A network that swallows it.
    await chooses(page, photo(100))
    await says(page, "先说一句")
    await expect(bubbles(page, "您说的是：先说一句")).to_be_visible()
    await page.locator(".trouble").get_by_role("button", name="取消").click()
    await expect(page.locator(".mine .picture")).to_have_count(0)
    await page.reload()

    await expect(bubbles(page, "您说的是：先说一句")).to_be_visible()
    await expect(page.locator(".mine .picture")).to_have_count(0)
    stage.trouble.clear()  # The browser reports the request that was cut.


async def test_a_photo_that_was_not_accepted_survives_the_page(stage):
    page = await stage.opens()
    await begins(page)
    await page.route("**/chat/photos*", lambda route: route.abort())
    await chooses(page, photo(100), caption="断网前拍的")
    await expect(page.get_by_role("button", name="没有发出去，点这里重试")).to_be_visible()
    await page.unroute("**/chat/photos*")
    await page.reload()

    await expect(bubbles(page, "照片和话都收到了：断网前拍的")).to_be_visible()
    await expect(page.locator(".mine .picture")).to_have_count(1)
    stage.trouble.clear()  # The browser reports the request that was cut.


async def test_a_draft_survives_a_reload_and_goes_when_it_is_sent(stage):
    page = await stage.opens()
    await begins(page)
    await page.locator("#input").fill("写到一半，电话来了")
    await page.reload()
    await expect(page.locator("#input")).to_have_value("写到一半，电话来了")
    await page.locator("#input").press("Enter")
    await expect(bubbles(page, "您说的是：写到一半，电话来了")).to_be_visible()
    await page.reload()

    await expect(page.locator("#input")).to_have_value("")


async def test_a_quoted_message_is_what_the_next_one_answers(stage):
    page = await stage.opens()
    await begins(page)
    await says(page, "第一句")
    await bubbles(page, "您说的是：第一句").locator(".said").click(button="right")
    await page.get_by_role("dialog").get_by_role("button", name="引用").click()
    await expect(page.locator("#quoting")).to_contain_text("回复：您说的是：第一句")
    await says(page, "回你这一句")

    await expect(bubbles(page, "您说的是：回你这一句，回的是：您说的是：第一句")).to_be_visible()
    await expect(page.locator("#quoting")).to_be_hidden()
    await expect(page.locator(".mine .quote")).to_have_text("您说的是：第一句")


async def test_a_long_press_offers_to_copy(stage):
    page = await stage.opens()
    await begins(page)
    await says(page, "长按我")
    said = bubbles(page, "您说的是：长按我").locator(".said")
    await said.dispatch_event("contextmenu")
    await page.get_by_role("dialog").get_by_role("button", name="复制文字").click()

    await expect(page.locator(".toast")).to_have_text("已复制")
