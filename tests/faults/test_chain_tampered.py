"""Ten thousand ways to rewrite a log or its checkpoints, drawn one after another: each is told, and an untouched log
never is."""

import os
import random
from collections import Counter
from collections.abc import Callable

import pytest
from aiokafka import TopicPartition

from engine.kafka.memory.stored import Row
from tests.faults.results import Row as Result
from tests.faults.results import machine, write
from tests.unit.engine.test_chain import NAME, Stand, changed, kinds, signed_stand
from topics.registry import CHECKPOINTS

SEED, COUNT = 20261126, 10_000
Tamper = Callable[[random.Random, list[Row]], object]


def spoilt(draw: random.Random, data: bytes) -> bytes:
    """One bit of it is another, or it is longer or shorter by a byte."""
    at, way = draw.randrange(len(data)), draw.randrange(3)
    if way == 0:
        return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]
    return data[:at] + data[at + 1 :] if way == 1 else data[:at] + os.urandom(1) + data[at:]


def place(draw: random.Random, rows: list[Row]) -> int:
    """Some record."""
    return draw.randrange(len(rows))


def value(draw: random.Random, rows: list[Row]) -> None:
    """Of one record the value is another."""
    at = place(draw, rows)
    record = rows[at].record
    assert record is not None
    rows[at] = changed(rows[at], value=spoilt(draw, record.value))


def key(draw: random.Random, rows: list[Row]) -> None:
    """Its key, or none."""
    at = place(draw, rows)
    rows[at] = changed(rows[at], key=draw.choice([None, b"", b"hom", b"home "]))


def header(draw: random.Random, rows: list[Row]) -> None:
    """Its headers."""
    at = place(draw, rows)
    rows[at] = changed(rows[at], headers=draw.choice([(), (("h", b"y"),), (("h", None),), (("h", b"x"), ("h", b"x"))]))


def deletion(draw: random.Random, rows: list[Row]) -> None:
    """It is not handed out any more."""
    for _ in range(draw.randrange(1, 4)):
        rows[place(draw, rows)] = Row(None, None)


def order(draw: random.Random, rows: list[Row]) -> None:
    """Two change places."""
    one, other = draw.sample(range(len(rows)), 2)
    rows[one], rows[other] = changed(rows[other], offset=one), changed(rows[one], offset=other)


def repeated(draw: random.Random, rows: list[Row]) -> None:
    """One stands in another's place as well."""
    one, other = draw.sample(range(len(rows)), 2)
    rows[one] = changed(rows[other], offset=one)


def cut(draw: random.Random, rows: list[Row]) -> None:
    """The tail is gone."""
    del rows[draw.randrange(len(rows)) :]


OF_THE_LOG: tuple[Tamper, ...] = (value, key, header, deletion, order, repeated, cut)


def forged(draw: random.Random, rows: list[Row]) -> None:
    """A checkpoint says something else than was signed."""
    value(draw, rows)


def taken_out(draw: random.Random, rows: list[Row]) -> None:
    """A checkpoint between others is gone; the first one may be what retention took, the last is the file outside's to
    tell."""
    rows[draw.randrange(1, len(rows) - 1)] = Row(None, None)


async def told(here: Stand, rows: list[Row], tamper: Tamper, draw: random.Random) -> bool:
    """Whether it is told; the log is as it was afterwards."""
    before = list(rows)
    tamper(draw, rows)
    found = kinds(await here.verified())
    rows[:] = before
    return bool(found)


@pytest.mark.long
async def test_ten_thousand_ways_to_rewrite_the_log_are_told() -> None:
    """Each kind some thousand times; between them the log is sound."""
    draw, done, missed = random.Random(SEED), Counter[str](), Counter[str]()
    here = await signed_stand(4)
    points = here.log.stored(TopicPartition("c." + CHECKPOINTS.name, 0))._rows
    of_one = [row for row in points if row.record is not None and row.record.key == f"{NAME}:0".encode()]
    points[:] = of_one  # of one partition alone: of another the first one gone is what retention takes
    for number in range(COUNT):
        tamper = draw.choice((*OF_THE_LOG, forged, taken_out))
        rows = points if tamper in (forged, taken_out) else here.rows()
        done[tamper.__name__] += 1
        missed[tamper.__name__] += not await told(here, rows, tamper, draw)
        if number % 100 == 0:
            assert kinds(await here.verified()) == []
    assert missed.total() == 0, missed
    words = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in sorted(done.items()))
    row = Result(
        "chain rewritten in ten thousand ways", seed=SEED, injected=words, remarks="told: all; false alarms: 0"
    )
    row.commands = row.clocks = row.tasks = row.referred = row.lost = row.doubled = row.early = "–"
    write(row, machine())
