"""Ten and a hundred thousand rows, 500 changes a second, in a real browser: frames, and nothing chosen is lost."""

import asyncio
import platform
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psutil
import pytest
import uvicorn
from playwright.sync_api import Page, expect, sync_playwright

from engine.console import build
from engine.gateway.process import Server, bound
from engine.gateway.routes import new_app
from engine.views.rows import Row, row_of
from tests.browser import chromium
from tests.browser.seats import Town
from tests.support.house import PARTITIONS, House, house
from topics import codec
from topics.decision import Change, Decision
from topics.ids import partition_of, record_id
from topics.registry import COMMANDS
from topics.ticket import Ticket

EACH_SECOND, SECONDS, SEED = 500, 60, 20261126
FRAMES = """async seconds => {
  const list = document.querySelector(".list"), ends = performance.now() + seconds * 1000;
  let frames = 0, worst = 0, last = performance.now();
  const began = last;
  while (performance.now() < ends) {
    const now = await new Promise(requestAnimationFrame);
    worst = Math.max(worst, now - last);
    last = now;
    frames++;
    list.scrollTop = (list.scrollTop + 40) % (list.scrollHeight - list.clientHeight);
  }
  return { perSecond: frames * 1000 / (performance.now() - began), worst };
}"""
DECIDED = 300
"""Tickets that went through the law."""
RESULTS = Path(__file__).parents[2] / "docs" / "results" / "console.md"


class Changing:
    """A gateway whose tickets change without end, in a thread of its own."""

    def __init__(self, redis_url: str, folder: Path, rows: int) -> None:
        self.port, self.changes, self.rows, self.snapshot = 0, 0, rows, 0
        self.tickets: list[Ticket] = []
        self.is_ready, self.is_watched, self.is_over = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(redis_url, folder)))

    @contextmanager
    def running(self) -> Iterator["Changing"]:
        """Until the block ends."""
        self._thread.start()
        try:
            assert self.is_ready.wait(1500)
            yield self
        finally:
            self.is_over.set()
            self._thread.join()

    async def _run(self, redis_url: str, folder: Path) -> None:
        async with house(redis_url, folder) as (here, _):
            await self._fill(here)
            taken = bound(("127.0.0.1", 0))
            self.port = int(taken.getsockname()[1])
            config = uvicorn.Config(new_app(here.world), lifespan="off", log_config=None, http="httptools", ws="none")
            server = Server(config)
            serving = asyncio.create_task(server.serve(sockets=[taken]))
            names = [ticket.id for ticket in self.tickets]
            self.snapshot = sum(len(text.encode()) for text in await here.world.view.texts(names))
            self.is_ready.set()
            await self._change(here)
            here.world.live.closing.set()
            server.should_exit = True
            await serving

    async def _fill(self, here: House) -> None:
        """Let some be decided by the law; the others are those once more, under ids and deadlines of their own."""
        for number in range(DECIDED):
            await here.report(f"R{number}", text=f"of its own {number}", address=f"{number} North Street")
        self.tickets = [here.city[f"R{number}"] for number in range(DECIDED)]
        for first in range(DECIDED, self.rows, 1000):
            rows: dict[int, list[Row]] = {}
            for number in range(first, min(first + 1000, self.rows)):
                like = self.tickets[number % DECIDED]
                one = msgspec.structs.replace(
                    like,
                    id=f"{like.home}-20260302-{10_000 + number}",
                    identity=f"app:C{number}",
                    text=f"of its own {number}",
                    deadline_at=(like.deadline_at or here.world.now) + number % 5000 * 7000,
                )
                made = row_of(one.id, one.version, codec.encode(one), here.world.now, one, here.world.packs.laws)
                rows.setdefault(partition_of(one.home, PARTITIONS), []).append(made)
                self.tickets.append(one)
            for partition, some in rows.items():
                at = (await here.world.view.positions())[partition]
                await here.world.view.write(partition, some, at, at)

    async def _change(self, here: House) -> None:
        """Fifty tickets each tenth of a second get another version, as decisions bring it."""
        tickets, versions = self.tickets, {one.id: one.version for one in self.tickets}
        while not (self.is_watched.is_set() or self.is_over.is_set()):
            await asyncio.sleep(0.01)
        draw, began, loop = random.Random(SEED), asyncio.get_running_loop().time(), asyncio.get_running_loop()
        while not self.is_over.is_set():
            for one in draw.sample(tickets, EACH_SECOND // 10):
                versions[one.id] += 1
                here.world.live.decided(*self._decided(one, versions[one.id], here.world.now))
                self.changes += 1
            await asyncio.sleep(max(0.0, began + self.changes / EACH_SECOND - loop.time()))

    def _decided(self, ticket: Ticket, version: int, at: int) -> tuple[int, int, Decision]:
        image = msgspec.structs.replace(ticket, version=version, text=f"version {version}")
        change = Change(ticket=ticket.id, version=version, after=msgspec.Raw(codec.encode(image)))
        number = partition_of(ticket.home, PARTITIONS)
        decided = Decision(
            id=record_id(COMMANDS.name, number, self.changes),
            at=at,
            cause="command",
            reason="done_as_asked",
            home=ticket.home,
            changes=(change,),
        )
        return number, 10_000_000 + self.changes, decided


class Measured(NamedTuple):
    """What was seen of one size."""

    rows: int
    rate: float
    frames: dict[str, Any]
    drawn: dict[str, int]
    painted: float
    snapshot: int
    script: int
    browser: str = ""


LEAST = {10_000: 55.0, 100_000: 45.0}
"""Rows -> frames a second that are aimed at on a quiet machine; written down beside what was measured."""
PAINTED = """new MutationObserver((_, watching) => {
  if (document.querySelector(".row") === null) return;
  watching.disconnect();
  window.painted = new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))));
}).observe(document, { subtree: true, childList: true })"""
"""Notes in the page itself when the first row had been painted: whoever asks from outside waits behind other rows."""
DRAWN = """() => {
  window.drawn = { added: 0, changed: 0 };
  new MutationObserver(all => { for (const one of all) {
    if (one.type === "childList") window.drawn.added += one.addedNodes.length;
    else window.drawn.changed++;
  } }).observe(document.querySelector(".list"), { childList: true, characterData: true, subtree: true });
}"""


@pytest.mark.long
@pytest.mark.parametrize("rows", LEAST)
def test_ten_thousand_rows_and_more_change_and_nothing_chosen_is_lost(
    redis_url: str, tmp_path: Path, rows: int
) -> None:
    """Frames are measured and written down; a selection and an open menu outlast a minute of changes."""
    build.build()
    found = chromium.browser()
    with Changing(redis_url, tmp_path, rows).running() as here, sync_playwright() as driver:
        environ: dict[str, str | float | bool] = {**found.environ}
        browser = driver.chromium.launch(
            executable_path=found.executable, args=list(chromium.ARGUMENTS), env=environ, timeout=120_000
        )
        town = Town(browser, tmp_path, f"http://127.0.0.1:{here.port}")
        page = town.sit("chief:chief-1", script=PAINTED)
        page.close()
        page = town.tab(page)  # as whoever opens the console in the morning: nothing of it is there yet
        here.is_watched.set()
        page.goto(f"{town.address}/queues/all", wait_until="commit")
        page.wait_for_selector(".row")
        painted: float = page.evaluate("window.painted")
        expect(page.locator('[data-test="shown"]')).to_have_text(f"{rows} 件", timeout=300_000)
        measured = looked_at(page, here, painted)._replace(browser=browser.version.partition(".")[0])
        assert town.amiss == []
        write(measured)
        browser.close()


def looked_at(page: Page, here: "Changing", painted: float) -> Measured:
    """Scroll for a minute while rows change, with one chosen and a menu open."""
    page.locator(".row input").first.check()
    chosen = page.locator(".row-chosen").get_attribute("data-id")
    page.locator(".saved summary").click()
    page.evaluate(DRAWN)
    begun, frames = here.changes, page.evaluate(FRAMES, SECONDS)
    rate, drawn = (here.changes - begun) / SECONDS, page.evaluate("window.drawn")
    assert rate > EACH_SECOND / 2, f"{rate:.0f} changes a second came: what was measured is no load"
    assert page.locator(".saved").get_attribute("open") is not None
    page.eval_on_selector(".list", "list => { list.scrollTop = 0 }")
    page.wait_for_selector(f'.row-chosen[data-id="{chosen}"]', timeout=5_000)  # drawn with the next frame
    assert page.locator('[data-test="shown"]').inner_text() == f"{here.rows} 件"
    sizes = page.evaluate("performance.getEntriesByType('resource').map(one => [one.name, one.encodedBodySize])")
    script = sum(size for name, size in sizes if name.endswith(".js"))
    return Measured(here.rows, rate, frames, drawn, painted=painted, snapshot=here.snapshot, script=script)


def write(one: Measured) -> None:
    """Put a measurement down, in place of the former one of that size."""
    machine = (
        f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, Python"
        f" {platform.python_version()}, Chromium {one.browser} without a graphics card, gateway and browser on the same"
        " cores"
    )
    head = (
        "rows", "changes a second", "seconds", "frames a second", "aimed at", "longest frame", "nodes drawn a second",
        "address to first row", "snapshot", "script, packed", "date", "seed", "machine",
    )  # fmt: skip
    values = (
        f"{one.rows}", f"{one.rate:.0f}", SECONDS, f"{one.frames['perSecond']:.1f}", f"{LEAST[one.rows]:.0f}",
        f"{one.frames['worst']:.0f} ms", f"{sum(one.drawn.values()) / SECONDS:.0f}", f"{one.painted:.0f} ms",
        f"{one.snapshot / 2**20:.1f} MiB", f"{one.script / 1024:.0f} KiB", date.today(), SEED, machine,
    )  # fmt: skip
    line = f"| {' | '.join(map(str, values))} |"
    kept = [old for old in RESULTS.read_text().splitlines() if old.startswith("| ") and old[2:3].isdigit()]
    others = [old for old in kept if not old.startswith(f"| {one.rows} |") and old.count("|") == line.count("|")]
    lines = sorted([*others, line], key=lambda text: int(text.split("|")[1]))
    says = (
        "# The console's frames\n\nWritten by `make faults ONLY=ten_thousand`: a queue that scrolls 40 pixels a frame"
        " while its rows change; a selection and an open menu outlasted it. Figures are written down whatever they are;"
        " they say something where nothing else runs on the machine.\n\n"
    )
    table = [f"| {' | '.join(head)} |", f"| {' | '.join(['---'] * len(head))} |", *lines]
    RESULTS.write_text(says + "\n".join(table) + "\n")
