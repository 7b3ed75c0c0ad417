"""What an operator leans on all night: views that are kept, zeros that stay, all that match chosen and undone, menus
that Escape shuts, a browser that says an odd thing of itself."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.seats import Town
from tests.browser.test_console import MAIN

ODD = "Object.defineProperty(Navigator.prototype, 'language', {get: () => '%s'})"


def queue(town: Town, address: str, size: tuple[int, int] = (1366, 768)) -> Page:
    """The chief before a view."""
    chief = town.sit("chief:chief-1", size)
    chief.goto(f"{town.address}{address}")
    chief.wait_for_selector(".queue-head")
    return chief


def test_escape_shuts_a_menu_and_leaves_what_is_chosen(town: Town) -> None:
    """Opened by its key, shut by Escape with the focus where it was opened; what was chosen stays until Escape is
    pressed again. A click elsewhere shuts it too."""
    chief = queue(town, "/queues/all")
    town.report(chief, category="noise", location={"grid": MAIN})
    chief.wait_for_selector(".row")
    chief.keyboard.press("j")
    chief.keyboard.press("x")
    expect(chief.locator(".row-chosen")).to_have_count(1)
    chief.keyboard.press("v")
    expect(chief.locator("details.saved")).to_have_attribute("open", "")
    chief.keyboard.press("Escape")
    expect(chief.locator("details.menu[open]")).to_have_count(0)
    expect(chief.locator(".saved summary")).to_be_focused()
    expect(chief.locator(".row-chosen")).to_have_count(1)
    chief.keyboard.press("b")
    expect(chief.locator("details.bell")).to_have_attribute("open", "")
    chief.locator("h1").click()
    expect(chief.locator("details.menu[open]")).to_have_count(0)
    chief.keyboard.press("Escape")
    expect(chief.locator(".row-chosen")).to_have_count(0)


def test_an_own_view_is_kept_and_found_again(town: Town) -> None:
    """Kept by this browser under its name, found after a reload, followed with its menu shut behind it, and let go."""
    chief = queue(town, "/queues/all?tier=street&urgency=U1")
    chief.locator(".saved summary").click()
    chief.fill('.saved [name="name"]', "街道特急")
    chief.locator(".saved").get_by_role("button", name="保存", exact=True).click()
    chief.goto(f"{town.address}/queues/mine")
    chief.locator(".saved summary").click()
    chief.locator(".saved").get_by_role("link", name="街道特急").click()
    expect(chief).to_have_url(re.compile(r"/queues/all\?tier=street&urgency=U1$"))
    expect(chief.locator("details.menu[open]")).to_have_count(0)
    chief.locator(".saved summary").click()
    chief.get_by_role("button", name="删除 街道特急").click()
    expect(chief.locator(".saved").get_by_role("link", name="街道特急")).to_have_count(0)


def test_a_zero_stays_and_can_be_clicked(town: Town) -> None:
    """All that the law has stands there with its zero, more than a few behind a button; a value whose last row has gone
    stays; a click on one says that nothing fits and how to go on."""
    chief = queue(town, "/queues/all", (1366, 2000))
    ticket = town.report(chief, category="lift_stuck", location={"grid": "jiangjunlu-g1-m1"}, text="zero")
    chief.locator(f'[data-id="{ticket}"]').wait_for()
    facet = chief.get_by_role("group", name="类别").locator("label", has_text="电梯")
    expect(facet.locator(".n")).not_to_have_text("0")
    law = town.ask(chief, "/v1/packs/in-force")
    expect(chief.get_by_role("group", name="部门").locator("label")).to_have_count(len(law["departments"]))
    group, count = chief.get_by_role("group", name="类别"), len(law["categories"]) + 1
    group.get_by_role("button", name=f"全部 {count} 项").click()
    expect(group.locator("label")).to_have_count(count)
    group.get_by_role("button", name="收起").click()
    state = chief.get_by_role("group", name="状态").locator("label", has_text="挂账")
    expect(state).to_have_class("zero")
    state.locator("input").check()
    expect(chief.locator(".empty")).to_contain_text("没有符合筛选")
    expect(facet.locator(".n")).to_have_text("0")
    chief.locator(".empty").get_by_role("button", name="清除").click()
    expect(chief.locator(f'[data-id="{ticket}"]')).to_be_visible()


def test_all_that_match_are_chosen_done_and_undone(town: Town) -> None:
    """Those of another view that were chosen before are said; the box over a view is full where all of it is chosen.
    A supervision order for all is lifted again by one button."""
    chief = queue(town, "/queues/all")
    other = town.report(chief, category="noise", text="elsewhere", location={"grid": MAIN})
    tickets = [town.report(chief, category="noise", text=f"match-{n}", location={"grid": MAIN}) for n in range(3)]
    chief.locator(".queue-head .words").fill("elsewhere")
    chief.check(f'[data-id="{other}"] input')
    chief.locator(".queue-head .words").fill("match-")
    chief.locator(f'[data-id="{tickets[-1]}"]').wait_for()
    box, bar = chief.locator('.queue-head > input[type="checkbox"]'), chief.get_by_role("toolbar", name="批量办理")
    expect(box).not_to_be_checked()
    expect(bar).to_contain_text("其中 1 件不在此视图")
    bar.get_by_role("button", name="选择全部 3 件").click()
    expect(box).to_be_checked()
    expect(bar).to_contain_text("已选 3 件")
    bar.get_by_role("button", name="督办", exact=True).click()
    chief.fill('dialog [name="reason"]', "节前必须清完")
    chief.get_by_role("button", name="试算").click()
    chief.get_by_role("button", name="执行（3 件）").click()
    expect(chief.locator(".outcome")).to_contain_text("已办 3 / 3")
    for one in tickets:
        town.until(chief, f"/v1/tickets/{one}", lambda told: told["stages"]["supervised"], "it is supervised")
    chief.locator("dialog").get_by_role("button", name="撤回").click()
    expect(chief.locator("dialog")).to_have_count(0)
    for one in (*tickets, other):
        town.until(
            chief, f"/v1/tickets/{one}", lambda told: told["ticket"].get("supervised_by") is None, "the order is lifted"
        )


def test_what_is_different_is_said_in_words(town: Town) -> None:
    """A department that reported in meanwhile stands in the difference by name and state, and not by code."""
    chief = town.sit("chief:chief-1")
    ticket = town.report(chief, category="gas_leak", location={"grid": "tawan-g2-m3"})
    chief.goto(f"{town.address}/tickets/{ticket}")
    commands = chief.get_by_role("region", name="可办事项")
    commands.get_by_role("button", name="备注", exact=True).click()
    commands.locator('[name="text"]').fill("已到现场")
    child = next(one for one in town.ask(chief, f"/v1/tickets/{ticket}")["children"] if one["code"] == "ranqi")
    town.give("department:ranqi-1", ticket, "report_in", child=f"ranqi/{child['n']}")
    expect(chief.locator(".ticket-main")).to_contain_text("已报到")
    town.refusals = ("status of 412",)
    commands.locator("form").get_by_role("button", name="备注", exact=True).click()
    told = chief.locator('[data-test="difference"]')
    expect(told.locator("ins")).to_contain_text("燃气 已报到")
    assert not re.search("[a-z]{3,}", told.inner_text())


@pytest.mark.parametrize("tag", ["en-US@posix", "C"])
def test_a_browser_that_speaks_no_language_has_the_chart(town: Town, tag: str) -> None:
    """What it says of its language is no tag: the scoreboard is there all the same, and so is what stands in it."""
    chief = town.sit("chief:chief-1", script=ODD % tag)
    assert chief.evaluate("navigator.language") == tag
    chief.goto(f"{town.address}/score")
    expect(chief.locator('[data-test="rates"]')).to_be_visible()


def test_the_scoreboard_is_taken_away_as_a_file(town: Town) -> None:
    """The file is the server's, under its name; what the numbers' page has as well."""
    chief = town.sit("chief:chief-1")
    town.report(chief, category="noise", location={"grid": MAIN})
    for path, name in (("/score", "rates-street"), ("/numbers", "tickets-home")):
        chief.goto(f"{town.address}{path}")
        with chief.expect_download() as taken:
            chief.get_by_role("button", name="CSV").click()
        assert taken.value.suggested_filename.startswith(name)
        text = taken.value.path().read_bytes()
        assert text.startswith(b"\xef\xbb\xbf") and "工单".encode() in text
