"""The page of a report for whoever made it: by its link alone, nothing personal, answered once."""

import logging
from pathlib import Path

import httpx
import pytest

from engine.security.report_links import ReportLinks
from tests.support.door_of_house import key_in
from tests.support.house import House, house
from topics.ids import identity

HOSTILE = "<script>alert(1)</script>"


async def finished(here: House, name: str) -> str:
    """A report that was worked and checked; answers its link."""
    await here.report(name, can_reach_reporter=True, text="seen at 5 pm")
    holder = f"{here.city[name].party}:{here.city[name].person}"
    for kind, fields in (("accept", {}), ("start", {}), ("finish", {"text": HOSTILE, "proof": ("photo:1",)})):
        assert await here.ask(kind, name, holder, **fields) == "done_as_asked"
    assert await here.ask("check", name, "checker:checker-1", passed=True) == "done_as_asked"
    return link(here, name)


def link(here: House, name: str) -> str:
    """The address of a report's page."""
    links = here.world.residents.links()
    assert links is not None
    return f"/r/{links.name(identity('app', name))}"


def test_names_of_reports_lead_to_themselves_alone() -> None:
    """The same each time, none like another, none that was changed; the former key opens, and names nothing."""
    old, new = ReportLinks(b"o" * 32), ReportLinks(b"n" * 32, [b"o" * 32])
    names = {one: old.name(f"app:{one}") for one in ("A", "B", "Z" * 1200)}
    assert len(set(names.values())) == 3 and old.name("app:A") == names["A"]
    assert all(new.identity(text) == f"app:{one}" for one, text in names.items())
    assert new.name("app:A") != names["A"] and old.identity(new.name("app:A")) is None
    spoilt = [names["A"][:at] + ("B" if names["A"][at] != "B" else "C") + names["A"][at + 1 :] for at in range(28)]
    assert [new.identity(one) for one in [*spoilt, "", names["A"] + "=", names["A"] + "\n", "é", "A" * 4000]] == [
        None
    ] * (len(spoilt) + 5)


async def test_a_link_shows_one_report_and_is_answered_once(
    redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """State, promise and the question; the survey's answer is the law's; pressed again it is told so."""
    caplog.set_level(logging.DEBUG)
    async with house(redis_url, key_in(tmp_path)) as (here, client):
        path, other = await finished(here, "A"), await finished(here, "B")
        told = await client.get(path)
        assert told.status_code == 200 and "已办结，请您评价" in told.text and "seen at" not in told.text
        assert "尚未确定" not in told.text  # what was promised stays so once it is done
        assert here.city["A"].person not in told.text and here.city["A"].id not in told.text
        assert "<script" not in told.text and "script-src" not in told.headers["content-security-policy"]
        assert told.headers["content-security-policy"].startswith("default-src 'none'")
        assert told.headers["x-robots-tag"].startswith("noindex") and told.headers["cache-control"] == "no-store"
        assert told.headers["referrer-policy"] == "no-referrer"
        form = {"satisfied": "no", "text": f"still there, call 13800001234 {HOSTILE}"}
        done = await client.post(path, data=form)
        assert (done.status_code, here.city["A"].status) == (200, "surveyed"), done.text
        asked = here.city["A"].asked
        assert asked is not None and asked.role == "reporter" and "13800001234" not in asked.reason
        again = await client.post(path, data={"satisfied": "yes"})
        assert (again.status_code, here.city["A"].status) == (409, "surveyed")
        assert (await client.post(other, data={})).status_code == 422
        seat = await here.login(client, "chief-1", "person", "chief")  # a session beside it is nothing to it
        done = await client.post(f"{other}?lang=en", data={"satisfied": "yes"}, headers=seat)
        assert (done.status_code, here.city["B"].status, here.city["B"].close_reason) == (200, "closed", "satisfied")
        assert "Thank you" in done.text
        ours = "".join(one.getMessage() for one in caplog.records if not one.name.startswith("httpx"))
        assert path[3:] not in ours and other[3:] not in ours


async def test_links_go_to_who_reports_and_to_nobody_else(redis_url: str, tmp_path: Path) -> None:
    """A source has its own reports' and a seat that of what it reports now; by naming another's id nobody comes to
    its link. Absent is 404, and guessing ends."""
    report = {"category": "bins", "text": "full", "location": {"grid": "east1"}}
    async with house(redis_url, key_in(tmp_path)) as (here, client):
        app, desk = here.key("source", "app"), here.person("desk:desk-1")

        async def sent(who: dict[str, str], **more: str) -> httpx.Response:
            return await client.post("/v1/incidents", json=report | more, headers=who)

        assert (await sent(app, id="A")).json()["link"] == link(here, "A")
        assert (await sent(desk)).json()["link"].startswith("/r/")
        assert "link" not in (await sent(desk, id="A")).json()
        await here.report("A")
        assert "已立案" in (await client.get(link(here, "A"), headers={"accept-language": "zh"})).text
        assert (await client.get(link(here, "never"))).status_code == 404
        guesses = [(await client.get(f"/r/{'A' * (40 + n)}")).status_code for n in range(60)]
        assert guesses[0] == 404 and guesses[-1] == 429
        assert (await client.get(link(here, "A"))).status_code == 200  # whoever has one comes in beside them
