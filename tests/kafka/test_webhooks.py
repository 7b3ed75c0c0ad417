"""Webhooks on a real PostgreSQL, to a real receiver on the loopback: every event at least once with one id, those of a
ticket in order, nobody held up by another."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.doors.retention import tidy
from engine.doors.webhooks import KIND
from tests.support.receiver import failing, good, never, slow, twice
from tests.support.rig import Rig
from tests.support.webhook_stand import AT, REACH, Stand, standing, until


@pytest.fixture
async def stand(database_url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    """A stack of its own in the database, and a receiver of its own."""
    behaviours = {
        "good": good, "fails": failing(5), "slow": slow(0.2), "never": never, "twice": twice, "gone": failing(99, 410),
        "moved": failing(99, 307), "down": failing(10**6),
    }  # fmt: skip
    async with standing(database_url, tmp_path, behaviours) as found:
        yield found


async def test_however_receivers_behave_each_event_arrives_and_nobody_waits_for_another(stand: Stand) -> None:
    """One fails at first, one answers late, one loses its answers, one never answers: the others have everything while
    that one has had nothing."""
    paths = ("good", "fails", "slow", "twice")
    for path in (*paths, "never"):
        await stand.subscribe(path)
    told = await stand.tell(25)
    async with stand.sending():
        await until(lambda: all(stand.holds(path, told) for path in paths))
        assert stand.receiver.taken["never"] == [] and 0 < len(stand.receiver.came["never"]) <= 4
        more = await stand.tell(5)
        await until(lambda: stand.holds("good", more))
        await until(lambda: all(stand.holds(path, more) for path in paths))
    for path in paths:
        stand.judge(path, told + more)
    assert stand.receiver.headers["ce-type"] == "org.gridwhistle.task.dispatched.v1"


async def test_killed_again_and_again_nothing_is_lost(stand: Stand) -> None:
    """The notifier is ended by SIGKILL in the middle, three times, once with a second one beside it, and the receiver
    is away for a while: each event at least once with one id, each ticket's in order."""
    await kills(stand, 3, 16)


async def kills(stand: Stand, times: int, events: int) -> list[tuple[str, str]]:
    """Kill notifiers so often while they send."""
    paths = ("good", "slow", "twice", "fails")
    for path in paths:
        await stand.subscribe(path)
    rig = Rig(stand.settings, more={f"notifier-{n}": REACH for n in (1, 2)})
    (stand.settings.data_dir / "logs").mkdir()
    told = list[tuple[str, str]]()

    def came() -> int:
        return sum(map(len, stand.receiver.came.values()))

    try:
        for number in range(times):
            told += await stand.tell(events)
            more = came() + events // 2
            running = [rig.start("notifier", n + 1).name for n in range(1 + number % 2)]
            if number % 3 == 2:
                await stand.receiver.stop()
                await asyncio.sleep(0.3)
                await stand.receiver.start()
            await until(lambda more=more: came() > more)
            for name in running:
                rig.kill(name)
        rig.start("notifier")
        await until(lambda: all(stand.holds(path, told) for path in paths), 120)
    finally:
        rig.close()
    for path in paths:
        stand.judge(path, told)
    return told


async def test_sessions_that_are_cut_lose_nothing(stand: Stand) -> None:
    """The server ends every session, that which holds the turns too, while messages are under way: it goes on by
    itself, and nobody else's turn is lost with it."""
    for path in ("good", "slow"):
        await stand.subscribe(path)
    told = await stand.tell(20)
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> :me"
    async with stand.sending():
        for number in (3, 9):
            await until(lambda number=number: len(stand.receiver.came["slow"]) >= number)
            async with stand.doors.engine.connect() as connection:
                me = await connection.scalar(text("SELECT pg_backend_pid()"))
                await connection.execute(text(cut), {"me": me})
        await until(lambda: stand.holds("good", told) and stand.holds("slow", told))
        await until(stand.is_quiet)
    for path in ("good", "slow"):
        stand.judge(path, told)


async def test_a_receiver_that_wants_no_more_is_asked_no_more(stand: Stand) -> None:
    """410 disables; what waits stays, and goes once somebody lets it go on."""
    name = await stand.subscribe("gone")
    told = await stand.tell(3)

    async def is_disabled() -> bool:
        return bool((await stand.state("gone"))["state"] == "disabled")

    async with stand.sending():
        await until(is_disabled)
        came = len(stand.receiver.came["gone"])
        assert (await stand.state("gone"))["why"] == "gone"
        stand.receiver.behaviours["gone"] = good
        await stand.webhooks.change(name, "person:desk:a", "active")
        await until(lambda: stand.holds("gone", told))
    assert came <= 3 and (await stand.state("gone"))["why"] == ""


async def test_long_failure_pauses_and_is_counted(stand: Stand) -> None:
    """Nothing is given up by it: resumed, everything goes; a redirect is a failure and is not followed."""
    name = await stand.subscribe("moved")
    told = await stand.tell(4, tickets=1)

    async def is_paused() -> bool:
        return bool((await stand.state("moved"))["state"] == "paused")

    async with stand.sending(patience=0.2):
        await until(is_paused)
        assert (await stand.deliveries.figures(3600))["failing"] == 1
        said = (await stand.deliveries.log(KIND + name))[-1]
        assert said["status"] == 307 and "redirect" in said["answer"] and said["state"] == "waiting"
        stand.receiver.behaviours["moved"] = good
        await stand.webhooks.change(name, "person:desk:a", "active")
        await until(lambda: stand.holds("moved", told))
        await until(stand.is_quiet)
    assert (await stand.deliveries.figures(3600)) == {"waiting": 0, "failing": 0}


async def test_a_new_webhook_is_not_flooded_and_the_past_comes_if_asked_for(stand: Stand) -> None:
    """Only what happens from now on, what the filter takes, and one's own department's; from a moment on if that is
    asked."""
    before = await stand.tell(10)
    await stand.subscribe("good", 'urgency == "U1"')
    await stand.subscribe("twice", past=True)
    after = await stand.tell(10)
    await stand.tell(3, department="other")
    wanted = [one for number, one in enumerate(after) if number % 2]
    async with stand.sending():
        await until(lambda: stand.holds("twice", before + after) and stand.holds("good", wanted))
    stand.judge("good", wanted)
    stand.judge("twice", before + after)


async def test_secrets_overlap_and_messages_are_sent_again_when_asked(stand: Stand) -> None:
    """After a rotation both sign, after the overlap the new one alone; one, all that failed, and all since a moment are
    sent again, in order, with their ids."""
    name = await stand.subscribe("good")
    (former,) = stand.receiver.secrets["good"]
    new = await stand.webhooks.rotate(name, "person:desk:a", 3600)
    told = await stand.tell(6, tickets=2)
    target = KIND + name
    async with stand.sending():
        await until(lambda: stand.holds("good", told))
        stand.receiver.secrets["good"] = [new]
        assert await stand.deliveries.again(target, told[3][0]) == 1
        await until(lambda: len(stand.receiver.taken["good"]) == 7)
        assert stand.receiver.taken["good"][-1] == told[3][0]
        await stand.webhooks.rewind(name, "cg", AT)
        await until(lambda: len(stand.receiver.taken["good"]) == 13)
        await stand.webhooks.test("cg", name, '{"event":"test"}', "test-1")
        await until(lambda: "test-1" in stand.receiver.taken["good"])
        await stand.webhooks.rotate(name, "person:desk:a", 0)
        stand.receiver.secrets["good"] = [former, new]
        more = await stand.tell(1)
        await until(lambda: stand.holds("good", more))
        await until(stand.is_quiet)
    assert stand.receiver.forged == [more[0][0]], "neither former secret signs any more"
    assert await stand.deliveries.again(target) == 0


async def test_what_is_old_goes_and_its_deliveries_with_it(stand: Stand) -> None:
    """By engine time, and it does not come back."""
    name = await stand.subscribe("good")
    told = await stand.tell(4)
    async with stand.sending():
        await until(lambda: stand.holds("good", told))
        await until(stand.is_quiet)
    async with stand.doors.engine.begin() as connection:
        await connection.execute(text("UPDATE department_events SET at = at - interval '50 days' WHERE seq < 3"))
    assert await tidy(stand.doors, 40) == 2
    assert len(await stand.deliveries.log(KIND + name)) == 2 and await tidy(stand.doors, 40) == 0


async def test_no_message_outlives_its_event_and_none_waits_for_ever(stand: Stand) -> None:
    """Of a paused webhook too: gone with its event, at once; a test and a notice that wait for a month go, one of today
    stays; a former secret goes when its time is out, the newest never."""
    name = await stand.subscribe("good")
    await stand.webhooks.change(name, "person:desk:a", "paused")
    await stand.tell(2)
    async with stand.doors.engine.begin() as connection:
        for message in ("test-old", "test-new"):
            await stand.webhooks.test("cg", name, "{}", message)
        await connection.execute(
            text(
                "INSERT INTO deliveries (target, id, seq, line, kind) SELECT :target, id, seq, ticket, kind FROM"
                " department_events"
            ),
            {"target": KIND + name},
        )
    await stand.webhooks.rotate(name, "person:desk:a", 0)
    async with stand.doors.engine.begin() as connection:
        for statement in (
            "UPDATE deliveries SET made_at = now() - interval '31 days' WHERE id <> 'test-new'",
            "UPDATE department_events SET at = at - interval '50 days' WHERE seq = (SELECT min(seq) FROM"
            " department_events)",
        ):
            await connection.execute(text(statement))
    assert await tidy(stand.doors, 40) == 1
    left = await stand.deliveries.log(KIND + name)
    assert sorted(row["kind"] for row in left) == ["dispatched", "test"]
    assert {row["id"] for row in left} >= {"test-new"}
    async with stand.doors.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM webhook_secrets")) == 1


async def test_who_left_the_law_is_sent_nothing_more_and_not_when_the_code_comes_back(stand: Stand) -> None:
    """What waits is kept, others go on; whoever has the code then looks, and lets it go on."""
    name = await stand.subscribe("good")
    await stand.subscribe("twice", department="other")
    assert await stand.webhooks.leave(["other"]) == [("cg", name)]
    told, others = await stand.tell(3), await stand.tell(3, department="other")
    for law in (["other"], ["cg", "other"]):
        assert await stand.webhooks.leave(law) == []
        async with stand.sending():
            await until(lambda: stand.holds("twice", others))
            await until(stand.is_quiet)
        assert (await stand.state("good"))["why"] == "department_left" and stand.receiver.came["good"] == []
    await stand.webhooks.change(name, "person:desk:a", "active")
    async with stand.sending():
        await until(lambda: stand.holds("good", told))
