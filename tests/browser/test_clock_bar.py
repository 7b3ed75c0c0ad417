"""A ticket's time drawn: what is used, where it stood and why, in words beside the bar."""

from playwright.sync_api import expect

from tests.browser.seats import Town
from tests.browser.test_console import MAIN, status


def test_where_time_stood_is_drawn_and_said(town: Town) -> None:
    """While the reporter is asked the bar is hatched and says for what; once it runs on, the stretch stands there with
    its ends, and the page needs no reload."""
    desk = town.sit("desk:desk-1")
    ticket = town.report(
        desk, category="bins_full", text="哪个单元不清楚", location={"grid": MAIN}, reporter={"phone": "13900002222"}
    )
    holder = town.ask(desk, f"/v1/tickets/{ticket}")["holder"]
    town.give(f"{holder['duty']}:{holder['person']}", ticket, "accept")
    desk.goto(f"{town.address}/tickets/{ticket}")
    status(desk, "已签收")
    expect(desk.locator('[data-test="stands"]')).to_have_count(0)
    town.give("desk:desk-1", ticket, "wait_reporter", reason="请问是哪个单元")
    said = desk.locator('[data-test="stands"] li')
    expect(said).to_contain_text("等诉求人")
    expect(said).to_contain_text("至 现在")
    expect(desk.locator(".bar-stands").first).to_be_visible()
    town.give("desk:desk-1", ticket, "resume")
    expect(said).not_to_contain_text("现在")
    expect(desk.locator(".passed s")).to_have_count(1)
    expect(desk.locator(".bar-stands")).to_have_count(0)
