"""A line of the log says where something failed, and never repeats what a record holds."""

import json
import logging

import pytest

from engine.errors import DependencyDown
from engine.observability.json_logging import set_up, trace
from engine.observability.metrics import StageMetrics
from engine.stages.dispatch import DispatchCore, cause_of
from rules.state.causes import CommandCause
from tests.support.fetched import fetched
from topics import codec
from topics.command import Actor, Command
from topics.decision import Decision
from topics.vocabulary import CommandKind, Role

POINT_AND_NUMBER = ("34.7466123", "13800001234")


def _fail(point: str, number: str) -> None:
    try:
        float(point + "x")
    except ValueError as exc:
        raise RuntimeError(f"no point at {point} for {number}") from exc


def test_a_traceback_in_the_log_has_places_and_no_values(capsys: pytest.CaptureFixture[str]) -> None:
    """A coordinate that a library quotes in its message stays out; file, line and kind of error are there, the cause's
    too."""
    before = logging.getLogger().handlers[:]
    set_up("intake-1")
    try:
        _fail(*POINT_AND_NUMBER)
    except RuntimeError:
        logging.getLogger("engine.stream.partition_loop").exception("deciding incidents.raw:0:7 raised")
    finally:
        logging.getLogger().handlers[:] = before
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert "RuntimeError" in line["trace"] and "ValueError" in line["trace"] and "test_log_canaries.py" in line["trace"]
    assert not any(value in json.dumps(line) for value in POINT_AND_NUMBER)


def test_our_own_errors_keep_their_words() -> None:
    """They are written for an operator."""
    assert "Redis is away" in trace(DependencyDown("Redis is away"))


def test_a_held_command_is_named_and_not_copied() -> None:
    """What somebody wrote stays on its topic: the log has position, size and sum."""
    value = codec.encode(
        Command(
            id="c1",
            kind=CommandKind.NOTE,
            actor=Actor(Role.DESK, "desk-1"),
            accepted_at=0,
            ticket="tawan-20260302-1",
            text="13800001234",
        )
    )
    (out,) = DispatchCore(0, 1, {}, metrics=StageMetrics("dispatch")).hold(
        fetched("commands", 7, b"tawan", value, at=1), 1
    )
    assert b"1380" not in (out.value or b"")
    (event,) = codec.decode(out.value or b"", Decision).events
    assert (event.facts["record"], event.facts["size"]) == ("commands:0:7", len(value))


@pytest.mark.parametrize(
    "value",
    [
        b'{"id":"a","kind":"13800001234"}',
        b'{"id":"a","13800001234":1}',
        b'{"id":"a","kind":"note","actor":{"role":"13800001234","person":"x"}}',
    ],
)
def test_a_command_that_cannot_be_read_is_not_quoted(value: bytes) -> None:
    """The place is named, not the word that stands there."""
    cause = cause_of(fetched("commands", 7, b"tawan", value, at=1))
    assert isinstance(cause, CommandCause) and cause.command.kind is CommandKind.UNREADABLE
    assert cause.command.reason and "1380" not in cause.command.reason
