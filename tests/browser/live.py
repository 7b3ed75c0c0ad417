"""How long it takes until somebody else's browser shows what was done in one, measured in the browsers themselves."""

import json
from statistics import median
from typing import NamedTuple

from playwright.sync_api import Page

from tests.browser.seats import Town

WATCHING = """(() => {
  const note = (name, entry) => {
    const before = JSON.parse(sessionStorage.getItem(name) ?? "[]");
    sessionStorage.setItem(name, JSON.stringify([...before, [...entry, Date.now()]]));
  };
  const plain = window.fetch;
  window.fetch = async (...asked) => {
    const found = await plain(...asked);
    if (found.status === 200 && String(asked[0]).endsWith("/commands")) {
      const { kind, child } = JSON.parse(asked[1].body);
      note("given", [kind === "finish" && child ? "finish_part" : kind]);
    }
    return found;
  };
  let before = "";
  const look = () => {
    const status = document.querySelector('[data-test="status"]')?.textContent ?? "";
    const there = [...document.querySelectorAll(".status")].filter((one) => one.textContent === "已报到").length;
    const now = JSON.stringify([status, there]);
    if (now === before) return;
    before = now;
    note("shown", [status, there]);
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
})()"""
"""Notes when a command was answered, and when what a page shows of a ticket became another; kept as long as its tab."""


class Seen(NamedTuple):
    """One change."""

    kind: str
    milliseconds: int
    """From the answer in the one browser to the other's screen, by this machine's clock in both."""


def noted(page: Page, name: str) -> list[list[object]]:
    """What a page has noted."""
    found: list[list[object]] = json.loads(page.evaluate(f"sessionStorage.getItem('{name}') ?? '[]'"))
    return found


def seen_live(town: Town, watcher: Page, statuses: dict[str, str]) -> list[Seen]:
    """How long each command took to another's screen: those that lead to a status, and each report-in."""
    given = sorted((int(str(at)), str(kind)) for page in town.pages() for kind, at in noted(page, "given"))
    shown = [(int(str(at)), str(status), int(str(there))) for status, there, at in noted(watcher, "shown")]
    found, reported_in = list[Seen](), 0
    for at, kind in given:
        if kind == "report_in":
            reported_in += 1
            found.append(Seen(kind, next(then for then, _, there in shown if there >= reported_in) - at))
        elif kind in statuses:
            found.append(Seen(kind, next(then for then, status, _ in shown if status == statuses[kind]) - at))
    return found


def demand_within_a_second(changes: list[Seen]) -> None:
    """Half of them are; the longest is told. One that had to wait for a busy machine says nothing of the others."""
    longest = max(changes, key=lambda one: one.milliseconds)
    print(f"{len(changes)} changes, the longest {longest.kind} after {longest.milliseconds} ms")
    assert median(one.milliseconds for one in changes) <= 1000, changes
