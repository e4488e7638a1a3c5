"""In danger the first thing said is what to do and whom to call: somebody who comes at once, never 12345."""

from dataclasses import replace

from knowledge.local import Sheets, Value
from knowledge.policies import Source
from knowledge.search import emergencies
from tests.hazards.test_reporting import HERE

COMES_AT_ONCE = {"110", "119", "120", "122", "12395", "95598"}


def test_only_who_comes_at_once_is_called_urgent(knowledge):
    urgent = [kind for kind in knowledge.hazards.kinds.values() if kind.urgent]
    assert {kind.code for kind in urgent} == {"gas", "electric", "fire", "collapse", "water"}
    assert all(kind.say and set(kind.urgent) <= COMES_AT_ONCE for kind in urgent)
    named = {number for kind in emergencies.load().kinds for number in kind.numbers}
    assert named - {"12356"} <= COMES_AT_ONCE
    assert named <= set(knowledge.hotlines)


def test_a_blocked_fire_lane_and_a_dead_traffic_light_go_to_who_is_in_charge_of_them(knowledge):
    desks = {
        "消防通道堵了": "fire",
        "小区占道摆摊": "urban",
        "红绿灯不亮": "traffic",
        "工地围挡倒了": "housing",
        "树枝要掉": "urban",
    }
    hazards = knowledge.hazards
    assert {text: hazards.kinds[hazards.surely(text)].desk for text in desks} == desks


async def test_the_gas_company_of_the_city_is_named_where_somebody_filled_it_in(phone, app):
    async def warned() -> str:
        await phone.types("/report")
        await phone.presses("跳过")
        await phone.sends_location(*HERE)
        await phone.types("楼下燃气漏气，味道很大")
        return (await phone.presses("燃气泄漏"))[0]

    assert "燃气抢修" not in await warned()
    await phone.presses("先不写了")
    await phone.presses("清掉")
    await phone.types("/settings")
    await phone.presses("换地方")
    await phone.types("沈阳")
    await phone.presses("跳过")
    sheets = app.knowledge.sheets
    here = {"gas_repair": Value("024-00000000", Source(title="沈阳燃气公司公告", read="2026-11-28"))}
    app.knowledge = replace(app.knowledge, sheets=Sheets(sheets.fields, {**sheets.values, "2101": here}))
    assert "024-00000000 燃气抢修" in await warned()
