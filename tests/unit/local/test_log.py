"""Log lines are bounded in size and in rate: an outage is a line when it begins, and one a minute."""

import ast
import json
import logging
from pathlib import Path

import pytest

import engine
from engine.app import LoopService, StageApp
from engine.observability.json_logging import DIFFERENT, OncePerMinute, _JsonLines, set_up, told
from tests.support.log_lines import amiss


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


class _Odd:
    """What nobody thought of."""

    def __str__(self) -> str:
        return "odd"


def test_fields_are_scalars_and_lists_of_them() -> None:
    """What an error carries becomes fields that can be searched; nothing that it may carry loses the line."""
    one = record(0, "%s is stopped", "dispatch 3")
    one.fields = {  # type: ignore[attr-defined]
        "topic": "commands", "partition": 3, "at": None, "offsets": (1, 2), "names": {"b", "a"}, "key": b"k\xff",
        "odd": _Odd(), "deep": [[_Odd()]],
    }  # fmt: skip
    found = json.loads(_JsonLines("t").format(one))
    assert [found[name] for name in one.fields] == [  # type: ignore[attr-defined]
        "commands", 3, None, [1, 2], ["a", "b"], "k\ufffd", "odd", [["odd"]],
    ]  # fmt: skip


def test_an_error_is_named_with_its_words_and_not_as_python_writes_it() -> None:
    """Once, with what it says."""
    assert told(OSError("no route")) == "OSError: no route"
    assert told(TimeoutError()) == "TimeoutError"
    assert told(ValueError("34.7466123")) == "ValueError"  # of others it may quote what somebody wrote


def test_it_is_seen_where_python_writes_a_thing() -> None:
    """The look that every test's lines get does look."""
    shown = _JsonLines("t").format(record(0, "%s waits", "TopicPartition(topic='x', partition=1)"))
    assert "TopicPartition(" in (amiss(shown) or "") and amiss(shown.replace("TopicPartition(", "partition ")) is None
    assert amiss(json.dumps({"message": "replies ('gw.dept.a.replies', 0) opened"})) is not None
    assert amiss(json.dumps({"message": "opened", "where": {"a": 1}})) is not None


LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def test_no_message_is_made_of_how_python_writes_a_thing() -> None:
    """Each wording is a constant (rates go by it), and none asks for a repr."""
    calls = [
        (path, node)
        for path in sorted(Path(engine.__file__).parent.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS
        and isinstance(node.func.value, ast.Name) and node.func.value.id == "log"
    ]  # fmt: skip
    assert len(calls) > 30
    for path, call in calls:
        wording, where = call.args[0], f"{path}:{call.lineno}"
        assert isinstance(wording, ast.Constant) and "%r" not in str(wording.value), where
        assert not [one for one in ast.walk(call) if isinstance(one, ast.Name) and one.id == "repr"], where
