"""Every page the console has, by its own list of routes: nobody's menu leads to a refusal, and nobody is kept out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Locator, Page, expect

from engine.gateway.console import PATHS
from tests.browser import chromium
from tests.browser.seats import Town
from tests.browser.test_console import CONTRAST, MAIN, serious
from tests.browser.test_shift import BROKEN, finished, past_the_door
from tests.contract.test_console_words import catalogue
from tests.support.stacks import wait

OUTSIDE = ("auditor", "system-admin", "security-admin")
WORDS = {lang: catalogue(lang) for lang in ("zh", "en")}
THEMES = ("light", "dark", "wall")
SHOWN = {"/numbers": "numbers", "/notices": "notices", "/webhooks": "webhooks"}
"""Pages that no story shows: their pictures are taken here."""
FULL: dict[str, Callable[[Locator], object]] = {
    "/notices": lambda main: main.locator('header button[aria-pressed="false"]').click(),
    "/webhooks": lambda main: main.locator("select").first.select_option("ranqi"),
}
"""Where something stands on a page that opens on less."""
BESIDE = ("/queues/late", "/wall?kiosk")
"""Other faces of a page: one without a row, and one without anything to press."""


def account(town: Town, name: str) -> Page:
    """Somebody who stands outside of the roster comes in by name and password."""
    passwords = dict(line.split() for line in (town.data / "first-passwords").read_text().splitlines())
    page = town.visit(town.address)
    form = page.locator(".sign-in-form")
    form.locator('[name="name"]').fill(name)
    form.locator('[name="password"]').fill(passwords[name])
    form.get_by_role("button").click()
    page.wait_for_selector(".shell")
    return page


def is_there(page: Page, lang: str = "zh") -> Locator:
    """Wait until a page shows what it is about, whatever that is."""
    main = page.locator("main")
    expect(main).not_to_be_empty()
    expect(main).not_to_contain_text(WORDS[lang]["loading"])
    for part in main.locator("[data-later]").all():  # it is loaded once it is seen
        part.scroll_into_view_if_needed()
        expect(part).to_have_attribute("data-later", "there")
    expect(main).not_to_contain_text(WORDS[lang]["loading"])
    return main


def opened(page: Page, town: Town) -> list[str]:
    """Open each page of a menu by its link; answers their names."""
    wanted = town.ask(page, "/v1/session")["pages"]
    if not wanted:
        return []
    links = page.locator("nav.pages a, .more nav a")
    found = [str(link.get_attribute("href")) for link in links.all()]
    assert {href.split("/")[1] for href in found} == set(wanted) - {"wall"}
    for href in found:
        if page.locator(f'.more nav a[href="{href}"]').count():
            page.locator(".more summary").click()
        page.locator(f'nav.pages a[href="{href}"], .more nav a[href="{href}"]').click()
        main = is_there(page)
        for kind in ("not-found", "no-archive", "fault", "away"):
            expect(main).not_to_contain_text(WORDS["zh"][f"problem.{kind}"])
    return [href.split("/")[1] for href in found]


def test_nobody_s_menu_leads_to_a_refusal(town: Town) -> None:
    """One of every role and everybody outside of the roster opens all that their menu has; the gateway refuses none of
    it, which a browser would say on its console."""
    town.refusals = ("GL Driver Message",)
    roster = town.ask(town.visit(town.address), "/v1/seats")["seats"]
    seats = {one["role"]: f"{one['role']}:{one['person']}" for one in reversed(roster)}
    assert len(seats) >= 10
    seen = dict[str, list[str]]()
    for role, seat in seats.items():
        page = town.sit(seat)
        seen[role] = opened(page, town)
        page.context.close()
    for name in OUTSIDE:
        page = account(town, name)
        seen[name] = opened(page, town)
        page.context.close()
    assert "webhooks" in seen["department"] and "webhooks" not in seen["chief"] and "webhooks" in seen["auditor"]
    assert seen["security-admin"] == [] and "law" in seen["chief"] and "law" not in seen["residents"]


def stands_open(town: Town, desk: Page) -> dict[str, str]:
    """Something on each page: what a route's address holds, by its name."""
    past_the_door(town, "pigeon-3", BROKEN)
    town.report(desk, category="small_wish", location={"grid": MAIN})
    town.report(desk, location={"grid": MAIN})
    finished(town, desk)
    fire = town.report(desk, category="gas_leak", location={"grid": "tawan-g2-m3"})
    headers = {"origin": town.address}
    signed = desk.context.request.post(f"{town.address}/v1/handovers", data={"to": "chief-1"}, headers=headers)
    assert signed.status == 201, signed.text()
    department = town.sit("department:ranqi-1")
    made = department.context.request.post(
        f"{town.address}/v1/departments/ranqi/webhooks", data={"url": "http://127.0.0.1:9/events"}, headers=headers
    )
    assert made.status in (201, 409), made.text()
    department.context.close()
    wait(lambda: town.ask(desk, "/v1/rejected")["rows"], 60, "it was turned away")
    sent = desk.context.request.post(
        f"{town.address}/v1/incidents", data={"text": "灯不亮", "location": {"grid": MAIN}}, headers=headers
    )
    return {"view": "all", "id": fire, "link": urljoin(town.address, sent.json()["link"])}


def found_by_axe(page: Page, lang: str) -> dict[str, Any]:
    """What keeps somebody out of a page as it stands, in each theme."""
    found = dict[str, Any]()
    page.evaluate(chromium.axe())
    for theme in THEMES:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found[f"{lang} {theme}"] = serious(page, {} if theme == "light" else CONTRAST)
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nobody_is_kept_out_of_any_page(town: Town, lang: str, pictures: Path) -> None:
    """No serious finding of axe-core on any of the console's own routes, nor on the page for residents, in each theme
    and language: a page that is added is looked at without a word here."""
    town.refusals = ("GL Driver Message",)
    desk = town.sit("desk:desk-1")
    spots, found = stands_open(town, desk), dict[str, Any]()
    chief, auditor = town.sit("chief:chief-1", lang=lang), account(town, "auditor")
    auditor.evaluate("lang => localStorage.setItem('gridwhistle.lang', lang)", lang)
    hers = set(town.ask(chief, "/v1/session")["pages"])
    for path in (*PATHS, *BESIDE):
        page = chief if path.split("/")[1] in {*hers, "", "tickets", "sign-in"} else auditor
        page.goto(town.address + path.replace("{view}", spots["view"]).replace("{id:path}", spots["id"]))
        main = is_there(page, lang)
        if path in FULL:
            FULL[path](main)
            is_there(page, lang)
        if lang == "zh" and path in SHOWN:
            page.screenshot(path=pictures / f"console-{SHOWN[path]}.png")
        found |= {f"{path} {how}": what for how, what in found_by_axe(page, lang).items()}
    stranger = town.visit(town.address)
    if lang == "en":
        stranger.get_by_role("button", name="English").click()
    found |= {f"way in {how}": what for how, what in found_by_axe(stranger, lang).items()}
    stranger.goto(f"{spots['link']}?lang={lang}")
    found |= {f"resident {how}": what for how, what in found_by_axe(stranger, lang).items()}
    assert {where: what for where, what in found.items() if what} == {}
    assert len(found) == (len(PATHS) + len(BESIDE) + 2) * len(THEMES)
