"""A ticket that nobody takes: its limit breaks, it goes to the next tier, and every screen says so by itself. In a town
of its own, whose clock goes 120 times as fast."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.seats import Town
from tests.browser.test_console import MAIN
from tests.support.servers import free_ports
from tests.support.stacks import up

LAW = """name: guancheng
extends: guancheng
more_categories:
  - {code: lamp_out, label: "Lamp out", label_zh: 路灯不亮, group: 城建, urgency: U4, limit: 30 minute, lead: zhujian}
"""
"""Half an hour, and four working hours to accept: the limit breaks before anybody is asked a second time."""
CLOCK = "2026-03-02T09:00:00+08:00@120"
"""A limit of half an hour is 15 s; the next tier has it for 30 s before it goes on up."""
ROWS = """new MutationObserver(() => {
  window.rowsShown ??= {};
  for (const row of document.querySelectorAll(".row")) {
    const said = [".holder span", ".limit b", ".limit small"].map((one) => row.querySelector(one)?.textContent ?? "");
    const shown = (window.rowsShown[row.dataset.id] ??= []);
    if (String(shown.at(-1)) !== String(said)) shown.push(said);
  }
}).observe(document, { subtree: true, childList: true, characterData: true })"""
"""Notes all that a queue's rows ever showed: who has it, how near the limit is, what follows."""


@pytest.fixture(scope="module")
def town(engine: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The demonstration's city with a limit that breaks soon."""
    data, law, base = tmp_path_factory.mktemp("fast") / "stack", tmp_path_factory.mktemp("law"), free_ports(20)
    (law / "pack.yaml").write_text(LAW)
    words = ("--pack", str(law), "--archive", "--port-base", str(base), "--clock", CLOCK)
    with up(data, *words, GRIDWHISTLE_GATEWAY_SEATS="open"):
        yield Town(engine, data, f"http://127.0.0.1:{base + 5}")


def filed(desk: Page) -> str:
    """Somebody calls; answers the ticket's id."""
    desk.get_by_role("link", name="接报台").click()
    form = desk.get_by_role("form", name="登记新诉求")
    form.locator('[name="text"]').fill("三号楼前路灯不亮，老人摔了一跤")
    form.locator('[name="grid"]').select_option(MAIN)
    form.locator('[name="category"]').select_option("lamp_out")
    form.get_by_role("button", name="登记").click()
    return (form.locator(".reported").get_attribute("href") or "").rpartition("/")[2]


def test_a_limit_breaks_and_every_screen_says_so(town: Town) -> None:
    """Filed in the browser, at the grid; then late and with the community: in the queue's row with what follows, in the
    queue of what is late, on the screen of the community, and as a sentence on the ticket's page, none asked for
    again."""
    community = town.sit("backstop:backstop-tawan-1")
    community.goto(f"{town.address}/queues/all")
    chief = town.sit("chief:chief-1", script=ROWS)
    late = town.tab(chief)
    late.goto(f"{town.address}/queues/late")
    chief.goto(f"{town.address}/queues/all")
    expect(late.locator(".empty")).to_be_visible()
    desk = town.sit("desk:desk-1")
    ticket = filed(desk)
    desk.locator(".reported").click()
    sentences = desk.locator(".timeline")
    expect(sentences).to_contain_text("立案")
    row = f'[data-id="{ticket}"]'
    for page in (chief, late, community):
        expect(page.locator(f"{row} .limit")).to_contain_text("超时")
    expect(sentences).to_contain_text("由网格升级到社区")
    expect(desk.locator(".ticket-head .limit")).to_contain_text("超时")
    shown = chief.evaluate("id => window.rowsShown[id]", ticket)
    tiers = list(dict.fromkeys(who.partition(" · ")[0] for who, _, _ in shown))
    assert tiers[:2] == ["网格", "社区"], shown
    at_grid, at_community = ([one for one in shown if one[0].startswith(tier)] for tier in tiers[:2])
    assert any("剩" in left and then for _, left, then in at_grid), shown
    assert all("超时" in left for _, left, _ in at_community) and "督办" in at_community[0][2], shown
