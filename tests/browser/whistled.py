"""A whistle in the middle of a story: its principal blows it, two departments report in and do their part."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.seats import PATIENCE_MS, Town
from tests.support.stacks import wait

CALLED = ("chengguan", "huanbao")


def whistled(town: Town, ticket: str, chief: Page, pictures: Path) -> None:
    """The board says who was called and who is there; a command that is refused says why; once both have done their
    part, the ticket is worked on."""
    principal = town.sit("principal:principal-longhaimalu")
    principal.goto(f"{town.address}/tickets/{ticket}")
    commands = principal.get_by_role("region", name="可办事项")
    commands.get_by_role("button", name="吹哨", exact=True).click()
    for code in CALLED:
        commands.locator(f'[name="departments"][value="{code}"]').check()
    commands.locator('[name="case"]').select_option("joint_enforcement")
    commands.locator("form").get_by_role("button", name="吹哨", exact=True).click()
    chief.get_by_role("link", name="吹哨", exact=True).click()
    board = chief.get_by_role("region", name=ticket)
    expect(board.get_by_text("已吹哨")).to_have_count(len(CALLED))
    there = [town.sit(f"department:{code}-1") for code in CALLED]
    answered(town, ticket, there, "报到", "reported_in_at")
    expect(board.get_by_text("已报到")).to_have_count(len(CALLED))
    chief.screenshot(path=pictures / "console-whistles.png")
    there[0].get_by_text(re.compile(r"不可办的 \d+ 项及原因")).click()
    expect(there[0].locator(".refused")).to_contain_text("角色无权操作")
    answered(town, ticket, there, "办结", "ended_at")
    expect(board).to_have_count(0, timeout=PATIENCE_MS)


def answered(town: Town, ticket: str, there: list[Page], what: str, field: str) -> None:
    """Each department gives one of its own commands, one after the other: what no longer is so is refused."""
    name = re.compile(f"· {what}$")

    def done() -> int:
        children = town.ask(there[0], f"/v1/tickets/{ticket}")["children"]
        return sum(child.get(field) is not None for child in children)

    for n, page in enumerate(there, 1):
        page.goto(f"{town.address}/tickets/{ticket}")
        page.get_by_role("button", name=name).click()
        page.locator("form").get_by_role("button", name=name).click()
        wait(lambda wanted=n: done() == wanted, PATIENCE_MS / 1000, f"{what}: {n}")
