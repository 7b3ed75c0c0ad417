"""Who changes the same rows at the same moment waits for the other and is served: nobody is told that the database is
away because two of us waited for each other."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.database.schema import again_at_deadlock, answering
from engine.doors.deliveries import Then
from engine.doors.pull import Pull
from engine.doors.retention import tidy
from engine.doors.spreading import spread
from engine.doors.webhooks import KIND
from tests.support.receiver import good
from tests.support.webhook_stand import AT, Stand, standing

SECONDS = 4.0
"""Of crossing as fast as they can."""

FAILED = Then(pause=0, rest=0, counts=True)

Work = Callable[[], Awaitable[object]]


@pytest.fixture
async def stand(database_url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    """A webhook for which sixty events wait, and a reader before whom they lie."""
    async with standing(database_url, tmp_path, {"good": good}) as found:
        await found.subscribe("good")
        await found.tell(60)
        await spread(found.doors)
        await Pull(found.doors, "cg").lease("reader", 50, 60, AT)
        yield found


def works(stand: Stand, event: str) -> dict[str, Work]:
    """Everything that takes a webhook's rows, and then others."""
    name, department = stand.ids["good"], Pull(stand.doors, "cg")
    target = KIND + name
    return {
        "change": lambda: stand.webhooks.change(name, "person:desk:a", "active"),
        "rotate": lambda: stand.webhooks.rotate(name, "person:desk:a", 0),
        "rewind": lambda: stand.webhooks.rewind(name, "cg", AT),
        "again": lambda: stand.deliveries.again(target),
        "failed": lambda: stand.deliveries.failed(target, event, (500, "no"), FAILED),
        "sent": lambda: stand.deliveries.sent(target, event, 200, "yes"),
        "drop": lambda: department.drop("reader"),
        "put": lambda: department.put("reader", "", begin=AT, since=AT),
        "lease": lambda: department.lease("reader", 20, 1, AT),
        "remove": lambda: stand.webhooks.remove(name),
    }


@pytest.mark.parametrize(
    ("what", "first", "then"),
    [
        *((one, "targets", "deliveries") for one in ("change", "rewind", "again", "failed", "sent", "remove")),
        ("rotate", "webhooks", "webhook_secrets"),
        ("remove", "webhooks", "webhook_secrets"),
        ("change", "webhooks", "targets"),
        ("drop", "readers", "leases"),
        ("put", "readers", "leases"),
        ("lease", "readers", "leases"),
    ],
)
async def test_rows_are_taken_in_one_order(stand: Stand, what: str, first: str, then: str) -> None:
    """Whoever waits for a row of the first table has none of the second yet."""
    work = works(stand, "commands:0:7#cg#0")[what]
    await works(stand, "commands:0:7#cg#0")["failed"]()  # so that what arrives has something to take back
    async with stand.doors.engine.begin() as holds:
        await holds.execute(text(f"SELECT FROM {first} FOR UPDATE"))
        waiting = asyncio.ensure_future(work())
        await asyncio.sleep(0.3)
        assert not waiting.done(), "it did not take that row"
        async with stand.doors.engine.begin() as looks:
            free = (await looks.execute(text(f"SELECT FROM {then} FOR UPDATE SKIP LOCKED"))).all()
            assert len(free) == await looks.scalar(text(f"SELECT count(*) FROM {then}"))
    await waiting


async def test_the_broom_holds_nothing_of_one_table_while_it_waits_for_another(stand: Stand) -> None:
    """Whoever deletes a webhook has its secrets and wants what waits for it."""
    name = stand.ids["good"]
    await stand.webhooks.test("cg", name, "{}", "of last month")
    await stand.webhooks.rotate(name, "person:desk:a", 0)
    async with stand.doors.engine.begin() as ages:
        await ages.execute(text("UPDATE deliveries SET made_at = now() - interval '40 days' WHERE body IS NOT NULL"))
        await ages.execute(text("UPDATE webhook_secrets SET until = now() WHERE until IS NULL"))
    async with stand.doors.engine.begin() as holds:
        await holds.execute(text("SELECT FROM webhook_secrets FOR UPDATE"))
        sweeping = asyncio.ensure_future(tidy(stand.doors, 40))
        await asyncio.sleep(0.5)
        assert not sweeping.done(), "it did not want a secret"
        async with stand.doors.engine.begin() as looks:
            assert await looks.scalar(text("SELECT count(*) FROM deliveries WHERE body IS NOT NULL")) == 0
    await sweeping


async def test_all_at_once_none_is_told_that_the_database_is_away(stand: Stand) -> None:
    """Desks, senders, pullers and the broom, on the same rows, in every order."""
    events = [f"commands:0:{number}#cg#0" for number in range(60)]
    ends_at = asyncio.get_running_loop().time() + SECONDS
    done = dict.fromkeys((*works(stand, events[0]), "tidy", "spread"), 0)
    del done["remove"]

    async def busy(what: str, seed: int) -> None:
        drawn = random.Random(seed)
        while asyncio.get_running_loop().time() < ends_at:
            more: dict[str, Work] = {"tidy": lambda: tidy(stand.doors, 40), "spread": lambda: spread(stand.doors)}
            await {**works(stand, drawn.choice(events)), **more}[what]()
            done[what] += 1

    await asyncio.gather(*itertools.starmap(busy, [(what, seed) for what in done for seed in range(2)]))
    assert all(done.values()), done


async def test_whoever_was_undone_for_anothers_sake_does_it_once_more(stand: Stand) -> None:
    """Two that take the same two rows the other way about, as the plans of two statements may: both are done."""
    met, tries = asyncio.Barrier(2), list[str]()

    @again_at_deadlock
    async def crossing(first: str, then: str) -> str:
        tries.append(first)
        async with answering(), stand.doors.engine.begin() as connection:
            for name in (first, then):
                await connection.execute(
                    text("UPDATE deliveries SET tries = tries + 1 WHERE id = :id"), {"id": f"commands:0:{name}#cg#0"}
                )
                if name == first and len(tries) < 3:
                    await met.wait()
        return first

    assert set(await asyncio.gather(crossing("3", "4"), crossing("4", "3"))) == {"3", "4"}
    assert len(tries) == 3, "one of them, once"
    async with stand.doors.engine.begin() as connection:
        counted = await connection.execute(text("SELECT DISTINCT tries FROM deliveries WHERE tries > 0"))
        assert counted.scalars().all() == [2]
