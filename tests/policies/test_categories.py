"""Entries are looked for by category: what most people need stands first, and every list fits a screen."""


def test_every_category_has_its_place(knowledge):
    order = knowledge.words.categories
    assert sorted(order) == sorted({each.category for each in knowledge.policies.values()})


async def test_all_categories_are_reached_a_list_at_a_time(phone, knowledge):
    await phone.types("有事问我")
    seen = await phone.buttons()
    assert (seen[0], len(seen)) == ("讨薪维权", 13)
    for _ in range(3):
        await phone.presses("下一页")
        seen += await phone.buttons()
    assert set(knowledge.words.categories) <= set(seen)
    assert "返回" in await phone.buttons()
    await phone.presses("国家政策总纲")
    await phone.presses("返回")
    assert (await phone.buttons())[0] == "讨薪维权"
