"""A ticket's place on its page: drawn small, loaded once it is looked at."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.seats import Town
from tests.browser.test_console import MAIN

NO_OUTLINES = '{"type": "FeatureCollection", "pack": "x@1", "features": []}'


def asked(page: Page) -> list[str]:
    """What the map asks for from now on: its script and its outlines."""
    found = list[str]()
    wanted = ("/assets/small-", "/v1/map")
    page.on("request", lambda one: found.append(one.url) if any(part in one.url for part in wanted) else None)
    return found


def test_a_place_is_drawn_once_it_is_looked_at(town: Town, pictures: Path) -> None:
    """Nothing is asked for before; then the ticket's own grid is outlined among those beside it, with the point; a
    department that is called there sees it too."""
    chief = town.sit("chief:chief-1", (1366, 400))
    found = asked(chief)
    ticket = town.report(chief, category="gas_leak", location={"lat": 34.7505, "lon": 113.695, "crs": "WGS84"})
    told = town.ask(chief, f"/v1/tickets/{ticket}")["place"]
    chief.goto(f"{town.address}/tickets/{ticket}")
    chief.wait_for_selector(".commands")
    assert found == []
    part = chief.locator("[data-later]")
    part.scroll_into_view_if_needed()
    drawn = part.locator('[data-test="small-map"]')
    expect(drawn).to_have_attribute("data-grid", told["grid"][-1]["code"])
    expect(drawn.locator("polygon.own")).to_have_count(1)
    expect(drawn.locator("circle.spot")).to_have_count(1)
    assert drawn.locator("polygon.beside").count() >= 2 and len(found) >= 2
    chief.set_viewport_size({"width": 1366, "height": 768})
    part.scroll_into_view_if_needed()
    chief.screenshot(path=pictures / "console-place.png")
    called = town.sit("department:ranqi-1")
    called.goto(f"{town.address}/tickets/{ticket}")
    called.locator("[data-later]").scroll_into_view_if_needed()
    expect(called.locator('[data-test="small-map"]')).to_have_attribute("data-grid", told["grid"][-1]["code"])


def test_a_place_that_cannot_be_drawn_is_said(town: Town) -> None:
    """A pack without outlines: it says so, and gives the point in figures where there is one."""
    chief = town.sit("chief:chief-1")
    ticket = town.report(chief, category="noise", location={"grid": MAIN})
    chief.route(
        "**/v1/map?ticket=*", lambda route: route.fulfill(content_type="application/geo+json", body=NO_OUTLINES)
    )
    chief.goto(f"{town.address}/tickets/{ticket}")
    chief.locator("[data-later]").scroll_into_view_if_needed()
    expect(chief.locator('[data-test="no-outlines"]')).to_contain_text("没有网格边界")
    expect(chief.locator('[data-test="no-outlines"]')).to_contain_text("没有坐标")
