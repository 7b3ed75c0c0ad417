"""One real stack and one browser for all tests of the console; a page that says anything amiss fails its test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from engine.console import build
from tests.browser import chromium
from tests.browser.seats import PATIENCE_MS, Town
from tests.support.servers import free_ports
from tests.support.stacks import up

MORNING = "2026-03-02T09:00:00+08:00@1"
"""A working Monday, by a clock that goes as ours: who is on duty does not hang on when the tests run."""


@pytest.fixture(scope="package")
def engine() -> Iterator[Browser]:
    """A Chromium. Its driver runs an event loop in this thread: it ends with its folder, or no test behind it could
    have one."""
    build.build()
    expect.set_options(timeout=PATIENCE_MS)
    found = chromium.browser()
    environ: dict[str, str | float | bool] = {**found.environ}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=found.executable, args=list(chromium.ARGUMENTS), env=environ, timeout=120_000
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def town(engine: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The demonstration's city with its archive, seats open, and nobody in it but who comes by the browser."""
    data, base = tmp_path_factory.mktemp("town") / "stack", free_ports(20)
    words = ("--pack", "guancheng", "--archive", "--port-base", str(base), "--clock", MORNING)
    with up(data, *words, GRIDWHISTLE_GATEWAY_SEATS="open"):
        yield Town(engine, data, f"http://127.0.0.1:{base + 5}")


@pytest.fixture(autouse=True)
def _nothing_amiss(request: pytest.FixtureRequest) -> Iterator[None]:
    """No error on a console, nothing refused by the policy of content, nothing thrown."""
    yield
    if "town" in request.fixturenames:
        town: Town = request.getfixturevalue("town")
        found, town.amiss = town.amiss, []
        town.close()
        assert found == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures go: into the documentation where ``GRIDWHISTLE_PICTURES`` says so."""
    if os.environ.get("GRIDWHISTLE_PICTURES"):
        return Path(__file__).parents[2] / "docs" / "pictures"
    return tmp_path_factory.mktemp("pictures")
