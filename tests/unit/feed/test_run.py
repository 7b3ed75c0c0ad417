"""A feed without a broker: what is sent, when, and what is waited for."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from engine.feed import run as feed_run
from engine.feed.mapped import Closing, Mapped
from engine.feed.plan import make_plan
from engine.feed.run import Feed, Outcome
from engine.feed.sender import TooLarge
from engine.kafka.broker_time import engine_now
from topics.codec import decode
from topics.command import Command
from topics.ids import murmur2
from topics.reference import EngineClock
from topics.vocabulary import CommandKind

HOUR = 3_600_000
LIVE = EngineClock(start_at=0, origin_at=0, speed=1)


@dataclass
class FakeWatch:
    """A log that answers by itself: a ticket for every row but those whose id begins with ``bad``."""

    tickets: dict[str, str] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    answered: Counter[str] = field(default_factory=Counter)
    refusing: str | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def check(self) -> None:
        """Never ended."""

    def refused(self, command_id: str) -> str | None:
        """As told."""
        return self.refusing if command_id in self.answers else None


@dataclass
class FakeSender:
    """A broker that takes everything at once; the watch learns of it."""

    watch: FakeWatch
    sent: list[tuple[str, str, str, int]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    acked: int = 0
    silent: bool = False

    async def send(
        self, kind: str, name: str, topic: str, partition: int, key: bytes, value: bytes,
        headers: Sequence[tuple[str, bytes]] = (), acked: Callable[[int], None] = lambda offset: None,
    ) -> None:  # fmt: skip
        """Take one record and decide it."""
        if len(value) > 1000:
            raise TooLarge("1001 bytes, incidents.raw takes at most 1000")
        self.sent.append((kind, name, topic, partition))
        self.acked += 1
        acked(self.acked)
        if self.silent:
            return
        if kind == "command":
            self.commands.append(decode(value, Command))
            self.watch.answers.setdefault(name, "done_as_asked")
            self.watch.answered[name] += 1
        elif ":bad" in name:
            self.watch.rejected[f"{topic}:{partition}:{self.acked}"] = "invalid_field"
        elif name in self.watch.tickets:
            self.watch.rejected[f"{topic}:{partition}:{self.acked}"] = "duplicate"
        else:
            self.watch.tickets[name] = f"east-20180101-{self.acked}"
        self.watch.news.set()

    async def drain(self) -> None:
        """Everything is safe already."""


def row(name: str, at: int, closed: int | None = None, text: str = "") -> Mapped:
    """A row of a made-up source."""
    closing = None if closed is None else Closing(closed, CommandKind.CLOSE_BY_SOURCE, "closed")
    return Mapped(1, "town", name, at=at, data={"text": text}, closing=closing)


async def fed(
    rows: Sequence[Mapped],
    watch: FakeWatch | None = None,
    clock: EngineClock = LIVE,
    paced: bool = False,
    silent: bool = False,
) -> tuple[Outcome, FakeSender]:
    """Feed rows to the fake broker."""
    watch = watch or FakeWatch()
    sender = FakeSender(watch, silent=silent)
    settings: Any = SimpleNamespace(partitions=6)
    broker: Any = {"sender": sender, "watch": watch}
    feed = Feed(settings, make_plan(rows), clock, paced=paced, progress=lambda outcome: None, **broker)
    return await feed.run(), sender


async def test_rows_and_closings_are_sent_and_decided() -> None:
    """Each row goes to its key's partition, each closing names its row's ticket and carries an id that never
    changes."""
    outcome, sender = await fed([row("a", 10, 20), row("b", 15, 17), row("c", 30)])
    assert (outcome.sent, outcome.tickets, outcome.commands, outcome.undecided) == (3, 3, 2, 0)
    assert sorted(command.id for command in sender.commands) == [
        "feed:town:a:close_by_source",
        "feed:town:b:close_by_source",
    ]
    assert all(
        (command.actor.role, command.actor.person, command.reason) == ("source", "town", "closed")
        for command in sender.commands
    )
    assert sender.sent[0] == ("incident", "town:a", "incidents.raw", (murmur2(b"town:a") & 0x7FFFFFFF) % 6)


async def test_feeding_twice_adds_nothing() -> None:
    """The second time every row is a duplicate and every command a repeated one; both are waited for."""
    rows = [row("a", 10, 20), row("b", 15), row("c", 30)]
    watch = FakeWatch()
    await fed(rows, watch)
    outcome, _ = await fed(rows, watch)
    assert (outcome.rejected, outcome.repeated, outcome.undecided, outcome.tickets) == ({"duplicate": 3}, 1, 0, 3)
    assert len(watch.tickets) == 3


async def test_the_closing_of_a_rejected_row_is_dropped_and_told() -> None:
    """There is no ticket to close."""
    outcome, sender = await fed([row("bad", 10, 20), row("b", 30)])
    assert (outcome.rejected, outcome.dropped, outcome.commands, outcome.undecided) == ({"invalid_field": 1}, 1, 0, 0)
    assert sender.commands == []


async def test_a_rejected_row_that_comes_again_mended_is_closed() -> None:
    """An earlier rejection of the same identity does not drop the closing of the row that is taken now."""
    watch = FakeWatch(rejected={"incidents.raw:3:77": "invalid_field"})
    outcome, _ = await fed([row("a", 10, 20), row("b", 30)], watch)
    assert (outcome.commands, outcome.dropped) == (1, 0)


async def test_too_large_is_refused_at_the_sender() -> None:
    """It is named with the limit, and the rest goes on."""
    outcome, _ = await fed([row("a", 10, text="x" * 2000), row("b", 15)])
    assert (outcome.sent, len(outcome.too_large), outcome.undecided) == (1, 1, 0)
    assert "at most 1000" in outcome.too_large[0] and "town:a" in outcome.too_large[0]


async def test_a_closing_is_accepted_at_its_own_time_where_the_engine_clock_is_near() -> None:
    """Else it is accepted now: a clock of today must not be told of a finish of 2018, nor of one to come."""
    near = engine_now(LIVE) - HOUR
    _, sender = await fed([row("a", near - HOUR, near), row("b", near + 1)])
    assert sender.commands[0].accepted_at == near
    _, sender = await fed([row("a", 10, 20), row("b", 30)])
    assert abs(sender.commands[0].accepted_at - engine_now(LIVE)) < 60_000
    ahead = engine_now(LIVE) + HOUR
    _, sender = await fed([row("a", ahead - 1, ahead), row("b", ahead + 1)])
    assert sender.commands[0].accepted_at < ahead


async def test_rows_wait_for_the_engine_clock() -> None:
    """At 3,600 times the pace, a row half an hour later is sent half a second later."""
    now = engine_now(LIVE)
    fast = EngineClock(start_at=now, origin_at=now, speed=3600)
    began = asyncio.get_running_loop().time()
    outcome, _ = await fed([row("a", now), row("b", now + HOUR // 2)], clock=fast, paced=True)
    assert outcome.sent == 2
    assert 0.3 <= asyncio.get_running_loop().time() - began < 5


async def test_a_live_clock_paces_nothing() -> None:
    """One row of the year 2062 would keep the feed waiting for decades."""
    now = engine_now(LIVE)
    outcome, _ = await asyncio.wait_for(fed([row("a", now), row("b", now + 36 * 365 * 24 * HOUR)], paced=True), 5)
    assert (outcome.sent, outcome.undecided) == (2, 0)


async def test_what_is_never_decided_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting is bounded; what is open then is counted, closings that could not be sent included."""
    monkeypatch.setattr(feed_run, "GIVE_UP_SECONDS", 0.1)
    outcome, _ = await fed([row("a", 10, 20), row("b", 30)], silent=True)
    assert outcome.undecided == 3
