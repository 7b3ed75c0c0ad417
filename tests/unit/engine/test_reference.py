"""DESIGN 3: what stands on ``reference`` is believed only where it is what it says; everything else is passed by,
counted and said once."""

import asyncio
import logging
from itertools import pairwise

import pytest
from msgspec.structs import replace

from engine.kafka.driver_errors import KafkaFault
from engine.kafka.log_snapshot import Entry, Log
from engine.kafka.reference import Reference
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stages.pack_cache import REFRESH_SECONDS, WAIT_SECONDS, Laws
from tests.support.still_time import CLOCK as STILL
from tests.support.still_time import now, still
from tests.support.teller import Teller
from tests.support.town import START, ref_of, town
from topics.codec import encode
from topics.pack import RosterEntry
from topics.reference import CurrentPack, EngineClock, follows

GOOD = town()
REF, BYTES = ref_of(GOOD), encode(GOOD)
CLOCK = EngineClock(START, START, 1)
EVIL = replace(GOOD, roster=(RosterEntry("me", "me", "chief"), *GOOD.roster))
FOREIGN = {
    "a law under the hash of another": (REF, encode(EVIL)),
    "a law under a hash of nothing": ("town@0123456789abcdef", encode(EVIL)),
    "a law under another city's name": (ref_of(EVIL).replace("town", "moon"), encode(EVIL)),
    "no JSON": (REF, b"{"),
    "an unknown key": ("stranger", b"{}"),
    "no key": ("", b"1"),
    "a large one": ("x@y", b"[" * 4_000_000),
    "a deep clock": ("clock", b"[" * 100_000),
    "a clock that stands": ("clock", encode(replace(CLOCK, speed=0))),
    "a clock that runs away": ("clock", encode(replace(CLOCK, speed=600))),
    "a clock that goes back": ("clock", encode(replace(CLOCK, start_at=0))),
    "a clock that is ahead": ("clock", encode(replace(CLOCK, start_at=START + 86_400_000))),
    "a clock that stands until tomorrow": ("clock", encode(replace(CLOCK, origin_at=START + 86_400_000))),
    "no clock": ("clock", b"null"),
    "a pack that is nowhere": ("current", encode(CurrentPack("town@0123456789abcdef"))),
    "current is no text": ("current", b'{"ref": 1}'),
}


def sound(metrics: StageMetrics | None = None) -> Reference:
    """A stack with its clock and its pack."""
    found = Reference(Settings(), metrics)
    for key, value in (("clock", encode(CLOCK)), (REF, BYTES), ("current", encode(CurrentPack(REF)))):
        found.take(key, value)
    found.settle()
    return found


@pytest.mark.parametrize(("key", "value"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_record_is_passed_by_counted_and_said(
    key: str, value: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Clock, packs and the current one are what they were; one alarm, one line."""
    metrics = StageMetrics("dispatch")
    found = sound(metrics)
    with caplog.at_level(logging.WARNING):
        found.take(key, value)
        found.settle()
    assert (found.clock, found.bundles, found.current, found.foreign) == (CLOCK, {REF: GOOD}, REF, 1)
    assert metrics.counters["alarms", ("foreign_reference",)] == 1
    assert len(caplog.records) == 1 and len(caplog.text) < 1000


def test_of_a_flood_of_foreign_records_three_are_named(caplog: pytest.LogCaptureFixture) -> None:
    """Each command said as many lines as there were before its answer."""
    found = sound(StageMetrics("dispatch"))
    for n in range(1000):
        found.take(f"stranger-{n}", b"{}")
    found.settle()
    found.settle()
    assert found.foreign == 1000
    assert [line.getMessage().partition(" of ")[0] for line in caplog.records] == [
        "a record", "a record", "a record", "997 more",
    ]  # fmt: skip


def test_a_null_deletes_no_law_and_one_that_is_spoilt_is_written_again() -> None:
    """Compaction would leave the junk alone under the key: publishing knows that."""
    for junk in (None, b"{"):
        found = sound()
        found.take(REF, junk)
        assert found.bundles == {REF: GOOD} and found.spoilt == {REF}
        found.take(REF, BYTES)
        assert not found.spoilt


def test_a_pack_of_another_city_does_not_become_current() -> None:
    """Sound as it is: a prefix is one city's."""
    moon = replace(EVIL, name="moon")
    found = sound()
    found.take(ref_of(moon), encode(moon))
    found.take("current", encode(CurrentPack(ref_of(moon))))
    found.settle()
    assert found.current == REF


def test_a_bundle_may_stand_behind_the_record_that_names_it() -> None:
    """So it does after compaction when it was written again."""
    found = Reference(Settings())
    found.take("current", encode(CurrentPack(REF)))
    found.take(REF, BYTES)
    found.settle()
    assert (found.current, found.foreign) == (REF, 0)


async def test_a_sound_hash_over_a_law_that_cannot_be_compiled_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody verified it; the others are there, and it is said once."""
    broken = replace(GOOD, timezone="Moon/Crater")
    found = sound()
    found.take(ref_of(broken), encode(broken))

    async def nothing_new() -> None:
        """The topic has no more."""

    monkeypatch.setattr(found, "refresh", nothing_new)
    laws = Laws(found)
    await laws.refresh()
    await laws.refresh()
    assert set(laws.laws) == set(laws.places) == {REF} and found.foreign == 1


def test_the_audit_reads_no_law_that_is_not_what_it_says() -> None:
    """It judges by what was published, and goes on."""
    told = Teller()
    before = told.log.bundles(), told.log.clocks(), told.log.in_force()
    for key, value in FOREIGN.values():
        # the town's own clock runs 600 times as fast, and is another
        if key != "clock" or value[:1] != b"{" or b'"speed":0' in value:
            told.put("reference", 0, key.encode(), value)
    told.put("reference", 0, b"\xff", b"\xff")
    assert (told.log.bundles(), told.log.clocks(), told.log.in_force()) == before


FAST = EngineClock(START, START, 600)


@pytest.mark.parametrize(
    ("start_at", "origin_at", "is_taken"),
    [
        pytest.param(0, 0, True, id="the same"),
        pytest.param(600 * 1000, 3000, True, id="it stood still while the stack was down"),
        pytest.param(600 * 3000, 3000, True, id="it goes on at once"),
        pytest.param(600 * 9000, 3000, False, id="it skips an hour of the city"),
        pytest.param(-1, 3000, False, id="it goes back"),
        pytest.param(0, -1, False, id="it began before it began"),
    ],
)
def test_an_accelerated_clock_goes_on_and_never_skips(start_at: int, origin_at: int, is_taken: bool) -> None:
    """What is skipped would fire every clock of the city at once. The audit takes the same ones."""
    later = EngineClock(START + start_at, START + origin_at, 600)
    assert follows(FAST, later) is is_taken
    log = Log()
    log.entries["reference"] = [
        Entry("reference", 0, n, key=b"clock", value=encode(one), headers=(), appended_ms=n)
        for n, one in enumerate((FAST, later))
    ]
    assert [clock for _, clock in log.clocks()] == ([FAST, later] if is_taken else [FAST])


async def test_intake_places_by_the_last_pack_that_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names one as current that nobody can compile stops nobody."""
    broken = replace(GOOD, timezone="Moon/Crater")
    found = sound()

    async def nothing_new() -> None:
        """The topic has no more."""

    monkeypatch.setattr(found, "refresh", nothing_new)
    laws = Laws(found)
    await laws.refresh()
    found.take(ref_of(broken), encode(broken))
    found.take("current", encode(CurrentPack(ref_of(broken))))
    found.settle()
    await laws.refresh()
    assert found.current == ref_of(broken)
    assert laws.current() == REF


@still
async def test_a_reference_that_nobody_leads_does_not_stop_intake(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is one partition: the pack that is known places on, after a short wait; what was published meanwhile is taken
    up with the next reading that comes to an end."""
    found, asked = sound(), list[float]()

    async def read() -> None:
        asked.append(now())
        if len(asked) in (2, 3):
            await asyncio.sleep(40)
            raise KafkaFault("nobody leads reference/0")

    monkeypatch.setattr("engine.stages.pack_cache.time", STILL)
    monkeypatch.setattr(found, "refresh", read)
    laws, waited = Laws(found), list[float]()
    await laws.refresh()
    for _ in range(1000):
        await asyncio.sleep(0.1)
        began = now()
        await asyncio.gather(*[laws.refresh_sometimes() for _ in range(3)])
        waited.append(now() - began)
        assert laws.current() == REF
    assert max(waited) <= WAIT_SECONDS + 0.1
    assert 2 * WAIT_SECONDS <= sum(waited) + 0.1 <= 2 * WAIT_SECONDS + 1
    assert [later - sooner > REFRESH_SECONDS for sooner, later in pairwise(asked)] == [True] * (len(asked) - 1)


@still
async def test_an_intake_that_was_idle_places_by_what_was_published_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first report of the morning waits until the law of the night is read."""
    found = sound()

    async def read() -> None:
        await asyncio.sleep(0.5)
        found.current = None if now() > 3000 else found.current

    monkeypatch.setattr("engine.stages.pack_cache.time", STILL)
    monkeypatch.setattr(found, "refresh", read)
    laws = Laws(found)
    await laws.refresh_sometimes()
    await asyncio.sleep(3600)
    began = now()
    await asyncio.gather(laws.refresh_sometimes(), laws.refresh_sometimes())
    assert (found.current, round(now() - began, 1)) == (None, 0.5)
