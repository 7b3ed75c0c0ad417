"""The console's one stream: shared by the tabs of a browser, cut, handed on, begun anew; and what lives on it."""

import json
import os
import re
import signal
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.cut import Wire
from tests.browser.seats import PATIENCE_MS, Town
from tests.support.stacks import run, wait

MAIN = "tawan-g1-m1"
BY_LOCK = "delete window.SharedWorker"
"""A browser that has no shared worker: one tab leads."""
LOST = '[data-test="lost"]'


def rows(page: Page) -> dict[str, int]:
    """What a queue shows; one that stood twice would fail here."""
    found = page.eval_on_selector_all("[data-id]", "rows => rows.map(row => [row.dataset.id, +row.dataset.version])")
    assert len({name for name, _ in found}) == len(found)
    return {str(name): int(version) for name, version in found}


def equal(town: Town, page: Page) -> None:
    """Wait until a page shows just what the gateway has."""

    def is_so() -> bool:
        told = town.ask(page, "/v1/queues/open?limit=1000")["rows"]
        return rows(page) == {row["id"]: row["version"] for row in told}

    wait(is_so, 60, "the page shows what the gateway has")


@pytest.fixture
def wire(town: Town) -> Iterator[Wire]:
    """A wire to the gateway, by which the town is reached meanwhile."""
    straight, where = town.address, urlsplit(town.address)
    with Wire((str(where.hostname), int(where.port or 0))).running() as found:
        town.address = f"http://127.0.0.1:{found.port}"
        yield found
        town.close()  # a page whose wire goes would call that a fault
        town.address = straight


def reported(town: Town, text: str, category: str = "noise") -> str:
    """Report past the gateway."""
    done = run("report", "--category", category, "--grid", MAIN, "--text", text, data=town.data)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("without", ["", BY_LOCK], ids=["worker", "lock"])
def test_tabs_share_one_stream_and_hand_it_on(town: Town, wire: Wire, without: str) -> None:
    """A second tab asks for no second stream; when the first is closed the other goes on, with no row missing."""
    first = town.sit("chief:chief-1", (1366, 4000), script=without)
    before = reported(town, "before")
    first.goto(f"{town.address}/queues/all")
    first.wait_for_selector(f'[data-id="{before}"]')
    second = town.tab(first)
    asked = list[str]()
    second.on("request", lambda request: asked.append(request.url) if "/v1/stream" in request.url else None)
    second.goto(f"{town.address}/queues/all")
    second.wait_for_selector(f'[data-id="{before}"]')
    assert asked == []
    equal(town, second)
    first.close()
    after = reported(town, "after the first tab was closed")
    expect(second.locator(f'[data-id="{after}"]')).to_be_visible(timeout=PATIENCE_MS)
    equal(town, second)
    assert (len(asked) > 0) is bool(without)


def test_a_cut_of_a_minute_is_said_and_made_good(town: Town, wire: Wire) -> None:
    """Nothing comes and nothing is closed: within five seconds it is said; after a minute of the page's time, with the
    gateway killed meanwhile so that the cursor is too old, everything is there, once."""
    chief = town.sit("chief:chief-1", (1366, 4000), script=BY_LOCK)
    chief.clock.install()
    chief.goto(f"{town.address}/queues/all")
    chief.wait_for_selector(".row")
    chief.locator(".row input").first.check()
    chosen = chief.locator(".row-chosen").get_attribute("data-id")
    expect(chief.locator(LOST)).to_have_count(0)
    town.refusals = ("Failed to load resource",)
    wire.cut()
    chief.clock.run_for(5000)
    expect(chief.locator(LOST)).to_be_visible()
    meanwhile = [reported(town, f"meanwhile {n}") for n in range(2)]
    process = json.loads((town.data / "stack.json").read_text())["processes"]["gateway-1"]
    os.kill(int(process["pid"]), signal.SIGKILL)
    chief.clock.fast_forward(55_000)
    chief.clock.run_for(1000)
    said = chief.locator(LOST).inner_text()
    assert re.search(r"[1-9]分", said), said
    wait(wire.is_up, 60, "the gateway is up")
    wire.mend()
    for ticket in meanwhile:
        expect(chief.locator(f'[data-id="{ticket}"]')).to_be_visible(timeout=PATIENCE_MS)
    expect(chief.locator(LOST)).to_have_count(0, timeout=PATIENCE_MS)
    assert b"event: reset" in wire.came()  # what it had stood before all that this gateway knows
    equal(town, chief)
    assert chief.locator(".row-chosen").get_attribute("data-id") == chosen


def test_a_row_says_why_it_is_there_and_a_view_rings_when_asked_to(town: Town) -> None:
    """The marks are explained once; nothing rings until somebody says so; then what comes new into that view does."""
    chief = town.sit("chief:chief-1")
    chief.goto(f"{town.address}/queues/all?category=noise")
    expect(chief.locator('[data-test="first-visit"]')).to_be_visible()
    chief.get_by_role("button", name="知道了").click()
    chief.reload()
    first = reported(town, "nobody rings")
    expect(chief.locator(f'[data-id="{first}"] .moved')).to_contain_text("新诉求立案")
    expect(chief.locator(f'[data-id="{first}"] .limit')).to_contain_text(re.compile("剩"))
    expect(chief.locator('[data-test="first-visit"]')).to_have_count(0)
    expect(chief.locator('[data-test="rung"]')).to_have_attribute("data-n", "0")
    chief.locator(".bell summary").click()
    chief.locator('.bell [name="sound"]').check()
    chief.keyboard.press("Escape")
    reported(town, "of another view", category="bins_full")
    second = reported(town, "this one rings")
    expect(chief.locator('[data-test="rung"]')).to_have_attribute("data-last", second, timeout=PATIENCE_MS)
    expect(chief.locator('[data-test="rung"]')).to_have_attribute("data-n", "1")


def test_a_view_for_all_and_who_else_looks(town: Town) -> None:
    """What one shares another opens, with who made it; whoever opens a ticket sees who else has, until they leave."""
    chief, desk = town.sit("chief:chief-1"), town.sit("desk:desk-1")
    chief.goto(f"{town.address}/queues/late?tier=street")
    chief.locator(".saved summary").click()
    chief.fill('.saved [name="name"]', "街道超时")
    chief.get_by_role("button", name="共享给所有人").click()
    desk.goto(f"{town.address}/queues/all")
    desk.locator(".saved summary").click()
    view = desk.locator('[data-test="shared-view"]')
    expect(view).to_contain_text("街道超时")
    expect(view.get_by_role("button")).to_have_count(0)
    view.get_by_role("link").click()
    desk.wait_for_url("**/queues/late?tier=street")
    ticket = reported(town, "looked at by two")
    chief.goto(f"{town.address}/tickets/{ticket}")
    chief.wait_for_selector(".commands")
    desk.goto(f"{town.address}/tickets/{ticket}")
    expect(desk.locator('[data-test="viewing"]')).to_contain_text("正在查看")
    chief.goto(f"{town.address}/queues/all")

    def alone() -> bool:
        answer = desk.request.post(f"{town.address}/v1/tickets/{ticket}/viewing", headers={"origin": town.address})
        return bool(answer.json()["others"] == [])

    wait(alone, 60, "the chief has left")


def test_a_wall_by_its_key_and_an_auditor_who_watches(town: Town) -> None:
    """The key is gone from the address before the first row; a wall shows and can do nothing; an auditor sees all."""
    ticket = reported(town, "for the wall")
    made = run("keys", "add", "--wall", "chief:chief-1", data=town.data)
    assert made.returncode == 0, made.stderr
    wall = town.visit(made.stdout.strip())
    wall.wait_for_selector(".wall-row")
    assert "gwk_" not in wall.url and "kiosk" in wall.url
    assert "gwk_" not in wall.evaluate("JSON.stringify([history.state, {...localStorage}, {...sessionStorage}])")
    assert wall.request.get(f"{town.address}/v1/tickets/{ticket}").status == 404
    expect(wall.locator(".wall a, .wall button, .top")).to_have_count(0)
    key = json.loads(run("keys", "list", "--json", data=town.data).stdout)[-1]
    town.refusals = ("Failed to load resource",)
    assert run("keys", "revoke", key["id"], data=town.data).returncode == 0
    expect(wall.locator(".wall")).to_have_count(0, timeout=PATIENCE_MS)
    for log in town.data.rglob("*.log"):
        assert "gwk_" not in log.read_text(errors="replace"), log.name


def test_how_a_ticket_stands_does_not_wait_for_its_past(town: Town) -> None:
    """The archive folds a moment later, and is waited for up to 1.5 s: a page shows the ticket meanwhile, and its past
    when that comes."""
    chief = town.sit("chief:chief-1")
    ticket = town.report(chief, category="noise", location={"grid": MAIN})
    held = list[Route]()
    chief.route("**/history*", lambda one: held.append(one))
    chief.goto(f"{town.address}/tickets/{ticket}")
    stands = chief.locator('[data-test="status"]')
    expect(stands).to_have_text("待签收")
    holder = town.ask(chief, f"/v1/tickets/{ticket}")["holder"]
    town.give(f"{holder['duty']}:{holder['person']}", ticket, "accept")
    expect(stands).to_have_text("已签收")
    expect(chief.locator(".timeline li")).to_have_count(0)
    for one in held:
        one.continue_()
    expect(chief.locator(".timeline")).to_contain_text("签收")
