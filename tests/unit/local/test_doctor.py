"""What is worth knowing is no fault: a healthy stack stays healthy when the calendar nears its end."""

from datetime import date

import pytest
import typer

from engine.cli.stack import doctor
from engine.local import doctor as looks
from engine.local.doctor import Note


def test_the_calendars_end_is_a_note() -> None:
    """From December 2026 on the package knows nothing of next month until the decree is in it; nothing that runs is
    hurt by it."""
    assert looks._horizon(date(2026, 11, 25)) is None
    said = looks._horizon(date(2050, 12, 1))
    assert isinstance(said, Note) and "beyond_horizon" in said


@pytest.mark.parametrize(
    ("found", "mark", "code"), [(Note("soon"), "note", 0), ("broken", "FAULT", 1), (None, "ok", 0)]
)
def test_a_note_is_printed_and_is_no_fault(
    found: str | None, mark: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1 is for what keeps a stack from running."""
    monkeypatch.setattr(looks, "findings", lambda data: iter([("a thing", found)]))
    try:
        doctor(None)
        ended = 0
    except typer.Exit as exc:
        ended = exc.exit_code
    line = capsys.readouterr().out
    assert (line.split()[0].rstrip(":"), ended) == (mark, code)
    assert found is None or str(found) in line


def test_a_value_that_a_library_refuses_is_a_finding() -> None:
    """An address that cannot be read is said beside the others; it ends nothing."""
    assert looks._attempt(lambda: int("x")) == "invalid literal for int() with base 10: 'x'"
