"""What our own fault kept from being decided, ended from a screen: once, with a reason, by whom the law lets."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from engine.stages.dispatch import cause_of
from tests.support.city import REF
from tests.support.fetched import fetched
from tests.support.house import House, eventually, house
from topics import codec
from topics.ids import HomeCode
from topics.incident import Incident
from topics.registry import INCIDENTS
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
        assert (retried.status_code, retried.json()["field"]) == (422, "cause")  # it lies nowhere
        assert "Report it again" in retried.json()["detail"] and here.log.all(INCIDENTS.name, 0) == []
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


def reported(here: House, identity: str) -> tuple[str, int]:
    """An incident lies on its topic that could not be decided; answers its name and partition."""
    incident = Incident(
        identity=identity,
        home=HomeCode("east"),
        occurred_at=here.world.now,
        received_at=here.world.now,
        channel="app",
        pack=REF,
        placed_by="grid",
        category="bins",
        leaf="east1",
        text="bins overflowing",
    )
    value, number = codec.encode(incident), here.world.partition("east-20260302-1")
    offset = here.log.append(INCIDENTS.name, number, value, b"east")
    name = f"{INCIDENTS.name}:{number}:{offset}"
    cause = HeldCause(
        at=here.world.now, home="east", size=len(value), sha256=hashlib.sha256(value).hexdigest(), appended_at=1
    )
    here.city.book.held[name] = here.world.tail.held[number][name] = cause
    return name, number


@asynccontextmanager
async def dispatching(here: House, number: int) -> AsyncIterator[list[Any]]:
    """Dispatch reads what comes to a partition of ``incidents`` from now on; gives what it has read."""
    read, begun = list[Any](), len(here.log.all(INCIDENTS.name, number))

    async def run() -> None:
        while True:
            for one in here.log.all(INCIDENTS.name, number)[begun + len(read) :]:
                read.append(one)
                record = fetched(
                    INCIDENTS.name,
                    one.offset,
                    one.key,
                    one.value,
                    partition=number,
                    headers=one.headers,
                    at=here.world.now,
                )
                async with here._turn:
                    here.city.now = here.world.now
                    await here._commit(here.city.take(cause_of(record)), number)
            await asyncio.sleep(0.005)

    running = asyncio.create_task(run())
    try:
        yield read
    finally:
        running.cancel()


async def test_a_held_report_is_decided_again_by_its_own_bytes(redis_url: str, tmp_path: Path) -> None:
    """In a transaction, beside the command of whoever asks: it becomes its ticket, once; asked again it is not held."""
    async with house(redis_url, tmp_path) as (here, client):
        desk = here.person("desk:desk-1")
        name, number = reported(here, "app:H1")
        given = {"kind": "retry_held", "cause": name, "reason": "mended in 0.3.2, call 13900001234"}
        async with dispatching(here, number) as read:
            street = await client.post("/v1/held", headers=here.person("street:south-street"), json=given)
            assert street.status_code == 404 and read == []
            done = await client.post("/v1/held", headers=desk, json=given)
            assert (done.status_code, done.json()["reason"]) == (200, "reported"), done.text
            assert done.json()["ticket"].startswith("east-")
            [again] = read
            assert type(again).__name__ == "ConsumerRecord"  # written in a transaction: no stranger's
            assert again.value == here.log.all(INCIDENTS.name, number)[0].value and again.key == b"east"
            assert b"13900001234" not in again.headers[0][1]
            await eventually(lambda: name not in here.world.tail.held[number])
            assert (await client.post("/v1/held", headers=desk, json=given)).status_code == 404
            assert len(read) == 1 and name not in here.city.book.held


async def test_what_is_refused_or_altered_is_not_decided_again(redis_url: str, tmp_path: Path) -> None:
    """What another has ended meanwhile is refused by the law; bytes that are not the held ones are never written."""
    async with house(redis_url, tmp_path) as (here, client):
        name, number = reported(here, "app:H2")
        given = {"kind": "retry_held", "cause": name, "reason": "mended"}
        async with dispatching(here, number) as read:
            here.city.book.held.pop(name)  # another was faster, and it is not read here yet
            late = await client.post("/v1/held", headers=here.person("chief:chief-1"), json=given)
            assert (late.status_code, late.json()["reason"]) == (409, "not_held"), late.text
            assert len(read) == 1
            here.world.tail.held[number][name] = HeldCause(at=1, home="east", size=3, sha256="0" * 64)
            altered = await client.post("/v1/held", headers=here.person("chief:chief-1"), json=given)
            assert (altered.status_code, altered.json()["field"]) == (422, "cause")
            assert "altered" in altered.json()["detail"] and len(read) == 1
