"""A city as it is met in a browser: seats that are taken, pages that are looked at, and what went amiss on them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page

from tests.support.stacks import wait

SIZE, PHONE = (1366, 768), (390, 844)
PATIENCE_MS = 60_000
"""A busy machine shows the same, only later."""


def revealed(page: Page, purpose: str) -> Locator:
    """On a ticket's page, ask for its reporter; answers where they are shown."""
    page.get_by_role("button", name="查看上报人").click()
    page.locator('[name="purpose"]').select_option(purpose)
    page.get_by_role("form", name="查看上报人").get_by_role("button", name="查看上报人").click()
    return page.locator('[data-test="revealed"]')


class Town:
    """One stack and who sits at it."""

    def __init__(self, browser: Browser, data: Path, address: str) -> None:
        self.browser, self.data, self.address = browser, data, address
        self.amiss: list[str] = []
        self._contexts: list[BrowserContext] = []
        self.script = ""
        """What runs before any page does, of whoever sits down from now on."""
        self.refusals: tuple[str, ...] = ()
        """What a browser says on its own when a request is refused or fails that is meant to."""

    def sit(self, seat: str, size: tuple[int, int] = SIZE, lang: str = "zh", script: str = "") -> Page:
        """Take a seat, ``role:person``, by its button; ``script`` runs before any page does."""
        page = self._page(size, script)
        page.goto(self.address)
        if lang == "en":
            page.get_by_role("button", name="English").click()
        page.get_by_role("searchbox").fill(seat.partition(":")[2])
        page.click(f'[data-seat="{seat}"]')
        page.wait_for_selector(".shell")
        return page

    def visit(self, address: str) -> Page:
        """Open an address in a browser of its own, where nobody has signed in."""
        page = self._page(SIZE, "")
        page.goto(address)
        return page

    def tab(self, beside: Page) -> Page:
        """Open another tab of the same browser."""
        return self._watched(beside.context.new_page())

    def _page(self, size: tuple[int, int], script: str) -> Page:
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce", locale="zh-CN"
        )
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        for one in filter(None, (self.script, script)):
            context.add_init_script(one)
        return self._watched(context.new_page())

    def _watched(self, page: Page) -> Page:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.amiss.append(f"thrown: {error}"))
        return page

    def _said(self, message: ConsoleMessage) -> None:
        is_meant = any(text in message.text for text in self.refusals)
        if message.type in ("error", "warning") and not is_meant:
            self.amiss.append(f"{message.type}: {message.text}")

    def ask(self, page: Page, path: str) -> Any:
        """What the gateway answers whoever sits there."""
        found = page.context.request.get(f"{self.address}{path}")
        assert found.ok, found.text()
        return found.json()

    def until(self, page: Page, path: str, holds: Callable[[Any], object], what: str) -> None:
        """Wait until what the gateway answers is so: queues and images follow the decision that a page was told of."""
        wait(lambda: bool(holds(self.ask(page, path))), PATIENCE_MS / 1000, what)

    def report(self, page: Page, **fields: Any) -> str:
        """Report past the desk's form; answers the ticket's id."""
        sent = page.context.request.post(
            f"{self.address}/v1/incidents", data={"text": "…", **fields}, headers={"origin": self.address}
        )
        assert sent.status == 202, sent.text()
        identity, found = sent.json()["identity"], list[Any]()

        def is_there() -> bool:
            answer = page.context.request.get(f"{self.address}/v1/tickets/{identity}")
            found[:] = [answer.json()["id"]] if answer.ok else []
            return bool(found)

        wait(is_there, 60, "the report has a ticket")
        return str(found[0])

    def give(self, seat: str, ticket: str, kind: str, **fields: Any) -> None:
        """Somebody who is not on any screen gives a command."""
        role, _, person = seat.partition(":")
        with httpx.Client(base_url=self.address, trust_env=False, headers={"origin": self.address}) as client:
            assert client.post("/v1/session", json={"role": role, "person": person}).status_code == 201
            done = client.post(
                f"/v1/tickets/{ticket}/commands", json={"kind": kind, **fields}, timeout=PATIENCE_MS / 1000
            )
            assert done.status_code == 200, done.text

    def stranger(self, path: str) -> Page:
        """Somebody without a seat opens a page, in a browser that runs no script."""
        context = self.browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, java_script_enabled=False)
        context.set_default_timeout(PATIENCE_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._said)
        page.goto(path)
        return page

    def is_up(self) -> bool:
        """Whether the gateway answers."""
        try:
            return httpx.get(f"{self.address}/livez", timeout=2, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def pages(self) -> list[Page]:
        """All that are open."""
        return [page for context in self._contexts for page in context.pages]

    def close(self) -> None:
        """Everybody stands up."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()
        self.refusals, self.script = (), ""
