"""Other systems report and read hazards by GeoReport v2: the contract, its clients, and what must never leave."""

import argparse
import asyncio
import re
from datetime import timedelta
from xml.etree import ElementTree

import aiohttp
import pytest
from georeport import GeoReport
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import Engine, event, func, select, update

from bot.commands import open311
from bot.open311 import documents as doc
from bot.open311 import server, shape
from bot.services.attachments import attachments
from bot.services.core import rate_limits
from bot.services.core.lifecycle import Actor, Role
from bot.services.hazards import hazards, photos
from bot.services.hazards import transitions as hazard_transitions
from bot.services.hazards.states import HazardMove, HazardState
from bot.services.open311 import api_keys
from bot.store.base import vault_of
from bot.store.models import ApiKey, Hazard, HazardPhoto, HazardStep, now
from knowledge import addresses
from tests.hazards.test_reporting import HERE, picture, reports

NULL = {"type": "null"}
TEXT = {"anyOf": [{"type": "string", "maxLength": 4000}, NULL]}
MOMENT = {"type": "string", "format": "date-time", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
# The published schemas of open311/schema-validation, as far as they say anything.
SCHEMAS = {
    "services": {
        "required": ["service_code", "service_name", "metadata", "type"],
        "properties": {
            "service_code": {"type": "string"},
            "service_name": {"type": "string"},
            "description": TEXT,
            "metadata": {"type": "boolean"},
            "type": {"enum": ["realtime", "batch", "blackbox"]},
            "keywords": TEXT,
            "group": TEXT,
        },
    },
    "definition": {
        "required": ["service_code", "attributes"],
        "properties": {
            "service_code": {"type": "string"},
            "attributes": {
                "type": "array",
                "items": {
                    "required": ["variable", "code", "datatype", "required"],
                    "properties": {
                        "variable": {"type": "boolean"},
                        "code": {"type": "string"},
                        "datatype": {
                            "enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]
                        },
                        "required": {"type": "boolean"},
                        "datatype_description": TEXT,
                        "order": {"type": "integer"},
                        "description": TEXT,
                        "values": {
                            "type": "array",
                            "items": {
                                "required": ["key", "name"],
                                "properties": {"key": {"type": "string"}, "name": {"type": "string"}},
                            },
                        },
                    },
                },
            },
        },
    },
    "requests": {
        "required": ["service_request_id", "status", "service_code", "requested_datetime"],
        "properties": {
            "service_request_id": {"type": "string"},
            "status": {"enum": ["open", "closed"]},
            **dict.fromkeys(
                "status_notes service_name description agency_responsible service_notice address address_id zipcode".split(),
                TEXT,
            ),
            "service_code": {"type": "string"},
            "requested_datetime": MOMENT,
            "updated_datetime": {"anyOf": [MOMENT, NULL]},
            "expected_datetime": {"anyOf": [MOMENT, NULL]},
            "lat": {"type": ["number", "null"]},
            "long": {"type": ["number", "null"]},
            "media_url": {"anyOf": [{"type": "string", "format": "uri"}, NULL]},
        },
    },
}


def fits(name: str, document: object) -> None:
    Draft202012Validator(SCHEMAS[name], format_checker=FormatChecker()).validate(document)


class Client:
    """An outside system with a key of its own."""

    def __init__(self, app, key: str, http: aiohttp.ClientSession) -> None:
        self.url = f"http://127.0.0.1:{app.port}/open311"
        self.key, self.http = key, http

    async def gets(self, path: str, **query: str):
        """Status and document."""
        async with self.http.get(f"{self.url}/{path}", params=query) as response:
            return response.status, await self._read(response)

    async def posts(self, path: str, once: str = "", **fields: str):
        body = {"api_key": self.key, **fields}
        headers = {"Idempotency-Key": once} if once else {}
        async with self.http.post(f"{self.url}/{path}", data=body, headers=headers) as response:
            return response.status, await self._read(response)

    async def reports(self, **fields: str) -> str:
        given = {"service_code": "gas", "lat": str(HERE[0]), "long": str(HERE[1]), "description": "楼下漏气", **fields}
        status, [answer] = await self.posts("v2/requests.json", **given)
        assert status == 200, answer
        return answer["service_request_id"]

    async def _read(self, response: aiohttp.ClientResponse):
        kind = response.headers["Content-Type"]
        if "json" in kind:
            assert kind == "application/json; charset=utf-8"
            return await response.json()
        assert kind == "text/xml; charset=utf-8"
        return ElementTree.fromstring(await response.read())  # noqa: S314  (our own)


@pytest.fixture
async def client(app):
    async with app.db.begin() as session:
        key = await api_keys.add(session, "市民云")
    async with aiohttp.ClientSession() as http:
        yield Client(app, key, http)


async def moved(app, number: str, *targets: HazardState, agency: int | None = None) -> None:
    """Take steps as staff."""
    async with app.db.begin() as session:
        for target in targets:
            await hazard_transitions.move(
                session, app.services, number, HazardMove(target, Actor(Role.REVIEWER, 3, agency), text="照片看不清")
            )


async def test_discovery_names_two_endpoints_and_two_formats(client, app):
    status, found = await client.gets("discovery.json")
    assert status == 200
    assert set(found) == {"changeset", "contact", "key_service", "endpoints"}
    assert [each["type"] for each in found["endpoints"]] == ["production", "test"]
    for each in found["endpoints"]:
        assert each["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert each["formats"] == ["text/xml", "application/json"]
        assert each["url"].startswith(app.settings.base_url)
        async with client.http.get(each["url"] + "/services.json") as response:
            assert response.status == 200
    _, xml = await client.gets("discovery.xml")
    assert xml.tag == "discovery"
    assert [each.findtext("type") for each in xml.findall("endpoints/endpoint")] == ["production", "test"]
    assert len(xml.findall("endpoints/endpoint/formats/format")) == 4


async def test_services_and_definitions_fit_the_published_schemas_in_both_formats(client, knowledge):
    _, services = await client.gets("v2/services.json")
    assert [each["service_code"] for each in services] == list(knowledge.hazards.kinds)
    for each in services:
        fits("services", each)
        status, found = await client.gets(f"v2/services/{each['service_code']}.json")
        assert status == (200 if each["metadata"] else 400)
        if each["metadata"]:
            fits("definition", found)
    _, xml = await client.gets("v2/services.xml")
    assert len(xml.findall("service")) == len(services)
    assert xml.find("service").findtext("metadata") == "true"
    _, xml = await client.gets("v2/services/road.xml")
    assert xml.tag == "service_definition"
    assert xml.findtext("attributes/attribute/values/value/key") == "missing"


async def test_a_report_is_answered_with_its_number_and_can_be_read_at_once(client, app):
    number = await client.reports(address_string="和平区八卦街", first_name="王", phone="13912345678", email="a@b.c")
    status, [found] = await client.gets(f"v2/requests/{number}.json")
    assert status == 200
    fits("requests", found)
    assert (found["status"], found["service_code"], found["agency_responsible"]) == ("open", "gas", "燃气经营单位")
    assert (found["lat"], found["long"]) == (41.795, 123.433)
    assert "119" in found["service_notice"]
    async with app.db.read() as session:
        hazard = await session.scalar(select(Hazard))
    assert (hazard.origin, hazard.alias, hazard.latitude) == ("open311", None, HERE[0])
    assert not re.search(r"13912345678|a@b\.c", repr(vars(hazard)))


async def test_xml_says_the_same_as_json(client):
    number = await client.reports(description="漏气 & <b>很大</b>\x07")
    _, [plain] = await client.gets(f"v2/requests/{number}.json")
    _, xml = await client.gets(f"v2/requests/{number}.xml")
    assert xml.tag == "service_requests"
    [request] = xml.findall("request")
    assert {each.tag for each in request} == set(plain)
    assert request.findtext("description") == "漏气 & <b>很大</b>"
    assert request.findtext("zipcode") == ""


@pytest.mark.parametrize(
    ("fields", "status", "says"),
    [
        ({"api_key": ""}, 403, "api_key was not provided"),
        ({"api_key": "nx_wrong"}, 403, "not valid"),
        ({"service_code": ""}, 400, "service_code was not provided"),
        ({"service_code": "nonsense"}, 404, "nonsense"),
        ({"lat": "", "long": ""}, 400, "address_string"),
        ({"long": ""}, 400, "go together"),
        ({"lat": "north"}, 400, "numbers"),
        ({"lat": "123.43", "long": "41.79"}, 400, "WGS-84"),
        ({"lat": "nan"}, 400, "WGS-84"),
        ({"service_code": "road"}, 400, "attribute[state] required"),
        ({"service_code": "road", "attribute[state]": "melted"}, 400, "missing, broken"),
        ({"description": "x" * 4001}, 400, "4000"),
        ({"description": "有人在路口打人"}, 400, "110"),
    ],
)
async def test_what_does_not_fit_is_refused_with_the_reason_in_both_formats(client, app, fields, status, says):
    given = {"service_code": "gas", "lat": "41.79", "long": "123.43", "description": "漏气", **fields}
    got, errors = await client.posts("v2/requests.json", **given)
    assert got == status
    assert errors[0]["code"] == status
    assert any(says in each["description"] for each in errors)
    got, xml = await client.posts("v2/requests.xml", **given)
    assert (got, xml.tag, xml.findtext("error/code")) == (status, "errors", str(status))
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Hazard)) == 0


async def test_several_faults_are_told_together(client):
    _, errors = await client.posts("v2/requests.json", service_code="road", lat="41.79", description="x" * 4001)
    assert len(errors) == 3


async def test_an_attribute_may_be_sent_as_a_list(client, app):
    fields = {"service_code": "road", "address_string": "沈阳市铁西区建设大路", "attribute[state][]": "missing"}
    status, _ = await client.posts("v2/requests.json", **fields)
    assert status == 200
    async with app.db.read() as session:
        hazard = await session.scalar(select(Hazard))
    assert (hazard.details, hazard.region) == ({"state": "missing"}, "210106")


async def test_what_a_person_looks_at_first_gives_a_token_and_the_number_later(client, app):
    fields = {"service_code": "hazard-other", "lat": "41.79", "long": "123.43", "description": "说不清的问题"}
    status, [answer] = await client.posts("v2/requests.json", **fields)
    assert status == 200
    assert "service_request_id" not in answer
    token = answer["token"]
    assert (await client.gets(f"v2/tokens/{token}.json")) == (200, [{"service_request_id": None, "token": token}])
    _, listed = await client.gets("v2/requests.json")
    assert listed == []
    async with app.db.read() as session:
        number = await session.scalar(select(Hazard.number))
    await moved(app, number, HazardState.VALIDATED)
    _, xml = await client.gets(f"v2/tokens/{token}.xml")
    assert xml.findtext("request/service_request_id") == number


async def test_the_same_post_again_reports_once_also_at_the_same_moment(client, app):
    fields = {"service_code": "gas", "lat": "41.79", "long": "123.43", "description": "漏气"}
    answers = await asyncio.gather(*(client.posts("v2/requests.json", once="k-1", **fields) for _ in range(5)))
    assert len({answer[0]["service_request_id"] for _, answer in answers}) == 1
    status, [error] = await client.posts("v2/requests.json", once="k-1", **{**fields, "description": "别的事"})
    assert status == 400
    assert "Idempotency-Key" in error["description"]
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(Hazard)) == 1


async def test_a_quota_ends_and_says_when_to_come_again(client, app):
    async with app.db.begin() as session:
        await session.execute(update(ApiKey).values(a_minute=2))
    for _ in range(2):
        await client.posts("v2/requests.json", service_code="gas")
    body = {"api_key": client.key, "service_code": "gas"}
    async with client.http.post(f"{client.url}/v2/requests.json", data=body) as response:
        # A minute may have ended in between; then the third call is the first of the next one.
        assert response.status in (400, 429)
        assert response.status == 400 or 0 < int(response.headers["Retry-After"]) <= 60


async def test_a_quota_of_the_day_holds_however_the_minutes_turn(client, app):
    async with app.db.begin() as session:
        await session.execute(update(ApiKey).values(a_day=1, day=int(now().timestamp()) // 86_400, in_day=1))
    async with app.db.begin() as session:
        with pytest.raises(api_keys.OverQuota):
            await api_keys.use(session, client.key)


async def test_whoever_reads_too_often_is_told_when_to_come_again_and_others_read_on(client, app):
    number, picture = await client.reports(), "0" * 32
    async with app.db.begin() as session:
        for what, most in server.READS.items():
            for _ in range(most):
                await rate_limits.spend(session, f"open311.{what}", "127.0.0.1", window=server.MINUTE)
    for path in ("v2/requests", f"v2/requests/{number}", "v2/tokens/x", "v2/servicerequestupdates", "test/v2/requests"):
        for kind in ("json", "xml"):
            async with client.http.get(f"{client.url}/{path}.{kind}") as refused:
                assert (refused.status, "429" in await refused.text()) == (429, True)
                assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert (await client.gets(f"media/{picture}.jpg"))[0] == 429
    assert (await client.gets("v2/requests.json", api_key=client.key))[0] == 200
    assert (await client.gets("v2/requests.json", api_key="guessed"))[0] == 429
    async with client.http.get(f"{client.url}/v2/requests.json", headers={"X-Forwarded-For": "203.0.113.7"}) as other:
        assert other.status == 200
    assert (await client.gets("v2/services.json"))[0] == 200
    await client.reports(description="楼下又漏气了")


async def test_only_the_hash_of_a_key_is_kept_and_a_removed_one_opens_nothing(client, app):
    async with app.db.begin() as session:
        key = await session.scalar(select(ApiKey))
        assert client.key.encode() not in key.hash
        assert client.key not in repr(vars(key))
        assert await api_keys.remove(session, "市民云")
    assert (await client.posts("v2/requests.json", service_code="gas"))[0] == 403


async def test_the_command_gives_a_key_lists_it_and_takes_it_away(client, app, settings, capsys):
    async def command(*given: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        open311.add(parser.add_subparsers())
        chosen = parser.parse_args(["open311", "key", *given])
        status = await asyncio.to_thread(chosen.run, chosen, settings)
        return status, capsys.readouterr().out.strip()

    status, key = await command("add", "网格平台", "--agency", "gas")
    assert (status, key[:3]) == (0, "nx_")
    assert (await command("add", "网格平台"))[0] == 1
    assert "网格平台" in (await command("list"))[1]
    theirs = Client(app, key, client.http)
    assert (await theirs.posts("v2/requests.json", service_code="gas"))[0] == 400
    assert (await command("remove", "网格平台"))[0] == 0
    assert (await theirs.posts("v2/requests.json", service_code="gas"))[0] == 403
    assert (await command("remove", "没有这个"))[0] == 1


async def test_the_test_endpoint_keeps_its_own(client, app):
    fields = {"service_code": "gas", "lat": "41.79", "long": "123.43", "description": "试试"}
    _, [answer] = await client.posts("test/v2/requests.json", **fields)
    number = answer["service_request_id"]
    assert (await client.gets(f"v2/requests/{number}.json"))[0] == 404
    assert (await client.gets("v2/requests.json"))[1] == []
    assert [each["service_request_id"] for each in (await client.gets("test/v2/requests.json"))[1]] == [number]
    async with app.db.read() as session:
        assert await session.scalar(select(func.count()).select_from(HazardStep)) == 1


async def test_filters_and_pages(client, app):
    numbers = [await client.reports(description=f"漏气{at}") for at in range(3)]
    electric = await client.reports(service_code="electric", description="电线掉了")

    async def asks(**query: str) -> list[str]:
        status, found = await client.gets("v2/requests.json", **query)
        assert status == 200, found
        return [each["service_request_id"] for each in found]

    assert await asks() == [electric, *reversed(numbers)]
    assert await asks(service_code="electric,road") == [electric]
    assert await asks(status="closed") == []
    assert len(await asks(status="open,closed")) == 4
    assert await asks(service_request_id=f"{numbers[0]},{numbers[2]}", status="closed") == [numbers[2], numbers[0]]
    assert await asks(page="2", page_size="3") == [numbers[0]]
    assert await asks(page="10000", page_size="1") == []
    status, refused = await client.gets("v2/requests.json", page="11", page_size="1000")
    assert (status, "end_date" in str(refused)) == (400, True)
    hour = timedelta(hours=1)
    assert await asks(start_date=(now() + hour).isoformat()) == []
    assert len(await asks(start_date=f"{now() - hour:%Y-%m-%dT%H:%M:%SZ}", end_date=(now() + hour).isoformat())) == 4
    async with app.db.begin() as session:
        await session.execute(
            update(Hazard).where(Hazard.number == electric).values(created_at=now() - timedelta(days=91))
        )
    assert electric not in await asks()


@pytest.mark.parametrize(
    "query",
    [
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"},
        {"start_date": "yesterday"},
        {"start_date": "2026-01-01T00:00:00"},
        {"status": "done"},
        {"page_size": "0"},
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(client, query):
    status, [error] = await client.gets("v2/requests.json", **query)
    assert (status, error["code"]) == (400, 400)


@pytest.mark.parametrize("path", ["v2/requests/H000.json", "v2/services/none.json", "v2/tokens/none.json", "v2/x.json"])
async def test_what_is_not_there_is_404_in_the_format_asked_for(client, path):
    status, [error] = await client.gets(path)
    assert (status, error["code"]) == (404, 404)
    assert (await client.gets(path.replace(".json", ".xml")))[1].findtext("error/code") == "404"


async def test_nothing_of_a_worker_and_nothing_unseen_leaves(client, phone, app):
    number = await reports(phone, photo=picture())
    assert (await client.gets(f"v2/requests/{number}.json"))[0] == 404
    await moved(app, number, HazardState.VALIDATED)
    _, [found] = await client.gets(f"v2/requests/{number}.json")
    assert found["media_url"] is None
    assert (found["lat"], found["long"]) == (round(HERE[0], 3), round(HERE[1], 3))
    async with app.db.read() as session:
        photo, hazard = await session.scalar(select(HazardPhoto)), await session.scalar(select(Hazard))
    assert (await client.gets(f"media/{photo.name}.jpg"))[0] == 404
    assert hazard.alias not in repr(found)
    await moved(app, number, HazardState.REJECTED)
    assert (await client.gets(f"v2/requests/{number}.json"))[0] == 404


async def test_a_picture_leaves_only_as_the_copy_somebody_has_looked_at(client, app):
    number = await client.reports()
    folder, vault = app.settings.var / "uploads", vault_of(app.db.engine.dialect)
    async with app.db.begin() as session:
        made = attachments.make(picture(), "photo")
        hazard = await hazard_transitions.get(session, number)
        photo = await photos.add(session, hazard, "report", made, attachments.keep(folder, vault, made))
        covered = photos.cover(folder, vault, photo.name, [(0, 0, 50, 50)])
        photo.shown, photo.shown_by = attachments.keep(folder, vault, covered), 3
    _, [found] = await client.gets(f"v2/requests/{number}.json")
    async with client.http.get(
        found["media_url"].replace(app.settings.base_url, client.url[: -len("/open311")])
    ) as got:
        assert (got.status, got.content_type) == (200, "image/jpeg")
        assert await got.read() != picture()


async def test_before_anybody_looked_only_the_key_that_posted_a_hazard_follows_it(client, app):
    kind = {"service_code": "hazard-other", "description": "说不清的问题，王小明看见的"}
    status, answer = await client.posts("v2/requests.json", lat=str(HERE[0]), long=str(HERE[1]), **kind)
    assert status == 200, answer
    async with app.db.begin() as session:
        hazard = await session.scalar(select(Hazard))
        other = await api_keys.add(session, "别的系统")
    number, news = hazard.number, {"status": "OPEN", "updated_datetime": f"{now():%Y-%m-%dT%H:%M:%SZ}"}
    for asks in ({}, {"api_key": other}, {"api_key": "guessed"}):
        assert (await client.gets(f"v2/requests/{number}.json", **asks))[0] == 404
        assert (await client.gets("v2/requests.json", service_request_id=number, **asks))[1] == []
    assert (await client.gets(f"v2/requests/{number}.json", api_key=client.key))[0] == 200
    stranger, update_of = Client(app, other, client.http), {"update_id": "1", "description": "我们看过", **news}
    answers = [
        await stranger.posts("v2/servicerequestupdates.json", service_request_id=each, **update_of)
        for each in (number, number[:-4] + "9999")
    ]
    assert [status for status, _ in answers] == [404, 404]
    assert (await client.posts("v2/servicerequestupdates.json", service_request_id=number, **update_of))[0] == 200


async def test_a_key_writes_to_no_hazard_that_it_only_reads(client, app):
    kind = {"service_code": "hazard-other", "description": "说不清的问题，王小明看见的"}
    assert (await client.posts("v2/requests.json", lat=str(HERE[0]), long=str(HERE[1]), **kind))[0] == 200
    async with app.db.begin() as session:
        hazard = await session.scalar(select(Hazard))
        other = await api_keys.add(session, "别的系统")
    await moved(app, hazard.number, HazardState.VALIDATED)
    stranger = Client(app, other, client.http)
    assert (await stranger.gets(f"v2/requests/{hazard.number}.json", api_key=other))[0] == 200
    news = {"update_id": "1", "description": "已经修好了", "updated_datetime": f"{now():%Y-%m-%dT%H:%M:%SZ}"}
    for status in ("OPEN", "CLOSED"):
        update_of = {"service_request_id": hazard.number, "status": status, **news}
        assert (await stranger.posts("v2/servicerequestupdates.json", **update_of))[0] == 404
    async with app.db.read() as session:
        again = await session.get(Hazard, hazard.id)
        assert again.state == HazardState.VALIDATED
        assert "已经修好了" not in str([each.note for each in await hazards.timeline(session, hazard.id)])


async def test_numbers_that_are_tried_are_counted_and_not_the_calls(client, app):
    numbers = ",".join(f"S{n:012}" for n in range(server.READS["read"]))
    assert (await client.gets("v2/requests.json", service_request_id=numbers))[0] == 200
    assert (await client.gets("v2/requests.json", service_request_id="S1"))[0] == 429


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("沈河区文化路19号3单元501室", "沈河区文化路"),
        ("沈河区文化路１９号", "沈河区文化路"),
        ("十纬路二十六号楼下", "十纬路"),
        ("长江街 12-3", "长江街"),
        ("地铁2号线青年大街站", "地铁2号线青年大街站"),
        ("文化路与十三纬路路口", "文化路与十三纬路路口"),
        ("", ""),
    ],
)
def test_an_address_leaves_with_its_street_and_without_its_house(place, shown):
    assert addresses.street(place) == shown


async def test_only_a_key_for_exact_places_reads_the_house(client, app):
    number = await client.reports(address_string="和平区八卦街7号2单元")
    async with app.db.begin() as session:
        exact = await api_keys.add(session, "区指挥中心", exact=True)
    for key, address in ((client.key, "和平区八卦街"), (exact, "和平区八卦街7号2单元")):
        assert (await client.gets(f"v2/requests/{number}.json", api_key=key))[1][0]["address"] == address


async def test_a_key_for_exact_places_is_told_them(client, app):
    number = await client.reports()
    async with app.db.begin() as session:
        exact = await api_keys.add(session, "区指挥中心", exact=True)
    for key, latitude in ((client.key, 41.795), (exact, HERE[0])):
        _, [found] = await client.gets(f"v2/requests/{number}.json", api_key=key)
        assert found["lat"] == latitude


async def test_pictures_come_with_a_report_and_are_made_anew(client, app):
    form = aiohttp.FormData()
    for name, value in {"api_key": client.key, "service_code": "gas", "address_string": "铁西区"}.items():
        form.add_field(name, value)
    form.add_field("media", picture(3), filename="a.jpg", content_type="image/jpeg")
    async with client.http.post(f"{client.url}/v2/requests.json", data=form) as response:
        assert response.status == 200, await response.text()
    async with app.db.read() as session:
        photo = await session.scalar(select(HazardPhoto))
    assert (photo.state, photo.mime, bool(photo.print)) == ("ready", "image/jpeg", True)
    form = aiohttp.FormData()
    for name, value in {"api_key": client.key, "service_code": "gas", "address_string": "铁西区"}.items():
        form.add_field(name, value)
    form.add_field("media", b"<svg/>", filename="a.svg")
    async with client.http.post(f"{client.url}/v2/requests.json", data=form) as response:
        assert response.status == 400


async def test_updates_are_read_and_an_agency_moves_its_own(client, phone, app):
    number = await reports(phone, "楼下燃气漏气，味道很大", "燃气泄漏")
    await phone.hears()
    async with app.db.begin() as session:
        key = await api_keys.add(session, "燃气公司", agency="gas")
    gas = Client(app, key, client.http)
    news = {"service_request_id": number, "updated_datetime": f"{now():%Y-%m-%dT%H:%M:%SZ}"}
    fixed = {**news, "update_id": "7", "status": "FIXED", "description": "换了阀门，测过不漏"}
    for sender in (gas, gas):
        status, [answer] = await sender.posts("v2/servicerequestupdates.json", **fixed)
        assert (status, answer) == (200, {"update_id": "7"})
    async with app.db.read() as session:
        assert await session.scalar(select(Hazard.state)) == "resolved"
    assert sum("换了阀门" in line for line in await phone.hears()) == 1
    _, updates = await client.gets("v2/servicerequestupdates.json")
    assert [each["status"] for each in updates] == ["open", "investigating", "action_scheduled", "in_progress", "fixed"]
    assert updates[-1]["description"] == "换了阀门，测过不漏"
    _, xml = await client.gets("v2/servicerequestupdates.xml", start_date=f"{now():%Y-%m-%dT%H:%M:%SZ}")
    assert xml.tag == "service_request_updates"
    status, errors = await gas.posts("v2/servicerequestupdates.json", **{**news, "status": "SOLVED"})
    assert status == 400
    assert {each["description"].split(" ")[0] for each in errors} == {"update_id", "description", "status"}


async def test_an_update_of_what_is_not_theirs_is_answered_like_one_of_nothing_after_the_same_statements(client, app):
    async with app.db.begin() as session:
        gas = Client(app, await api_keys.add(session, "燃气公司", agency="gas"), client.http)
        nobody = Client(app, await api_keys.add(session, "别家"), client.http)
    road = {"service_code": "road", "attribute[state]": "missing", "description": "路口井盖不见了"}
    number, asked = await client.reports(**road), []
    await app.settled()  # What a report sets going looks at it, too.

    def note(connection, cursor, statement, *rest):
        if "FROM hazards" in statement:
            asked.append(statement)

    for sender in (gas, nobody):
        answers = []
        for named in (number, "H260101999999"):
            event.listen(Engine, "before_cursor_execute", note)
            news = {"service_request_id": named, "status": "FIXED", "updated_datetime": now().isoformat()}
            status, [error] = await sender.posts(
                "v2/servicerequestupdates.json", update_id="1", description="修好了，已经复查", **news
            )
            event.remove(Engine, "before_cursor_execute", note)
            answers.append((status, error["description"].replace(named, "N"), asked.copy()))
            asked.clear()
        assert answers[0] == answers[1]
        assert answers[0][0] == 404


async def test_a_step_that_makes_no_sense_is_refused_with_the_legal_ones(client, app):
    number = await client.reports()
    async with app.db.begin() as session:
        gas = Client(app, await api_keys.add(session, "燃气公司", agency="gas"), client.http)
    news = {"service_request_id": number, "status": "FIXED", "updated_datetime": now().isoformat()}
    assert (await gas.posts("v2/servicerequestupdates.json", update_id="1", description="修好了，已经复查", **news))[
        0
    ] == 200
    await moved(app, number, HazardState.VERIFIED)
    status, [error] = await gas.posts(
        "v2/servicerequestupdates.json", update_id="2", description="又修好了一次", **news
    )
    assert status == 400
    assert "none" in error["description"]


async def test_a_broken_document_never_leaves(client, app, monkeypatch):
    number = await client.reports()
    monkeypatch.setattr(shape, "notice", lambda *_: 5)
    status, [error] = await client.gets(f"v2/requests/{number}.json")
    assert (status, error["code"]) == (500, 500)
    assert "5" not in error["description"].replace("500", "")


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_the_client_from_pypi_reads_everything(client, app, form):
    number = await client.reports()
    theirs = GeoReport(f"{client.url}/v2", output_format=form)
    services = await asyncio.to_thread(theirs.get_service_list)
    definition = await asyncio.to_thread(theirs.get_service_definition, "road")
    every = await asyncio.to_thread(theirs.get_service_requests)
    one = await asyncio.to_thread(theirs.get_service_request, number)
    assert services[0]["service_code"] == "road"
    assert definition["service_code"] == "road"
    assert number in repr(every)
    assert number in repr(one)


def test_the_statuses_of_the_extension_are_those_of_the_states():
    assert set(shape.STATUS) == set(HazardState)
    assert set(shape.STATUS.values()) <= set(doc.Update.model_fields["status"].annotation.__args__)
