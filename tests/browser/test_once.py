"""A form whose answer was lost: what was typed stays, and sent again it counts once, be it a command or a report; one
that was refused is mended and sent."""

import json
import os
import signal

from playwright.sync_api import Page, Route, expect

from tests.browser.seats import Town
from tests.browser.test_console import MAIN, status
from tests.support.stacks import wait


def answers_lost(page: Page, path: str) -> list[int]:
    """The first request there reaches the gateway, and its answer nobody; notes how each was answered."""
    found = list[int]()

    def handle(route: Route) -> None:
        answer = route.fetch()
        found.append(answer.status)
        route.abort() if len(found) == 1 else route.fulfill(response=answer)

    page.route(path, handle)
    return found


def test_what_was_typed_outlives_a_lost_answer_and_counts_once(town: Town) -> None:
    """A note's answer is lost on the way: the form says so and keeps its words; given again it is the same note."""
    chief = town.sit("chief:chief-1")
    ticket = town.report(chief, category="noise", location={"grid": MAIN})
    chief.goto(f"{town.address}/tickets/{ticket}")
    commands = chief.get_by_role("region", name="可办事项")
    commands.get_by_role("button", name="备注", exact=True).click()
    form = chief.get_by_role("form", name="备注")
    form.locator('[name="text"]').fill("居民说明天在家")
    town.refusals = ("Failed to load resource",)
    answered = answers_lost(chief, "**/commands")
    form.get_by_role("button", name="备注", exact=True).click()
    expect(chief.locator(".toast-bad")).to_be_visible()
    expect(form.locator('[name="text"]')).to_have_value("居民说明天在家")
    form.get_by_role("button", name="备注", exact=True).click()
    expect(form).to_have_count(0)
    assert answered == [200, 200]
    expect(chief.locator(".timeline")).to_contain_text("居民说明天在家")
    past = town.ask(chief, f"/v1/tickets/{ticket}/history")["decisions"]
    assert [one.get("command") for one in past].count("note") == 1


def test_a_call_is_reported_once_and_mended_where_it_was_refused(town: Town) -> None:
    """With a caller on the line: refused for a character that lies to the eye, mended and taken; an answer that is lost
    makes no second ticket."""
    desk = town.sit("desk:desk-1")
    desk.get_by_role("link", name="接报台").click()
    form = desk.get_by_role("form", name="登记新诉求")
    form.locator('[name="text"]').fill("路口\u202e积水")
    form.locator('[name="grid"]').select_option(MAIN)
    form.locator('[name="category"]').select_option("road_pit")
    town.refusals = ("Failed to load resource",)
    form.get_by_role("button", name="登记").click()
    expect(desk.locator(".toast-bad")).to_be_visible()
    form.locator('[name="text"]').fill("路口积水，骑车摔倒")
    answered = answers_lost(desk, "**/v1/incidents")
    form.get_by_role("button", name="登记").click()
    expect(desk.locator(".toast-bad")).to_have_count(2)
    form.get_by_role("button", name="登记").click()
    ticket = (form.locator(".reported").get_attribute("href") or "").rpartition("/")[2]
    assert answered == [202, 202]
    town.until(desk, "/v1/queues/open?limit=1000", lambda told: ticket in str(told["rows"]), "it stands in its queue")
    rows = town.ask(desk, "/v1/queues/open?limit=1000")["rows"]
    assert [row["id"] for row in rows if "骑车摔倒" in row.get("text", "")] == [ticket]
    desk.goto(f"{town.address}/tickets/{ticket}")
    status(desk, "待签收")


def test_what_was_typed_outlives_the_gateway(town: Town) -> None:
    """It is killed while a form is open: the words stay, and are sent to the next one."""
    chief = town.sit("chief:chief-1")
    ticket = town.report(chief, category="noise", location={"grid": MAIN})
    chief.goto(f"{town.address}/tickets/{ticket}")
    chief.get_by_role("region", name="可办事项").get_by_role("button", name="备注", exact=True).click()
    form = chief.get_by_role("form", name="备注")
    form.locator('[name="text"]').fill("夜里再去一次")
    town.refusals = ("Failed to load resource",)
    process = json.loads((town.data / "stack.json").read_text())["processes"]["gateway-1"]
    os.kill(int(process["pid"]), signal.SIGKILL)
    wait(town.is_up, 60, "the gateway is up")
    expect(form.locator('[name="text"]')).to_have_value("夜里再去一次")
    form.get_by_role("button", name="备注", exact=True).click()
    expect(form).to_have_count(0)
    expect(chief.locator(".timeline")).to_contain_text("夜里再去一次")
