"""What the first row of a queue waits for, counted: a request or a script more in its way is seen here before anybody
has to wait for it. How many rows come before it: ``tests/unit/gateway/test_screens.py``, ``hub.test.ts``; how long it
takes at ten thousand: ``docs/results/console.md``."""

import re
from typing import Any

from tests.browser.seats import Town
from tests.browser.test_console import MAIN

NOTED = """new MutationObserver((_, watching) => {
  if (document.querySelector(".row") === null) return;
  watching.disconnect();
  window.before = performance.getEntriesByType("resource").map((one) => [
    new URL(one.name).pathname, one.startTime, one.responseEnd, one.encodedBodySize]);
}).observe(document, { subtree: true, childList: true })"""
"""Notes what had been asked for when the first row was there; the stream is its worker's, and is not among it."""
WAITED_FOR = ["/assets/.css", "/assets/.js", "/assets/.js", "/v1/packs/in-force", "/v1/session"]
BESIDE = {"/v1/views"}
"""Asked for once the page is there; the row does not wait for it."""
BYTES = 120 * 1024


def kind(path: str) -> str:
    """A path without what its content gives it."""
    return re.sub(r"^/assets/.*(\.\w+)$", r"/assets/\1", path)


def test_the_first_row_waits_for_five_answers(town: Town) -> None:
    """The page's script and style, who sits here and by which law, those two side by side: no font, no picture, no
    part that is loaded later."""
    chief = town.sit("chief:chief-1", script=NOTED)
    town.report(chief, category="noise", location={"grid": MAIN})
    chief.close()
    page = town.tab(chief)
    page.goto(f"{town.address}/queues/all")
    page.wait_for_selector(".row")
    asked: list[list[Any]] = page.evaluate("window.before")
    asked = [one for one in asked if one[0] not in BESIDE]
    assert sorted(kind(path) for path, *_ in asked) == WAITED_FOR, asked
    assert sum(size for *_, size in asked) < BYTES, asked
    by_path = {path: (begun, ended) for path, begun, ended, _ in asked}
    law, session = by_path["/v1/packs/in-force"], by_path["/v1/session"]
    assert max(law[0], session[0]) < min(law[1], session[1]), asked
