"""A shift at the console, on a real stack through a real browser: told in order, seen live by somebody else."""

import gzip
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.browser.live import WATCHING, demand_within_a_second, seen_live
from tests.browser.seats import PATIENCE_MS, PHONE, Town, revealed
from tests.browser.whistled import whistled
from tests.support.stacks import run, wait

HOSTILE = (
    '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1"> {{constructor.constructor("x")()}} ${1+1}'
    " 👩‍👩‍👧‍👦 \u200fمرحبا\u200e " + "很长" * 1800
)
MAIN = "tawan-g1-m1"


def status(page: Page, text: str) -> None:
    """Wait until the ticket's page says that it is so."""
    expect(page.locator('[data-test="status"]')).to_have_text(text, timeout=PATIENCE_MS)


def give(page: Page, name: str, **fields: str) -> None:
    """Press a command's button, and where it has a form, fill it in and press again."""
    commands = page.get_by_role("region", name="可办事项")
    commands.get_by_role("button", name=name, exact=True).click()
    for field, value in fields.items():
        if value in ("yes", "no"):
            page.check(f'input[name="{field}"][value="{value}"]')
        else:
            page.fill(f'[name="{field}"]', value)
    if fields:
        commands.locator("form").get_by_role("button", name=name, exact=True).click()


def reported_by_phone(desk: Page) -> str:
    """The desk takes a call; answers the ticket's id."""
    desk.get_by_role("link", name="接报台").click()
    form = desk.get_by_role("form", name="登记新诉求")
    form.locator('[name="text"]').fill("垃圾桶满了三天，味道很大")
    form.locator('[name="grid"]').select_option(MAIN)
    form.locator('[name="address"]').fill("塔湾街 12 号院")
    form.locator('[name="category"]').select_option("bins_full")
    form.locator('[name="phone"]').fill("13900001234")
    form.get_by_role("button", name="登记").click()
    return (form.locator(".reported").get_attribute("href") or "").rpartition("/")[2]


def test_from_a_call_to_its_end_through_the_browser_alone(town: Town, pictures: Path) -> None:
    """Report by phone, split, accepted on a phone, whistle, two departments that report in and do their part, finished
    with a picture, checked, answered, closed; the chief sees each step as it is done, within a second."""
    town.script = WATCHING
    desk, chief = town.sit("desk:desk-1"), town.sit("chief:chief-1")
    chief.goto(f"{town.address}/queues/all")
    ticket = reported_by_phone(desk)
    row = chief.locator(f'[data-id="{ticket}"]')
    expect(row).to_contain_text("待签收")
    assert "13900001234" not in chief.content()
    row.locator(".title").click()
    status(chief, "待签收")
    told = town.ask(chief, f"/v1/tickets/{ticket}")
    worker = town.sit(f"{told['holder']['duty']}:{told['holder']['person']}", PHONE)
    worker.locator(f'[data-id="{ticket}"] .title').click()
    give(worker, "签收")
    status(chief, "已签收")
    whistled(town, ticket, chief, pictures)
    chief.goto(f"{town.address}/tickets/{ticket}")
    status(chief, "处置中")
    status(worker, "处置中")
    worker.screenshot(path=pictures / "console-phone.png")
    give(worker, "办结", text="已清运并冲洗", proof="photo:1")
    status(chief, "待核查")
    closed(town, ticket, desk=desk, chief=chief, pictures=pictures)
    changes = seen_live(town, chief, {"accept": "已签收", "finish": "待核查", "check": "待回访", "answer": "已结案"})
    assert [one.kind for one in changes] == ["accept", "report_in", "report_in", "finish", "check", "answer"], changes
    demand_within_a_second(changes)


def closed(town: Town, ticket: str, *, desk: Page, chief: Page, pictures: Path) -> None:
    """What was finished is checked, and its reporter called back; nothing of them stays on a screen."""
    checker = town.sit("checker:checker-tawan-1")
    checker.goto(f"{town.address}/tickets/{ticket}")
    give(checker, "核查", passed="yes")
    status(chief, "待回访")
    desk.goto(f"{town.address}/tickets/{ticket}")
    expect(revealed(desk, "survey")).to_contain_text("13900001234")
    desk.screenshot(path=pictures / "console-reporter.png")
    give(desk, "回访结果", satisfied="yes")
    status(chief, "已结案")
    expect(chief.locator(".timeline")).to_contain_text("已清运并冲洗")
    chief.get_by_role("button", name="为何如此").click()
    expect(chief.locator(".agrees")).to_be_visible()
    chief.locator(".timeline pre").first.scroll_into_view_if_needed()
    chief.screenshot(path=pictures / "console-ticket.png")
    desk.get_by_role("link", name="接报台").click()
    assert "13900001234" not in desk.content()
    desk.locator('[name="phone"]').fill("13900001234")
    expect(desk.locator(".earlier")).to_contain_text("垃圾桶满了三天")
    desk.screenshot(path=pictures / "console-desk.png")


def test_whoever_was_slower_is_told_what_it_is_now(town: Town) -> None:
    """Two look at the same; one acts on what no longer is, and nothing is done."""
    first, second = town.sit("chief:chief-1"), town.sit("desk:desk-1")
    ticket = town.report(first, location={"grid": MAIN})
    for page in (first, second):
        page.goto(f"{town.address}/tickets/{ticket}")
        status(page, "待立案")
    commands = second.get_by_role("region", name="可办事项")
    commands.get_by_role("button", name="不予受理", exact=True).click()
    second.fill('[name="reason"]', "重复反映")
    second.fill('[name="text"]', "此前已受理")
    first.get_by_role("button", name="立案", exact=True).click()
    first.locator('.command-form [name="category"]').select_option("noise")
    first.locator(".command-form").get_by_role("button", name="立案", exact=True).click()
    status(second, "待签收")
    town.refusals = ("status of 412",)
    commands.locator("form").get_by_role("button", name="不予受理", exact=True).click()
    expect(second.locator(".toast-bad")).to_contain_text("工单已被他人更新")
    different = second.locator('[data-test="difference"]')
    expect(different.locator("del", has_text="待立案")).to_have_count(1)
    expect(different.locator("ins", has_text="待签收")).to_have_count(1)
    assert town.ask(first, f"/v1/tickets/{ticket}")["ticket"]["status"] == "offered"


CALLS = {
    "open_barbecue": ("烧烤摊夜里十二点还在放音乐，油烟呛人", "tawan-g1-m2", "塔湾街 3 号"),
    "fire_lane_blocked": ("消防通道被私家车堵死", "chengnanlu-g1-m1", "城南路 88 号院"),
    "lift_stuck": ("2 号楼电梯停在五层，老人下不来", "boaijie-g2-m1", "博爱街 17 号院"),
    "road_pit": ("路口新挖的坑没有围挡", "nanguan-g1-m2", "南关街与顺城街口"),
    "elder_care": ("独居老人需要送餐", "dongguannanli-g2-m3", "东关南里 5 号"),
    "small_wish": ("想给楼下修一条长椅", "zijingnanyuan-g1-m1", "紫荆南苑南门"),
}
"""Category -> what is said, in which grid, at which address."""


def test_many_at_once_are_tried_first(town: Town, pictures: Path) -> None:
    """Chosen by keyboard, tried, done; each is answered by itself."""
    chief = town.sit("chief:chief-1")
    tickets = [
        town.report(chief, category=category, text=text, location={"grid": grid, "address": address})
        for category, (text, grid, address) in CALLS.items()
    ]
    town.report(chief, text="电话里说不清楚，请回电", location={"grid": MAIN})
    chief.goto(f"{town.address}/queues/all")
    chief.wait_for_selector(f'[data-id="{tickets[-1]}"]')
    chief.screenshot(path=pictures / "console-queue.png")
    for ticket in tickets:
        chief.check(f'[data-id="{ticket}"] input')
    chief.get_by_role("toolbar").get_by_role("button", name="备注").click()
    chief.fill("dialog textarea", "节后统一清运")
    chief.get_by_role("button", name="试算").click()
    expect(chief.locator(".outcome")).to_contain_text(f"可办 {len(CALLS)} / {len(CALLS)}")
    chief.screenshot(path=pictures / "console-many.png")
    chief.get_by_role("button", name=f"执行（{len(CALLS)} 件）").click()
    expect(chief.locator(".outcome")).to_contain_text(f"已办 {len(CALLS)} / {len(CALLS)}")
    chief.goto(f"{town.address}/wall?views=all,overdue&rotate=0&kiosk")
    there = town.ask(chief, "/v1/queues/open?limit=1000")["rows"]
    expect(chief.locator('[data-test="wall-all"]')).to_have_text(str(len(there)))
    expect(chief.locator(".wall a, .wall button, .wall input, .top")).to_have_count(0)
    chief.screenshot(path=pictures / "console-wall.png")


def test_what_strangers_write_is_text(town: Town) -> None:
    """Everywhere it is shown, whole, and nothing of it runs."""
    chief = town.sit("chief:chief-1")
    ticket = town.report(chief, text=HOSTILE, category="bins_full", location={"grid": MAIN, "address": HOSTILE[:90]})
    shown = town.ask(chief, f"/v1/tickets/{ticket}")["ticket"]["text"]
    assert "<script>" in shown
    for path in ("/queues/all", "/desk", f"/tickets/{ticket}"):
        chief.goto(f"{town.address}{path}")
        chief.wait_for_selector(".row, .report, .timeline")
        assert chief.evaluate("window.pwned") is None
    status(chief, "待签收")
    assert chief.locator(".text-whole").first.inner_text() == shown


AXE = "async tags => (await axe.run(document, tags)).violations.map(v => [v.impact, v.id, v.nodes.map(n => n.html)])"
CONTRAST = {"runOnly": ["color-contrast"]}


def serious(page: Page, options: dict[str, list[str]]) -> list[Any]:
    """What axe-core finds that keeps somebody out."""
    found: list[Any] = page.evaluate(AXE, options)
    return [one for one in found if one[0] in ("serious", "critical")]


AT_ONCE = """keys => keys.forEach(key => document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", {bubbles: true, cancelable: true, ...key})))"""


def test_everything_by_keyboard(town: Town) -> None:
    """From the queue to a ticket, a command's form and back, and anywhere by a few letters."""
    chief = town.sit("chief:chief-1")
    town.report(chief, category="noise", location={"grid": MAIN})
    chief.keyboard.press("g")
    chief.keyboard.press("a")
    chief.wait_for_selector(".row")
    chief.keyboard.press("j")
    chief.keyboard.press("x")
    expect(chief.locator(".row-here.row-chosen")).to_have_count(1)
    chief.keyboard.press("Enter")
    chief.wait_for_selector(".commands")
    chief.keyboard.press("m")
    expect(chief.get_by_role("form", name="备注").locator("textarea")).to_be_focused()
    chief.keyboard.press("Escape")
    expect(chief.get_by_role("form", name="备注")).to_have_count(0)
    expect(chief.locator(".commands")).to_be_visible()
    chief.evaluate(AT_ONCE, [{"key": "Escape"}, {"key": "g"}, {"key": "d"}])
    chief.wait_for_selector(".report")
    chief.go_back()
    chief.wait_for_selector(".row")
    chief.keyboard.press("Control+k")
    chief.keyboard.type("接报台")
    chief.evaluate(AT_ONCE, [{"key": "Enter", "isComposing": True}, {"key": "Escape", "isComposing": True}])
    expect(chief.locator("dialog input")).to_have_value("接报台")
    chief.keyboard.press("Enter")
    chief.wait_for_selector(".report")
    chief.keyboard.press("?")
    expect(chief.get_by_role("dialog", name="标记与按键")).to_be_visible()


def test_the_script_is_small_and_is_kept(town: Town) -> None:
    """At most 120 KB packed before the map; a file with its hash in its name is never asked for again."""
    page = httpx.get(town.address, trust_env=False)
    names = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    assert page.headers["cache-control"] == "no-cache" and len(names) >= 2
    sizes = 0
    for name in names:
        found = httpx.get(f"{town.address}{name}", headers={"accept-encoding": "gzip"}, trust_env=False)
        assert "immutable" in found.headers["cache-control"]
        sizes += len(gzip.compress(found.content)) if name.endswith(".js") else 0
    assert 0 < sizes <= 120 * 1024


def rows(page: Page) -> dict[str, int]:
    """What a queue shows."""
    found = page.eval_on_selector_all("[data-id]", "rows => rows.map(row => [row.dataset.id, +row.dataset.version])")
    return {str(name): int(version) for name, version in found}


def test_a_gateway_that_is_killed_is_made_good(town: Town) -> None:
    """It is back within a second, which is no banner's worth (one of a longer cut: ``test_console_streams.py``); what
    happened meanwhile is there, nothing is missing and nothing doubled."""
    chief = town.sit("chief:chief-1", (1366, 6000))
    chief.goto(f"{town.address}/queues/all")
    chief.wait_for_selector(".row")
    chief.locator(".row input").first.check()
    chosen = chief.locator(".row-chosen").get_attribute("data-id")
    process = json.loads((town.data / "stack.json").read_text())["processes"]["gateway-1"]
    town.refusals = ("Failed to load resource",)
    os.kill(int(process["pid"]), signal.SIGKILL)
    done = run("report", "--category", "noise", "--grid", MAIN, "--text", "meanwhile", data=town.data)
    assert done.returncode == 0, done.stderr
    expect(chief.locator('[data-test="lost"]')).to_have_count(0, timeout=PATIENCE_MS)
    expect(chief.locator(f'[data-id="{done.stdout.strip()}"]')).to_be_visible(timeout=PATIENCE_MS)
    wait(town.is_up, 60, "the gateway is up")

    def is_equal() -> bool:
        told = town.ask(chief, "/v1/queues/open?limit=1000")["rows"]
        return rows(chief) == {row["id"]: row["version"] for row in told}

    wait(is_equal, 60, "the page shows what the gateway has")
    assert chief.locator(".row-chosen").get_attribute("data-id") == chosen
