"""The page for residents, the law desk, the map and the scoreboard, on the stack of the console's other tests."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser import chromium
from tests.browser.seats import Town
from tests.browser.test_console import MAIN, serious

THEMES = ("light", "dark", "wall")


def kept_out(page: Page) -> dict[str, Any]:
    """What axe-core finds on a page that keeps somebody out, in each theme."""
    page.evaluate(chromium.axe())
    found = {"": serious(page, {})}
    for theme in THEMES:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found[theme] = serious(page, {"runOnly": ["color-contrast"]})
    page.evaluate("() => { document.documentElement.dataset.theme = 'light' }")
    return {where: what for where, what in found.items() if what}


def test_who_reported_looks_and_answers_without_a_script(town: Town, pictures: Path) -> None:
    """The desk has the link to give on; its page says how it stands and what was done, and takes one answer."""
    desk = town.sit("desk:desk-1")
    desk.get_by_role("link", name="接报台").click()
    form = desk.get_by_role("form", name="登记新诉求")
    form.locator('[name="text"]').fill("垃圾桶满了，在三号楼王小五家门口")
    form.locator('[name="grid"]').select_option(MAIN)
    form.locator('[name="category"]').select_option("bins_full")
    form.locator('[name="phone"]').fill("13900001235")
    form.get_by_role("button", name="登记").click()
    ticket = (form.locator(".reported").get_attribute("href") or "").rpartition("/")[2]
    link = form.locator('[data-test="report-link"]').get_attribute("href") or ""
    resident = town.stranger(link)
    expect(resident.locator(".state")).to_contain_text("已立案")
    told = town.ask(desk, f"/v1/tickets/{ticket}")["holder"]
    worker = f"{told['duty']}:{told['person']}"
    town.give(worker, ticket, "accept")
    town.give(worker, ticket, "start")
    town.give(worker, ticket, "finish", text="已清运 <b>并冲洗</b>，请电 13900001235", proof=["photo:1"])
    town.give("checker:checker-tawan-1", ticket, "check", passed=True)
    town.until(desk, f"/v1/tickets/{ticket}", lambda told: told["ticket"]["status"] == "surveyed", "it is checked")
    resident.reload()
    expect(resident.locator(".state")).to_contain_text("请您评价")
    expect(resident.locator("main")).to_contain_text("已清运 <b>并冲洗</b>")
    for hidden in ("王小五", "13900001235", ticket, told["person"]):
        assert hidden not in resident.content()
    resident.screenshot(path=pictures / "console-resident.png")
    resident.get_by_label("不满意").check()
    resident.locator("textarea").fill("还是很脏")
    resident.get_by_role("button", name="提交评价").click()
    expect(resident.get_by_role("alert")).to_contain_text("研究是否重新办理")
    town.until(desk, f"/v1/tickets/{ticket}", lambda told: told["ticket"].get("asked"), "what was answered is asked")
    assert town.ask(desk, f"/v1/tickets/{ticket}")["ticket"]["asked"]["reason"] == "还是很脏"
    town.refusals = ("status of 404",)
    nowhere = town.stranger(f"{link[:-4]}AAAA")
    expect(nowhere.locator("main")).to_contain_text("没有这个页面")


def packed(**files: str) -> bytes:
    """An archive as somebody's machine makes it."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"my-law/{name}.yaml", text)
    return whole.getvalue()


def test_a_law_is_tried_and_put_in_force_from_the_browser(town: Town, pictures: Path) -> None:
    """Faults with their witness, what differs, what would have been, and two clicks to publish what was checked."""
    chief = town.sit("chief:chief-1")
    town.report(chief, category="noise", location={"grid": MAIN})
    chief.goto(f"{town.address}/law")
    before = chief.locator('[data-test="in-force"] .id').first.inner_text()
    chief.locator('[name="pasted"]').fill("name: guancheng\nextends: guancheng\nmax_declines: 99\n")
    chief.get_by_role("button", name="检查").click()
    expect(chief.locator('[data-test="faults"]')).to_contain_text("max_declines")
    chief.locator('[name="pasted"]').fill("")
    law = packed(pack="name: guancheng\nextends: guancheng\nmax_declines: 1\n")
    chief.set_input_files('input[type="file"]', {"name": "law.zip", "mimeType": "application/zip", "buffer": law})
    chief.get_by_role("button", name="检查").click()
    expect(chief.locator('[data-test="sections"]').first).to_contain_text("退单次数上限 1")
    chief.get_by_role("button", name="推演", exact=True).click()
    expect(chief.locator('[data-test="what-if"]')).to_be_visible()
    assert kept_out(chief) == {}
    chief.screenshot(path=pictures / "console-law.png")
    chief.get_by_role("button", name="留待发布").click()
    expect(chief.locator('[data-test="in-waiting"] li')).to_have_count(1)
    street = town.sit("street:street-longhaimalu-1", lang="en")
    town.refusals = ("status of 404",)
    street.goto(f"{town.address}/law")
    street.get_by_text("It is not there, or not yours to see").wait_for()
    chief.get_by_role("button", name="发布…").click()
    dialog = chief.get_by_role("dialog", name="发布")
    expect(dialog).to_contain_text("退单次数上限 1")
    dialog.locator("textarea").fill("减少推诿，例会议定")
    dialog.get_by_role("button", name="确认发布").click()
    expect(chief.locator('[data-test="in-force"] .id').first).not_to_have_text(before)
    expect(chief.locator('[data-test="in-waiting"] li')).to_have_count(0)
    assert re.fullmatch(r"guancheng@[0-9a-f]{16}", town.ask(chief, "/v1/packs/in-force")["ref"])


def test_the_city_is_drawn_and_says_the_same_in_a_table(town: Town, pictures: Path) -> None:
    """Outlines coloured by what stands in them, a box that chooses, the queue that follows; where nothing can be drawn
    the table alone."""
    chief = town.sit("chief:chief-1")
    town.refusals = ("GL Driver Message",)  # a picture is taken of what is drawn without a graphics card
    for grid in (MAIN, MAIN, "boaijie-g1-m1"):
        town.report(chief, category="noise", location={"grid": grid})
    chief.goto(f"{town.address}/map")
    chief.wait_for_selector('[data-test="map"] canvas')
    table = chief.get_by_role("region", name="网格").get_by_role("table")
    expect(table.get_by_role("row").nth(1)).to_contain_text("塔湾1-1微网格")
    chief.get_by_role("button", name="框选").click()
    place = chief.locator('[data-test="map"] canvas').bounding_box()
    assert place is not None
    chief.mouse.move(place["x"] + 4, place["y"] + 4)
    chief.mouse.down()
    chief.mouse.move(place["x"] + place["width"] - 4, place["y"] + place["height"] - 4, steps=4)
    chief.mouse.up()
    expect(table.locator("input:checked")).not_to_have_count(0)
    chief.screenshot(path=pictures / "console-map.png")
    assert kept_out(chief) == {}
    chief.get_by_role("button", name="取消选择").click()
    table.get_by_label("塔湾1-1微网格").check()
    chief.get_by_role("button", name="在队列中查看（1）").click()
    expect(chief).to_have_url(re.compile(f"leaf={MAIN}"))
    expect(chief.locator(".row").first).to_be_visible()
    chief.goto(f"{town.address}/score")
    expect(chief.locator('[data-test="rates"]')).to_contain_text("办结率 目标 98 %")
    expect(chief.locator('[data-test="rate-table"]')).to_contain_text("陇海马路")
    expect(chief.get_by_role("region", name="全区").get_by_role("table")).to_contain_text("10 %")
    chief.get_by_role("button", name="人员").click()
    expect(chief.locator('[data-test="rate-table"] tbody tr')).not_to_have_count(0)
    assert kept_out(chief) == {}
    chief.screenshot(path=pictures / "console-score.png")
    chief.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    chief.goto(f"{town.address}/map")
    expect(chief.locator('[data-test="no-webgl"]')).to_be_visible()
    expect(table.get_by_role("row").nth(1)).to_contain_text("塔湾1-1微网格")
