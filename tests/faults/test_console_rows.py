"""Ten thousand rows and five hundred changes a second in a real browser: frames, and that nothing chosen is lost."""

import asyncio
import platform
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from engine.console import build
from engine.gateway.process import Server, bound
from engine.gateway.routes import new_app
from tests.browser import chromium
from tests.browser.seats import Town
from tests.support.house import PARTITIONS, House, house
from topics import codec
from topics.decision import Change, Decision
from topics.ids import partition_of, record_id
from topics.registry import COMMANDS
from topics.ticket import Ticket

ROWS, EACH_SECOND, SECONDS, SEED = 10_000, 500, 60, 20261126
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
RESULTS = Path(__file__).parents[2] / "docs" / "results" / "console.md"


class Changing:
    """A gateway whose tickets change without end, in a thread of its own."""

    def __init__(self, redis_url: str, folder: Path) -> None:
        self.port, self.changes = 0, 0
        self.is_ready, self.is_over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(redis_url, folder)))

    @contextmanager
    def running(self) -> Iterator["Changing"]:
        """Until the block ends."""
        self._thread.start()
        try:
            assert self.is_ready.wait(280)
            yield self
        finally:
            self.is_over.set()
            self._thread.join()

    async def _run(self, redis_url: str, folder: Path) -> None:
        async with house(redis_url, folder) as (here, _):
            for number in range(ROWS):
                await here.report(f"R{number}", text=f"of its own {number}", address=f"{number} North Street")
            taken = bound(("127.0.0.1", 0))
            self.port = int(taken.getsockname()[1])
            config = uvicorn.Config(new_app(here.world), lifespan="off", log_config=None, http="httptools", ws="none")
            server = Server(config)
            serving = asyncio.create_task(server.serve(sockets=[taken]))
            self.is_ready.set()
            await self._change(here)
            here.world.live.closing.set()
            server.should_exit = True
            await serving

    async def _change(self, here: House) -> None:
        """Fifty tickets each tenth of a second get another version, as decisions bring it."""
        tickets = [here.city[f"R{number}"] for number in range(ROWS)]
        versions = {one.id: one.version for one in tickets}
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


@pytest.mark.long
def test_ten_thousand_rows_change_and_nothing_chosen_is_lost(redis_url: str, tmp_path: Path) -> None:
    """Frames are measured and written down; a selection and an open menu outlast a minute of changes."""
    build.build()
    found = chromium.browser()
    with Changing(redis_url, tmp_path).running() as here, sync_playwright() as driver:
        environ: dict[str, str | float | bool] = {**found.environ}
        browser = driver.chromium.launch(
            executable_path=found.executable, args=list(chromium.ARGUMENTS), env=environ, timeout=120_000
        )
        town = Town(browser, tmp_path, f"http://127.0.0.1:{here.port}")
        page = town.sit("chief:chief-1")
        page.goto(f"{town.address}/queues/all")
        page.wait_for_selector(".row")
        painted: float = page.evaluate("performance.now()")
        page.locator(".row input").first.check()
        chosen = page.locator(".row-chosen").get_attribute("data-id")
        page.locator(".saved summary").click()
        begun, frames = here.changes, page.evaluate(FRAMES, SECONDS)
        rate = (here.changes - begun) / SECONDS
        assert page.locator(".saved").get_attribute("open") is not None
        page.eval_on_selector(".list", "list => { list.scrollTop = 0 }")
        assert page.locator(".row-chosen").get_attribute("data-id") == chosen
        assert page.locator('[data-test="shown"]').inner_text() == f"{ROWS} 件" and town.amiss == []
        write(frames, rate, painted)
        browser.close()


def write(frames: dict[str, Any], rate: float, painted: float) -> None:
    """Put the measurement down."""
    machine = (
        f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, Python"
        f" {platform.python_version()}, Chromium 153 without a graphics card, gateway and browser on the same cores"
    )
    head = ("rows", "changes a second", "seconds", "frames a second", "longest frame", "address to first row")
    values = (
        ROWS,
        f"{rate:.0f}",
        SECONDS,
        f"{frames['perSecond']:.1f}",
        f"{frames['worst']:.0f} ms",
        f"{painted:.0f} ms",
    )
    table = [(*head, "date", "seed", "machine"), ("---",) * 9, (*values, date.today(), SEED, machine)]
    says = (
        "# The console's frames\n\nWritten by `make faults ONLY=ten_thousand`: a queue that scrolls 40 pixels a frame"
        " while its rows change; a selection and an open menu outlasted it.\n\n"
    )
    RESULTS.write_text(says + "".join(f"| {' | '.join(map(str, line))} |\n" for line in table))
