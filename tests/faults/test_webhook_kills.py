"""Notifier, archive and gateway killed twenty times while departments' receivers behave as badly as they can: each
event of every department's topic arrives at least once, with its id and its bytes, those of a ticket in order."""

import time
from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from engine.kafka.topic_admin import departments_of
from engine.local.lag import lags_and_stopped
from engine.settings import Settings
from tests.faults.results import machine
from tests.kafka.test_hostile_fetch import send_good
from tests.kafka.test_poison import read_all
from tests.support.receiver import Receiver, failing, good, never, slow, twice
from tests.support.rig import Rig, eventually
from tests.support.servers import free_ports
from tests.support.webhook_stand import REACH, Stand
from topics.registry import department_topics

KILLS, REPORTS = 20, 40
"""Of the reports a seventh calls departments at once."""
VICTIMS = ("notifier-1", "archive-1", "notifier-2", "gateway-1")
PATHS = ("good", "slow", "twice", "hour", "away")
PAGE = Path(__file__).parents[2] / "docs" / "results" / "webhooks.md"

Told = dict[str, list[tuple[str, str, str]]]
"""Department -> id, ticket and body of each event of its topic, in order."""


@pytest.mark.long
async def test_twenty_kills_lose_no_event_and_disorder_no_ticket(
    stack_settings: Settings, database_url: str, tmp_path: Path
) -> None:
    """Judged by the departments' own topics, which fan-out wrote."""
    settings = stack_settings.model_copy(update={"database_url": database_url})
    receiver = Receiver(
        {"good": good, "slow": slow(0.3), "twice": twice, "hour": failing(10**6), "never": never, "away": good}
    )
    stand, gateway = Stand(settings, receiver), {"GRIDWHISTLE_GATEWAY_BIND": f"127.0.0.1:{free_ports(1)}"}
    rig = Rig(settings, more={"notifier-1": REACH, "notifier-2": REACH, "gateway-1": gateway})
    try:
        await rig.prepare("guancheng")
        await stand.doors.fit()
        await receiver.start()
        for stage in ("intake", "dispatch", "fanout", "archive", "gateway", "notifier"):
            rig.start(stage)
        rig.start("notifier", 2)
        await rig.ready()
        codes = await departments_of(settings)
        hooks = {path: [await stand.subscribe(path, department=code) for code in codes] for path in (*PATHS, "never")}
        began = time.monotonic()
        await kill_on(stand, rig)
        receiver.behaviours["hour"] = good
        for hook in hooks["hour"]:  # as a department does that is back: else it is asked within five minutes
            await stand.webhooks.change(hook, "person:desk:a", "active")
        told = await come_to_the_end(stand, rig)
        assert rig.kills == KILLS and receiver.taken["never"] == []
        judge(stand, told)
        note(stand, told, time.monotonic() - began)
    finally:
        rig.close()
        await receiver.stop()
        await stand.doors.schema.drop(stand.doors.engine)
        await stand.doors.close()


async def kill_on(stand: Stand, rig: Rig) -> None:
    """Reports come, and each time that messages went out somebody is killed; the receiver is away now and then."""
    for number in range(KILLS):
        before = len(stand.receiver.came["good"])
        await send_good(stand.settings, number, REPORTS, None)
        await eventually(partial(has_more, stand, before), 60, "messages go out")
        rig.kill(VICTIMS[number % len(VICTIMS)])
        if number % 5 == 4:
            await stand.receiver.stop()
            await stand.receiver.start()
        stage, _, copy = VICTIMS[number % len(VICTIMS)].partition("-")
        rig.start(stage, int(copy))


def has_more(stand: Stand, before: int) -> bool:
    """Whether messages have gone out since."""
    return len(stand.receiver.came["good"]) > before


async def come_to_the_end(stand: Stand, rig: Rig) -> Told:
    """Wait until everything is decided, folded and taken; answers what the topics hold."""

    async def is_folded() -> bool:
        lags, _ = await lags_and_stopped(stand.settings)
        return lags["intake"] == lags["dispatch"] == lags["fanout"] == lags["archive"] == 0

    await eventually(is_folded, 120, "everything is folded", every=0.5)
    told: Told = {}
    for code in await departments_of(stand.settings):
        records = await read_all(stand.settings, department_topics(code)[0].name, 3)
        told[code] = [
            (dict(headers)["ce_id"].decode(), (key or b"").decode(), (value or b"").decode())
            for key, value, headers in records
        ]
    wanted = {name for events in told.values() for name, _, _ in events}
    await eventually(lambda: all(wanted <= set(stand.receiver.taken[path]) for path in PATHS), 180, "all is taken")
    return told


def judge(stand: Stand, told: Told) -> None:
    """Nothing lost, nothing that no topic has, one body for each id, tickets in order, nothing forged."""
    bodies = {name: body for events in told.values() for name, _, body in events}
    assert len(bodies) > 100 and stand.receiver.forged == []
    for path in PATHS:
        assert dict(stand.receiver.came[path]) == bodies and len(set(stand.receiver.came[path])) == len(bodies)
        first = {name: n for n, name in reversed(list(enumerate(stand.receiver.taken[path])))}
        for events in told.values():
            of_ticket = defaultdict(list)
            for name, ticket, _ in events:
                of_ticket[ticket].append(first[name])
            assert all(places == sorted(places) for places in of_ticket.values()), path


def note(stand: Stand, told: Told, seconds: float) -> None:
    """Write down what was seen."""
    events = sum(map(len, told.values()))
    lines = [
        "# Webhooks: what was broken, and what came of it",
        "",
        "Written by `tests/faults/test_webhook_kills.py` (`make faults ONLY=webhook`). A stack on real servers, one"
        " webhook for each department and each way to behave; notifier (two), archive and gateway are ended by SIGKILL"
        " in turns while messages go out. Judged by the departments' topics, which fan-out wrote.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, seeds 0 to {KILLS - 1}, {machine()}: {KILLS} kills in {seconds:.0f} s,"
        f" {events} events of {sum(map(bool, told.values()))} departments."
        " Lost: 0. With another id or body: 0. Out of a ticket's order: 0.",
        "",
        "| receiver | messages | events | sent more than once |",
        "|---|---|---|---|",
        *(
            f"| {SAID[path]} | {len(stand.receiver.came[path])} | {len(set(stand.receiver.came[path]))} |"
            f" {len(stand.receiver.came[path]) - events} |"
            for path in PATHS
        ),
        f"| {SAID['never']} | {len(stand.receiver.came['never'])} | 0 taken | |",
        "",
    ]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


SAID = {
    "good": "takes everything",
    "slow": "takes everything after 0.3 s",
    "twice": "takes each third message and answers that it did not",
    "hour": "fails all the while, then is back, and resumed by its department",
    "away": "is away and back, with all others, four times",
    "never": "takes the connection and never answers",
}
