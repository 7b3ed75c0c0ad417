"""What our own fault kept from being decided, ended from a screen: once, with a reason, by whom the law lets."""

from pathlib import Path
from typing import Any

from tests.support.house import House, house
from topics.ticket import HeldCause


def hold(here: House, name: str, home: str = "east") -> None:
    """A cause is held, as the partition remembers it and as the gateway has read it."""
    cause = HeldCause(at=here.world.now, home=home, size=0 if name.startswith("clock:") else 12, sha256="0" * 64)
    number = here.world.partition(f"{home}-20260302-1")
    here.city.book.held[name] = cause
    here.world.tail.held[number][name] = cause


async def test_a_held_cause_is_let_go_once(redis_url: str, tmp_path: Path) -> None:
    """With a reason; then nothing of that name is held. Whoever may not see it is told nothing."""
    async with house(redis_url, tmp_path) as (here, client):
        desk, name = here.person("desk:desk-1"), "incidents:0:17"
        hold(here, name)
        given: dict[str, Any] = {"kind": "drop_held", "cause": name, "reason": "reported by telephone meanwhile"}
        for who in ("street:south-street", "department:urban-1"):
            assert (await client.post("/v1/held", headers=here.person(who), json=given)).status_code == 404
        for field, value in {"kind": "approve", "cause": 3, "reason": " "}.items():
            wrong = await client.post("/v1/held", headers=desk, json=given | {field: value})
            assert (wrong.status_code, wrong.json()["field"]) == (422, field)
        retried = await client.post("/v1/held", headers=desk, json=given | {"kind": "retry_held"})
        assert retried.status_code == 422 and "gridwhistle held retry" in retried.json()["detail"]
        done = await client.post("/v1/held", headers=desk, json=given)
        assert (done.status_code, done.json()["reason"]) == (200, "held_dropped"), done.text
        assert name not in here.city.book.held
        assert (await client.post("/v1/held", headers=desk, json=given)).status_code == 404
        here.world.tail.held[here.world.partition("east-20260302-1")][name] = HeldCause(at=1, home="east")
        late = await client.post("/v1/held", headers=desk, json=given)  # another was faster, and it is not read yet
        assert (late.status_code, late.json()["reason"]) == (409, "not_held")


async def test_a_held_rung_is_given_back_to_its_clock(redis_url: str, tmp_path: Path) -> None:
    """It fires late, once; a clock that is gone is said, and is let go."""
    async with house(redis_url, tmp_path) as (here, client):
        chief = here.person("chief:chief-1")
        gone = "clock:east-20260302-99:0:resolve:0:80"
        hold(here, gone)
        given = {"kind": "retry_held", "cause": gone, "reason": "mended"}
        told = await client.post("/v1/held", headers=chief, json=given)
        assert (told.status_code, told.json()["reason"]) == (409, "not_in_this_status"), told.text
        let_go = await client.post("/v1/held", headers=chief, json=given | {"kind": "drop_held"})
        assert let_go.status_code == 200, let_go.text
