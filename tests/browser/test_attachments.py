"""What came with a report and lies elsewhere, on its ticket's page."""

from playwright.sync_api import expect

from tests.browser.seats import Town
from tests.browser.test_console import MAIN

ADDRESSES = ("https://pictures.example/before/1.jpg", "https://pictures.example/13900001234/2.jpg")


def test_an_attachment_is_an_address_that_nothing_asks_for(town: Town) -> None:
    """Named with the report's facts; a whole one opens by a click, in a page that is not told where it was opened; what
    was masked is text; a report without one says nothing of any."""
    chief = town.sit("chief:chief-1")
    files = [{"url": one, "sha256": "0" * 64} for one in ADDRESSES]
    ticket = town.report(chief, category="noise", location={"grid": MAIN}, attachments=files)
    asked = list[str]()
    chief.on("request", lambda one: asked.append(one.url))
    chief.goto(f"{town.address}/tickets/{ticket}")
    shown = chief.get_by_role("region", name="随报附件")
    expect(shown.get_by_role("listitem")).to_have_count(len(ADDRESSES))
    link = shown.get_by_role("link")
    expect(link).to_have_count(1)
    expect(link).to_have_attribute("href", ADDRESSES[0])
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")
    assert "13900001234" not in chief.content()
    assert [one for one in asked if one.startswith("https:")] == []
    alone = town.report(chief, category="noise", location={"grid": MAIN}, text="alone")
    with chief.expect_response(lambda one: one.url.endswith("/attachments")) as answered:
        chief.goto(f"{town.address}/tickets/{alone}")
    assert answered.value.json() == {"attachments": [], "gone": False}
    expect(chief.locator(".timeline")).to_be_visible()
    expect(shown).to_have_count(0)
