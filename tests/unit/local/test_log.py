"""Log lines are bounded in size and in rate: an outage is a line when it begins, and one a minute."""

import json
import logging

import pytest

from engine.app import LoopService, StageApp
from engine.observability.json_logging import DIFFERENT, OncePerMinute, _JsonLines, set_up


def record(
    at: float, message: str, *args: object, logger: str = "engine.stream.partition_loop", level: int = logging.WARNING
) -> logging.LogRecord:
    """A message at a moment."""
    found = logging.LogRecord(logger, level, "", 0, message, args, None)
    found.created = at
    return found


def passed(limit: OncePerMinute, *records: logging.LogRecord) -> list[logging.LogRecord]:
    """Those that are told."""
    return [one for one in records if limit.filter(one)]


def test_an_outage_is_one_line_a_minute() -> None:
    """Ten minutes of a try each 0.1 s: ten lines, which count the others; the pause between tries is no news."""
    limit = OncePerMinute()
    told = passed(
        limit, *(record(i / 10, "%s failed, opening again in %.1f s", "dispatch 3", i / 7) for i in range(6000))
    )
    assert len(told) == 10
    assert [one.untold for one in told] == [0, *[599] * 9]  # type: ignore[attr-defined]


def test_another_state_is_told_at_once() -> None:
    """Another partition, another cause, and that it is over: each is news."""
    limit = OncePerMinute()
    told = passed(
        limit,
        record(0, "%s failed: %r", "dispatch 1", "a"),
        record(0, "%s failed: %r", "dispatch 2", "a"),
        record(1, "%s failed: %r", "dispatch 1", "b"),
        record(2, "opened %s", "dispatch 1", level=logging.INFO),
        record(3, "%s failed: %r", "dispatch 1", "a"),
    )
    assert len(told) == 4


def test_a_wording_has_its_bound_whatever_it_says() -> None:
    """Ids in a message do not open the gate; a library's arguments do not at all."""
    limit = OncePerMinute()
    assert len(passed(limit, *(record(i / 1000, "bad record %d", i) for i in range(10_000)))) == DIFFERENT
    assert (
        len(passed(limit, *(record(i / 1000, "Unable to connect to %s", i, logger="aiokafka") for i in range(10_000))))
        == 1
    )


def test_the_log_is_ours_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """What any library does all day is not in it, known to us or not; its complaints are, and what we say, a line of
    JSON each."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        set_up("dispatch-1")
        for name in ("aiokafka.consumer", "faust.app", "mode.services", "a.library.of.tomorrow"):
            logging.getLogger(name).info("chatter")
        logging.getLogger("a.library.of.tomorrow").warning("a complaint")
        logging.getLogger("engine.stream.partition_loop").info("opened %s", "dispatch 3")
        logging.getLogger("engine.stream.partition_loop").debug("detail")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.getLogger("engine").setLevel(logging.NOTSET)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["logger"], line["message"], line["process"]) for line in lines] == [
        ("a.library.of.tomorrow", "a complaint", "dispatch-1"),
        ("engine.stream.partition_loop", "opened dispatch 3", "dispatch-1"),
    ]


def test_a_line_is_cut() -> None:
    """A message and a trace of a mebibyte each stay small, and their ends are seen."""
    try:
        raise OSError("x" * 2**20 + "the end")
    except OSError as exc:
        one = logging.LogRecord("engine", logging.ERROR, "", 0, "y" * 2**20, (), (OSError, exc, exc.__traceback__))
    line = _JsonLines("t").format(one)
    assert len(line) < 30_000
    assert "the end" in json.loads(line)["trace"]


def test_what_is_remembered_is_bounded() -> None:
    """Wordings that are made from data do not grow the memory."""
    limit = OncePerMinute()
    for number in range(5000):
        limit.filter(record(0, f"wording {number}"))
    assert len(limit._told) <= 1000


@pytest.mark.parametrize("back", [-3600.0, 3600.0])
def test_a_clock_that_jumps_does_not_silence(back: float) -> None:
    """After a jump back the next message is told."""
    limit = OncePerMinute()
    assert len(passed(limit, record(10_000, "m"), record(10_000 + back, "m"))) == 2


def test_the_framework_does_not_speak_in_our_name() -> None:
    """Its services log under the module of the class that derives from them; ours are told to use its own name."""
    for one in (StageApp, LoopService):
        assert one.logger.name == "faust"
    service = LoopService(None, lambda consumer, loop: None, None)  # type: ignore[arg-type]
    assert service.log.logger.name == "faust"
