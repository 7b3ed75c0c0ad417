"""LAW 6: what is not allowed is refused with its reason, and no command is unknown to the table."""

from typing import Any

import pytest

from tests.support.city import DAY, City
from topics.vocabulary import PARTITION_KINDS, REFUSALS, CommandKind, Reason, Role

REFUSED = {
    "unknown ticket": ("accept", "east-20260302-99", "desk:desk-1", {}, Reason.UNKNOWN_TICKET),
    "no ticket id at all": ("note", "what?", "desk:desk-1", {"text": "x"}, Reason.UNKNOWN_TICKET),
    "unreadable": ("unreadable", "", "source:door", {}, Reason.UNREADABLE),
    "unknown pack": ("adopt_pack", "", "source:pack", {"pack": "none@0"}, Reason.UNKNOWN_PACK),
    "start before accept": ("start", "T", "red_property:red_property-1", {}, Reason.NOT_IN_THIS_STATUS),
    "another party accepts": ("accept", "T", "residents:residents-1", {}, Reason.NOT_YOUR_TICKET),
    "a stranger accepts": ("accept", "T", "red_property:nobody", {}, Reason.NOT_ON_ROSTER),
    "the desk accepts": ("accept", "T", "desk:desk-1", {}, Reason.ROLE_NOT_ALLOWED),
    "decline without reason": ("decline", "T", "red_property:red_property-1", {}, Reason.REASON_MISSING),
    "dismiss without listed reason": (
        "dismiss",
        "T",
        "desk:desk-1",
        {"reason": "tired", "text": "no"},
        Reason.REASON_MISSING,
    ),
    "dismiss without answer": ("dismiss", "T", "desk:desk-1", {"reason": "not_ours"}, Reason.ANSWER_MISSING),
    "refer nowhere": ("refer", "T", "desk:desk-1", {"home": "moon", "reason": "x"}, Reason.HOME_UNKNOWN),
    "refer with an unknown category": (
        "refer",
        "T",
        "desk:desk-1",
        {"home": "west", "category": "?", "reason": "x"},
        Reason.CATEGORY_UNKNOWN,
    ),
    "whistle without a case": (
        "whistle",
        "T",
        "street:street-north",
        {"departments": ("fire",)},
        Reason.CASE_NOT_ALLOWED,
    ),
    "whistle to nobody known": (
        "whistle",
        "T",
        "street:street-north",
        {"departments": ("x",), "case": "emergency"},
        Reason.DEPARTMENT_UNKNOWN,
    ),
    "another street whistles": (
        "whistle",
        "T",
        "street:street-south",
        {"departments": ("fire",), "case": "emergency"},
        Reason.NOT_ON_ROSTER,
    ),
    "escalate to a tier below": (
        "escalate",
        "T",
        "chief:chief-1",
        {"target": "grid", "reason": "x"},
        Reason.TIER_UNKNOWN,
    ),
    "report in without a child": ("report_in", "T", "department:fire", {}, Reason.NOT_IN_THIS_STATUS),
    "finish a child that is not": ("finish", "T/fire/1", "department:fire", {}, Reason.NO_SUCH_CHILD),
    "finish before accepting": ("finish", "T", "red_property:red_property-1", {"text": "x"}, Reason.NOT_IN_THIS_STATUS),
    "file what is filed": ("file", "T", "desk:desk-1", {"category": "bins"}, Reason.NOT_IN_THIS_STATUS),
    "reopen what is open": ("reopen", "T", "chief:chief-1", {"reason": "x"}, Reason.NOT_IN_THIS_STATUS),
}


@pytest.mark.parametrize(("kind", "name", "who", "fields", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_allowed_is_refused_with_its_reason(
    kind: str, name: str, who: str, fields: dict[str, Any], reason: Reason
) -> None:
    """One decision, the reason, no change; the id is not used up, and the same again is refused again."""
    city = City()
    ticket = city.report("T")
    named, _, child = name.partition("/")
    who = who.replace("street-north", "north-street").replace("street-south", "south-street")
    assert city.ask(kind, named, who, child=child, id="mine", **fields) == reason
    assert reason in REFUSALS
    assert city["T"] == ticket and not city.decisions[-1].changes
    assert [event.type for event in city.decisions[-1].events] == (
        ["SenderAnswered"] if who.startswith("department:") else []
    )
    assert city.ask(kind, named, who, child=child, id="mine", **fields) == reason
    assert not city.book.seen


def test_a_repeated_command_returns_the_first_decision() -> None:
    """The same id again changes nothing, and is forgotten after 35 days."""
    city = City()
    city.report("T")
    city.ask("note", "T", "desk:desk-1", text="one", id="n1")
    first, version = city.decisions[-1].id, city["T"].version
    assert city.ask("note", "T", "desk:desk-1", text="two", id="n1") == Reason.REPEATED_COMMAND
    assert (city.decisions[-1].first_decision, city["T"].version) == (first, version)
    city.now += 35 * DAY + 1
    assert city.ask("note", "T", "desk:desk-1", text="two", id="n1") == "done_as_asked"
    assert city.book.first_decision("desk:desk-1", "n1", city.now) == city.decisions[-1].id


def test_every_command_kind_has_a_row_and_a_handler() -> None:
    """The table, the handlers and the vocabulary name the same commands."""
    from rules.commands.lifecycle_table import CHILD_TABLE, TABLE
    from rules.commands.registry import CHILD_HANDLERS, HANDLERS

    apart = {*PARTITION_KINDS, CommandKind.UNREADABLE, CommandKind.REPORT_IN, CommandKind.RELEASE}
    assert set(TABLE) == set(CommandKind) - apart
    assert set(HANDLERS) == set(TABLE) - {CommandKind.DUPLICATE_OF, CommandKind.UNMERGE}
    assert set(CHILD_HANDLERS) == set(CHILD_TABLE) >= {CommandKind.REPORT_IN, CommandKind.RELEASE, CommandKind.FINISH}
    assert all(isinstance(role, Role) for row in TABLE.values() for role in row.roles)
