"""From the address that a demonstration prints to a ticket that is accepted: three clicks of somebody who knows nobody
there."""

from playwright.sync_api import expect

from tests.browser.seats import Town
from tests.browser.test_console import MAIN, status


def test_whoever_looks_for_the_first_time_accepts_a_ticket_in_three_clicks(town: Town) -> None:
    """The way in names who is waited for; their seat opens on what is theirs; its first row has the command."""
    desk = town.sit("desk:desk-1")
    town.report(desk, category="bins_full", location={"grid": MAIN})
    stranger = town.visit(town.address)
    waited_for = stranger.locator('[data-test="waited-for"] button')
    expect(waited_for.first).to_contain_text("待签收")
    waited_for.first.click()  # one
    row = stranger.locator(".row", has_text="待签收").first
    row.locator(".title").click()  # two
    stranger.get_by_role("region", name="可办事项").get_by_role("button", name="签收", exact=True).click()  # three
    status(stranger, "已签收")
