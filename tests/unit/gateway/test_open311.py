"""Open311 GeoReport v2 as apps speak it: XML and JSON, forms, tokens, errors as lists; of a reporter nothing comes
back."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.support.house import House, house

CANARIES = {"first_name": "Canary", "last_name": "Bird", "email": "canary@example.org", "phone": "13900001111"}
SENT = {"service_code": "bins", "address_id": "east1", "description": "Bins & <full>", **CANARIES}
BASE = "/open311/v2"


def key_of(here: House, source: str = "app") -> str:
    """A source's key as clients of Open311 send it."""
    return here.key("source", source)["authorization"].partition(" ")[2]


def read(found: httpx.Response) -> ElementTree.Element:
    """An XML answer."""
    assert found.headers["content-type"].startswith("text/xml")
    return ElementTree.fromstring(found.content)


async def test_a_round_trip_in_xml_as_fixmystreet_makes_it(redis_url: str, tmp_path: Path) -> None:
    """Services, a report with its own id, the token, the request and its end; no word of the reporter on the way."""
    async with house(redis_url, tmp_path) as (here, client):
        here.world.wait_seconds = 0.05
        key, told = key_of(here), list[str]()
        services = read(await client.get(f"{BASE}/services.xml", params={"jurisdiction_id": "toytown"}))
        codes = [one.findtext("service_code") for one in services.iter("service")]
        assert "bins" in codes and services.findtext("service/metadata") == "false"
        defined = read(await client.get(f"{BASE}/services/bins.xml"))
        assert (defined.tag, defined.findtext("service_code"), list(defined.iter("attribute"))) == (
            "service_definition", "bins", [],
        )  # fmt: skip
        form = SENT | {"api_key": key, "attribute[external_id]": "F1", "attribute[title]": "Bins", "media_url": ""}
        made = await client.post(f"{BASE}/requests.xml", data=form)
        assert made.status_code == 201, made.text
        assert read(made).findtext("request/token") == "F1"
        (raw,) = here.raw()
        data = json.loads(raw.value)
        assert (data["channel"], data["category"], data["text"]) == ("open311", "bins", "Bins & <full>")
        assert data["reporter"] == {"name": "Canary Bird", "email": "canary@example.org", "phone": "13900001111"}
        before = await client.get(f"{BASE}/tokens/F1.xml", params={"api_key": key})
        assert read(before).findtext("request/service_request_id") == ""
        ticket = await here.report("F1", text="Bins & <full>", lat_e7=347_500_000, lon_e7=1_136_500_000)
        after = await client.get(f"{BASE}/tokens/F1.xml", params={"api_key": key})
        assert read(after).findtext("request/service_request_id") == ticket
        one = await client.get(f"{BASE}/requests/{ticket}.xml", params={"api_key": key})
        shown = {child.tag: child.text for child in next(read(one).iter("request"))}
        assert shown | {"updated_datetime": ""} == expected(here, ticket)
        await here.ask("cancel", "F1", "chief:chief-1", reason="wrong")
        ended = await client.get(f"{BASE}/requests/F1.json", params={"api_key": key})
        assert ended.json()[0]["status"] == "closed" and "cancelled" in ended.json()[0]["status_notes"]
        told += [made.text, after.text, one.text, ended.text]
        assert not any(canary in text for canary in CANARIES.values() for text in told)


def expected(here: House, ticket: str) -> dict[str, Any]:
    """What a request shows: its deadline is the ticket's own, its agency the lead department."""
    image = here.city["F1"]
    assert image.deadline_at is not None
    zone = ZoneInfo("Asia/Shanghai")
    return {
        "service_request_id": ticket,
        "status": "open",
        "status_notes": "offered",
        "service_name": "垃圾",
        "service_code": "bins",
        "description": "Bins & <full>",
        "agency_responsible": here.city.laws["toytown@1"].departments["urban"].label_zh,
        "service_notice": None,
        "requested_datetime": datetime.fromtimestamp(image.received_at // 1000, zone).isoformat(),
        "updated_datetime": "",
        "expected_datetime": datetime.fromtimestamp(image.deadline_at // 1000, zone).isoformat(),
        "address": None,
        "address_id": "east1",
        "zipcode": None,
        "lat": "34.75",
        "long": "113.65",
        "media_url": None,
    }


@pytest.mark.parametrize("form", ["xml", "json"])
async def test_errors_are_lists_with_the_specification_s_codes(redis_url: str, tmp_path: Path, form: str) -> None:
    """400, 403 and 404, in the format asked for; nothing is taken."""
    async with house(redis_url, tmp_path) as (here, client):
        key = {"api_key": key_of(here)}
        posts: list[tuple[int, dict[str, str]]] = [
            (403, SENT), (403, SENT | {"api_key": "gwk_a_b"}), (400, key), (400, SENT | key | {"service_code": "x"}),
            (400, {"service_code": "bins"} | key), (400, SENT | key | {"lat": "1"}),
            (400, SENT | key | {"lat": "x", "long": "1"}),
            (400, SENT | key | {"description": "x" * 4001}), (400, SENT | key | {"media_url": "javascript:1"}),
            (404, SENT | key | {"jurisdiction_id": "another"}),
        ]  # fmt: skip
        answers = [(wanted, await client.post(f"{BASE}/requests.{form}", data=sent)) for wanted, sent in posts]
        elsewhere = {"jurisdiction_id": "another"}  # as its clients send it to every address
        answers.append((404, await client.post(f"{BASE}/requests.{form}", data=SENT | key, params=elsewhere)))
        assert here.raw() == []
        ticket = await here.report("A")
        other = {"api_key": key_of(here, "other")}
        for wanted, path, query in (
            (403, f"requests/{ticket}", {}), (404, f"requests/{ticket}", other), (404, "requests/x", key),
            (404, "services/x", {}), (404, "services", {"jurisdiction_id": "x"}), (403, "tokens/A", {}),
            (403, "requests", {}), (404, "requests", key),
        ):  # fmt: skip
            answers.append((wanted, await client.get(f"{BASE}/{path}.{form}", params=query)))
        for wanted, found in answers:
            assert found.status_code == wanted, (wanted, found.request.url, found.text)
            rows = found.json() if form == "json" else [{x.tag: x.text for x in one} for one in read(found)]
            assert rows[0]["code"] == str(wanted) and rows[0]["description"], found.text
        assert here.raw() == [] and ticket not in answers[11][1].text
        multipart = await client.post(f"{BASE}/requests.{form}", data=SENT | key, files={"media": b"x"})
        assert multipart.status_code == 400


async def test_a_key_is_taken_from_a_name_and_password_too(redis_url: str, tmp_path: Path) -> None:
    """Clients that can say nothing else put it into the address; a department's or a person's key opens nothing."""
    async with house(redis_url, tmp_path) as (here, client):
        ticket = await here.report("A")
        path = f"{BASE}/requests/{ticket}.json"
        assert (await client.get(path, auth=("key", key_of(here)))).json()[0]["service_request_id"] == ticket
        assert (await client.get(path, headers=here.key("source", "app"))).status_code == 200
        assert (await client.get(path, auth=("key", "gwk_a_b"))).status_code == 403
        assert (await client.get(path, headers=here.person("desk:desk-1"))).status_code == 404
        many = await client.get(
            f"{BASE}/requests.json", params={"service_request_id": f"{ticket},A,x"}, auth=("", key_of(here))
        )
        assert [one["service_request_id"] for one in many.json()] == [ticket, ticket]


async def test_what_must_be_known_before_a_key(redis_url: str, tmp_path: Path) -> None:
    """Discovery in both formats; a format of another name is no address."""
    async with house(redis_url, tmp_path) as (_, client):
        told = (await client.get(f"{BASE}/discovery.json")).json()
        assert told["endpoints"][0]["url"] == "http://127.0.0.1/open311/v2"
        top = read(await client.get(f"{BASE}/discovery.xml"))
        assert [one.text for one in top.iter("format")] == ["text/xml", "application/json"]
        assert (await client.get(f"{BASE}/services.html")).status_code == 404
