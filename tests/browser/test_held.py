"""What is held, ended from the records' page. Nothing is held in a sound town: what the list says here is the test's,
and the gateway that is asked is the real one."""

import json

from playwright.sync_api import expect

from tests.browser.seats import Town

ROWS = [
    {"id": "clock:tawan-20260302-1:0:resolve:0:80", "at": 1772413200000, "home": "tawan", "size": 0, "partition": 0,
     "topic": None, "offset": None, "ticket": "tawan-20260302-1"},
    {"id": "incidents:0:17", "at": 1772413200000, "home": "tawan", "size": 412, "partition": 0, "topic": "incidents",
     "offset": 17, "ticket": None},
]  # fmt: skip


def test_what_is_held_is_ended_with_a_reason(town: Town) -> None:
    """A rung is given back to its clock, a record decided again, anything let go; what is no longer held is said."""
    desk = town.sit("desk:desk-1")
    listed = json.dumps({"rows": ROWS, "now": 1772413200000})
    desk.route(
        "**/v1/held",
        lambda route: (
            route.fulfill(content_type="application/json", body=listed)
            if route.request.method == "GET"
            else route.continue_()
        ),
    )
    desk.goto(f"{town.address}/records")
    clock, record = (desk.get_by_role("form", name="了结搁置的处理").nth(n) for n in range(2))
    for form in (clock, record):
        expect(form.get_by_role("button")).to_have_text(["重试搁置", "放弃搁置"])
    clock.get_by_role("button", name="重试搁置").click()  # without a reason nothing is asked
    clock.locator('[name="reason"]').fill("已修复")
    town.refusals = ("status of 404",)
    with desk.expect_request(lambda one: one.method == "POST" and one.url.endswith("/v1/held")) as asked:
        clock.get_by_role("button", name="重试搁置").click()
    assert asked.value.post_data_json == {"kind": "retry_held", "cause": ROWS[0]["id"], "reason": "已修复"}
    expect(desk.locator(".toast-bad")).to_contain_text("不存在，或不在您的权限内")
