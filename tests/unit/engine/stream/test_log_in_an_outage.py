"""An outage in the log: when it begins, once a minute while it lasts, when it is over; whatever the framework says
meanwhile, and however many partitions there are."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator

import pytest

from engine.kafka.driver_errors import KafkaFault
from engine.stream.limits import REOPEN_MOST
from tests.support.log_lines import Lines
from tests.support.loop_rig import LoopRig
from tests.support.still_time import now, still

MINUTES, PARTITIONS = 5, 4


@pytest.fixture
def ours() -> Iterator[logging.Logger]:
    """Our packages' log, told from INFO on as ``set_up`` has it."""
    logger = logging.getLogger("engine")
    before = logger.level
    logger.setLevel(logging.INFO)
    try:
        yield logger
    finally:
        logger.setLevel(before)


@still
async def _outage(lines: Lines) -> None:
    """Five minutes without a broker, for one process that has every partition."""
    async with LoopRig(PARTITIONS) as rig:
        await rig.worker().start()
        for number in range(PARTITIONS):
            rig.log.faults.at(
                "start", KafkaFault("away"), who=f"dispatch.p{number}", times=int(MINUTES * 60 / REOPEN_MOST)
            )
            rig.log.faults.at("commit", KafkaFault("away"), who=f"dispatch.p{number}")
            await rig.send(f"a{number}", partition=number)
        await asyncio.sleep((MINUTES + 2) * 60)
        await rig.all_decided()


def test_an_outage_is_a_line_a_minute_for_each_partition(ours: logging.Logger) -> None:
    """120 tries are told in at most a line a minute and partition, counted; that it has begun, that the process is
    not ready, and that it is over are told at once. Each line is plain JSON."""
    lines = Lines(now)
    ours.addHandler(lines)
    try:
        _outage(lines)
    finally:
        ours.removeHandler(lines)
    wordings = Counter(str(one["message"]).partition(",")[0].partition(":")[0] for one in lines.lines)
    failed = [one for one in lines.lines if "failed, opening again" in str(one["message"])]
    assert PARTITIONS <= len(failed) <= PARTITIONS * (MINUTES + 2), wordings
    assert sum(int(str(one["untold"]).split()[0]) for one in failed if "untold" in one) > 3 * len(failed)
    assert sum("nothing moves" in str(one["message"]) for one in lines.lines) <= PARTITIONS * 2
    assert sum(str(one["message"]).startswith("opened") for one in lines.lines) >= PARTITIONS  # it is over
    assert lines.amiss == []
