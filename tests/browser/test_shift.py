"""What else a shift does in a browser: mends what was turned away, puts people on duty, takes what is on offer, calls
back, hands over; on the stack of the console's other tests."""

import asyncio
import os
import threading
from pathlib import Path
from typing import Any
from unittest.mock import patch

from playwright.sync_api import Page, expect

from engine.kafka import clients
from engine.local.folder import settings_of
from tests.browser.seats import PHONE, Town
from tests.browser.test_console import MAIN
from tests.support.stacks import wait
from topics.envelope import incident_message
from topics.ids import murmur2
from topics.registry import RAW

BROKEN: dict[str, Any] = {
    "occurred_at": "2026-03-02T00:30:00Z",
    "channel": "carrier pigeon",
    "text": "路灯不亮三天了，请打13800001234",
    "category": "bins_full",
    "location": {"grid": MAIN},
}


def past_the_door(town: Town, name: str, data: dict[str, Any]) -> None:
    """A producer writes what no door of ours would take; the browser's driver has this thread's loop."""

    with patch.dict(os.environ):
        os.environ.pop("GRIDWHISTLE_PICTURES", None)  # the tests' own, and no setting
        settings = settings_of(town.data)

    async def sent() -> None:
        key, value, headers = incident_message("app", name, data)
        producer = clients.sender(settings)
        await producer.start()
        partition = (murmur2(key) & 0x7FFFFFFF) % settings.partitions
        await producer.send_and_wait(settings.prefix + RAW.name, value, key=key, headers=headers, partition=partition)
        await producer.stop()

    thread = threading.Thread(target=lambda: asyncio.run(sent()))
    thread.start()
    thread.join()


def listed(town: Town, page: Page, path: str, name: str) -> list[Any]:
    """What an address lists."""
    found: list[Any] = town.ask(page, path)[name]
    return found


def test_a_rejected_report_is_mended_and_duty_is_changed(town: Town, pictures: Path) -> None:
    """The original is shown for a reason alone; what is amiss still is said; mended it is a ticket. Somebody is taken
    off duty by the law, and the board says so; a seat that may not has nothing to press."""
    desk = town.sit("desk:desk-1")
    past_the_door(town, "pigeon-1", BROKEN)
    wait(lambda: listed(town, desk, "/v1/rejected", "rows"), 60, "it was turned away")
    desk.get_by_text("更多", exact=True).click()
    desk.get_by_role("link", name="未成单记录").click()
    record = desk.locator("[data-record]").first
    expect(record).to_contain_text("字段无效")
    assert "13800001234" not in desk.content()
    record.locator('[name="why"]').fill("改正渠道后重发")
    record.get_by_role("button", name="查看原件").click()
    form = record.get_by_role("form", name="改正上报")
    for name, value in {"text": BROKEN["text"], "category": "bins_full", "location.grid": MAIN}.items():
        expect(form.locator(f'[name="{name}"]')).to_have_value(value)
    town.refusals = ("status of 422", "status of 404")  # asked for before it was a ticket, and asked again
    form.get_by_role("button", name="改正后重发").click()
    expect(form.get_by_role("alert")).to_contain_text("data.channel")
    desk.screenshot(path=pictures / "console-records.png")
    form.locator('[name="channel"]').select_option("app")
    form.get_by_role("button", name="改正后重发").click()
    record.get_by_role("link", name="查看工单").click()
    expect(desk.locator(".ticket-head")).to_contain_text("路灯不亮三天了")
    expect(desk.locator(".ticket-head h1")).to_have_text("垃圾满溢")
    desk.goto(f"{town.address}/duty")
    expect(desk.locator("main")).to_contain_text("本席位只能查看")
    chief = town.sit("chief:chief-1")
    chief.goto(f"{town.address}/duty")
    chief.get_by_role("button", name="调整 街道 陇海马路街道").click()
    dialog = chief.get_by_role("dialog")
    dialog.get_by_label("顶班").check()
    dialog.locator('[name="person"]').select_option("street-longhaimalu-2")
    dialog.locator('[name="other"]').fill("street-dongdajie-1")
    dialog.locator("form").get_by_role("button", name="调整").click()
    changes = chief.get_by_role("region", name="已生效的调整")
    expect(changes).to_contain_text("顶替 陈秀英")
    expect(chief.locator("table.duty tr", has_text="陇海马路街道").first).to_contain_text("王建国")
    chief.screenshot(path=pictures / "console-duty.png")


def finished(town: Town, page: Page, **fields: Any) -> str:
    """A ticket that was done and checked, and waits for what its reporter says."""
    ticket = town.report(page, category="bins_full", location={"grid": MAIN}, **fields)
    holder = town.ask(page, f"/v1/tickets/{ticket}")["holder"]
    seat = f"{holder['duty']}:{holder['person']}"
    for kind in ("accept", "start"):
        town.give(seat, ticket, kind)
    town.give(seat, ticket, "finish", text="已清运", proof=["photo:1"])
    town.give("checker:checker-tawan-1", ticket, "check", passed=True)
    return ticket


def test_an_offer_is_taken_a_call_made_and_the_shift_handed_over(town: Town, pictures: Path) -> None:
    """A volunteer takes on a phone; the desk calls back, the next one a key away, and signs its shift over to somebody
    who acknowledges it; whoever was told of an offer sees that it reached them."""
    desk = town.sit("desk:desk-1")
    wish = town.report(desk, category="small_wish", text="想给楼下修一条长椅", location={"grid": MAIN})
    holder = town.ask(desk, f"/v1/tickets/{wish}")["holder"]
    volunteer = town.sit(f"{holder['duty']}:{holder['person']}", PHONE)
    volunteer.goto(f"{town.address}/offers")
    offer = volunteer.locator(f'[data-offer="{wish}"]')
    expect(offer).to_contain_text(told_name(town, desk, holder["person"]))
    volunteer.screenshot(path=pictures / "console-offers.png")
    offer.get_by_role("button", name="接单").click()
    mine = volunteer.get_by_role("region", name="我已接的单").locator(f'[data-offer="{wish}"]')
    mine.get_by_role("button", name="申请退回").click()
    mine.locator('[name="reason"]').fill("需要木工，做不了")
    mine.locator("form").get_by_role("button", name="申请退回").click()
    wait(lambda: town.ask(desk, f"/v1/tickets/{wish}")["ticket"].get("asked"), 60, "it was asked to go back")
    first, second = (finished(town, desk, reporter={"phone": f"1390000{n}"}) for n in (2001, 2002))
    desk.goto(f"{town.address}/callbacks")
    for ticket in (first, second):  # both stand there before a key goes from one to the next
        desk.get_by_role("list", name="回访").locator(f'[data-of="{ticket}"]').wait_for()
    for ticket in (first, second):
        while desk.locator(f'[data-call="{ticket}"]').count() == 0:
            before = desk.locator("[data-call]").get_attribute("data-call")
            desk.keyboard.press("n")
            desk.locator(f'[data-call]:not([data-call="{before}"])').wait_for()
        call = desk.locator(f'[data-call="{ticket}"]')
        call.get_by_role("button", name="显示号码").click()
        expect(call.locator('[data-test="revealed"]')).to_contain_text("1390000")
        if ticket == second:
            desk.screenshot(path=pictures / "console-callbacks.png")
        call.get_by_role("button", name="满意", exact=True).click()
        wait(lambda one=ticket: town.ask(desk, f"/v1/tickets/{one}")["ticket"]["status"] == "closed", 60, "closed")
    handed_over(town, desk, pictures)
    volunteer.goto(f"{town.address}/notices")
    expect(volunteer.locator("tbody")).to_contain_text("派给您，请签收")


def told_name(town: Town, page: Page, person: str) -> str:
    """How somebody of the roster is called."""
    return str(town.ask(page, "/v1/packs/in-force")["people"][person])


def handed_over(town: Town, desk: Page, pictures: Path) -> None:
    """The desk's shift ends and the chief's begins."""
    desk.goto(f"{town.address}/handover")
    sign = desk.get_by_role("form", name="签字交班")
    sign.locator('[name="to"]').fill("chief-1")
    sign.locator('[name="note"]').fill("两件待立案，九点回电")
    sign.get_by_role("button", name="签字交班").click()
    expect(desk.locator("[data-handover]").first).to_contain_text("待确认")
    chief = town.sit("chief:chief-1")
    chief.goto(f"{town.address}/handover")
    given = chief.locator("[data-handover]").first
    expect(given).to_contain_text("两件待立案，九点回电")
    chief.screenshot(path=pictures / "console-handover.png")
    given.locator('[name="note"]').fill("收到")
    given.get_by_role("button", name="确认接班").click()
    expect(given).to_contain_text("已接班")
    desk.reload()
    expect(desk.locator("[data-handover]").first).to_contain_text("收到")
