"""In the field, on a phone: a picture is taken, made small and sent as proof; whoever may see the ticket sees it."""

import base64
import re
from pathlib import Path

import httpx
from playwright.sync_api import FilePayload, Page, expect

from tests.browser import chromium
from tests.browser.seats import PHONE, Town
from tests.browser.test_console import MAIN, give, serious, status
from tests.support.pictures import EXIF, SECRET

TAKEN = """([width, height]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#7a8"; pen.fillRect(0, 0, width, height);
  pen.fillStyle = "#345"; pen.fillRect(width / 4, height / 3, width / 2, height / 2);
  return canvas.toDataURL("image/jpeg").split(",")[1];
}"""


def picture(page: Page, width: int, height: int) -> bytes:
    """A JPEG as a camera gives it: larger than it need be, and it says where it was taken."""
    made = base64.b64decode(page.evaluate(TAKEN, [width, height]))
    return made[:2] + EXIF + made[2:]


def file(name: str, content: bytes) -> FilePayload:
    """What somebody chooses; a browser believes its name."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def test_work_is_finished_with_a_picture_on_a_phone(town: Town, pictures: Path) -> None:
    """What cannot be read is said and nothing that was typed is lost; what is sent is small and says no place; the same
    twice is one; it is shown in the timeline, and to nobody who may not see the ticket."""
    desk, chief = town.sit("desk:desk-1"), town.sit("chief:chief-1")
    ticket = town.report(
        desk, category="bins_full", text="垃圾桶满了", location={"grid": MAIN, "address": "塔湾街 12 号院"}
    )
    told = town.ask(desk, f"/v1/tickets/{ticket}")["holder"]
    worker = town.sit(f"{told['duty']}:{told['person']}", PHONE)
    worker.goto(f"{town.address}/tickets/{ticket}")
    give(worker, "签收")
    worker.get_by_role("region", name="可办事项").get_by_role("button", name="办结", exact=True).click()
    form = worker.get_by_role("form", name="办结")
    form.locator('[name="text"]').fill("已清运并冲洗")
    camera, album = form.get_by_label("拍照"), form.get_by_label("选择照片")
    assert (camera.get_attribute("capture"), album.get_attribute("capture")) == ("environment", None)
    camera.set_input_files(file("x.jpg", b"<svg onload='alert(1)'/>"))
    expect(worker.locator(".toast-bad")).to_contain_text("无法读取")
    taken = file("IMG_0001.jpg", picture(worker, 2400, 1800))
    camera.set_input_files(taken)
    expect(form.get_by_role("img")).to_have_count(1)
    album.set_input_files([taken, file("IMG_0002.jpg", picture(worker, 900, 1200))])
    expect(form.get_by_role("img")).to_have_count(2)
    expect(form.locator('[name="text"]')).to_have_value("已清运并冲洗")
    worker.evaluate(chromium.axe())
    assert serious(worker, {}) == []
    worker.screenshot(path=pictures / "console-photo.png")
    form.get_by_role("button", name="移除照片 2").click()
    form.get_by_role("button", name="办结", exact=True).click()
    status(worker, "待核查")
    chief.goto(f"{town.address}/tickets/{ticket}")
    shown = chief.locator(".timeline").get_by_role("img", name="佐证照片 1")
    expect(shown).to_have_count(1)
    expect(shown).to_have_js_property("naturalWidth", 1600)
    expect(shown).to_have_js_property("naturalHeight", 1200)
    seen(town, chief, ticket, shown.get_attribute("src") or "")


def seen(town: Town, chief: Page, ticket: str, path: str) -> None:
    """What is kept, and who gets it."""
    assert re.fullmatch(rf"/v1/tickets/{ticket}/photos/[0-9a-f]{{64}}", path)
    kept = chief.request.get(f"{town.address}{path}")
    assert kept.headers["content-type"] == "image/jpeg" and kept.body()[:3] == b"\xff\xd8\xff"
    assert SECRET not in kept.body() and b"Exif" not in kept.body()
    elsewhere = town.sit("street:street-zijingshannanlu-1")  # nobody stands in for anybody there
    assert elsewhere.request.get(f"{town.address}{path}").status == 404
    assert httpx.get(f"{town.address}{path}", trust_env=False).status_code == 401
