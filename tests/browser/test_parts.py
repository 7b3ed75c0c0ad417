"""Parts of the console that are fetched when they are first wanted, while the gateway is away."""

import re

from playwright.sync_api import Page, expect

from tests.browser.seats import Town
from tests.browser.test_console import MAIN

PARTS = re.compile(r"/assets/(small|score|law|map)-")
ALL = re.compile(r"/assets/(small|score|law|map)-|/livez")


def lose(town: Town, page: Page, what: re.Pattern[str]) -> None:
    """Nothing of this comes from now on."""
    town.refusals = ("Failed to load resource",)
    page.route(what, lambda route: route.abort())


def test_a_part_comes_as_soon_as_the_gateway_answers(town: Town) -> None:
    """The map of a ticket's place: nothing is thrown, it says what it waits for, and is there once it can be."""
    chief = town.sit("chief:chief-1")
    ticket = town.report(chief, category="noise", location={"grid": MAIN})
    lose(town, chief, ALL)
    chief.goto(f"{town.address}/tickets/{ticket}")
    part = chief.locator("[data-later]")
    part.scroll_into_view_if_needed()
    expect(part).to_contain_text("网关暂无应答")
    chief.unroute(ALL)
    expect(part).to_have_attribute("data-later", "there")
    expect(part.locator('[data-test="small-map"]')).to_be_visible()


def test_a_page_comes_as_soon_as_the_gateway_answers(town: Town) -> None:
    """The same for whole pages: the rest of the console stays usable meanwhile."""
    chief = town.sit("chief:chief-1")
    lose(town, chief, ALL)
    main = chief.get_by_role("main")
    for path in ("/map", "/law", "/score"):
        chief.goto(f"{town.address}{path}")
        expect(main).to_contain_text("网关暂无应答")
        expect(chief.get_by_role("navigation").first).to_be_visible()
    chief.unroute(ALL)
    expect(main.get_by_role("heading").first).to_be_visible()


def test_a_part_that_was_lost_on_its_way_is_fetched_by_a_reload(town: Town) -> None:
    """The gateway goes between its answer and the part: nothing is thrown, and one press brings it."""
    chief = town.sit("chief:chief-1")
    lose(town, chief, PARTS)
    chief.goto(f"{town.address}/score")
    reload = chief.get_by_role("main").get_by_role("button", name="刷新页面")
    expect(reload).to_be_visible()
    chief.unroute(PARTS)
    reload.click()
    expect(chief.get_by_role("main").get_by_role("heading").first).to_be_visible()
