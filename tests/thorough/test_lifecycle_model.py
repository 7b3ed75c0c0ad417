"""LAW 6 and 7 as invariants: random steps (10,000; ``make walk`` takes 200,000) through the whole table, each looked at
(no broker, one partition)."""

import os
from collections import Counter

import pytest

from rules.commands.lifecycle_table import TABLE
from rules.decide import decide
from rules.law.compiled import Law
from rules.state.causes import CommandCause
from tests.support.city import DAY, REF, City, city_bundle
from tests.support.walk import Walk
from tests.support.walk_commands import KINDS
from tests.support.walk_images import FEATURES
from topics.command import Actor, Command
from topics.vocabulary import REFUSALS, CommandKind, Reason, Role, Status

LAW = Law(REF, city_bundle())
STEPS = int(os.environ.get("GRIDWHISTLE_STEPS", "10000"))
NIGHTLY = 200_000
QUICK = (
    "wish",
    "flood",
    "merge",
    "unmerge",
    "duty",
    "force majeure",
    "referral",
    "rebase",
    "team",
    "committee",
    "exercise",
    "park",
    "wait",
    "extend",
    "whistle",
    "paused",
    "breach",
)
"""What some thousand steps meet in any case."""
LONG = 50_000
"""Steps of one walk of the nightly form."""


def test_no_random_walk_breaks_the_law() -> None:
    """No parent closes with an open child, no clock runs in a final ticket, nobody lacks one of the five, every pair is
    decided or refused.

    A long walk must have met every feature and nearly every pair of status and command, or it shows nothing.
    """
    walks = [Walk(seed) for seed in range(max(2, STEPS // LONG))]
    for walk in walks:
        for _ in range(STEPS // len(walks)):
            walk.step()
        walk.left_alone()
    pairs = sum((walk.commands.pairs for walk in walks), Counter())
    seen = sum((walk.images.seen for walk in walks), Counter())
    print({name: seen[name] for name in FEATURES}, f"{len(pairs)} pairs of status and command")
    must = FEATURES if STEPS >= NIGHTLY else QUICK if STEPS >= 10_000 else ()
    assert [name for name in must if not seen[name]] == []
    assert STEPS < NIGHTLY or len(pairs) > 0.9 * len(Status) * len(KINDS)
    assert all(sum(n for (status, _), n in pairs.items() if status == one) for one in Status)


def in_status(status: Status) -> City:
    """A city whose ticket T is in this status."""
    city = City(law=LAW)
    city.report(
        "T", None if status in (Status.RECEIVED, Status.VERIFYING) else "fire" if status is Status.WHISTLED else "bins"
    )
    if status is Status.VERIFYING:
        city.ask("send_verify", "T", "desk:desk-1")
    elif status in (Status.DISMISSED, Status.CANCELLED):
        kind = "dismiss" if status is Status.DISMISSED else "cancel"
        city.ask(kind, "T", "chief:chief-1", reason="not_ours", text="because")
    elif status is Status.MERGED:
        city.report("X", "bins")
        city.ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id)
    elif status is Status.CLOSED:
        city.ask("close_by_source", "T", "source:app", reason="closed")
    elif status not in (Status.RECEIVED, Status.OFFERED, Status.WHISTLED):
        steps = {Status.ACCEPTED: "accept", Status.PARKED: "accept", Status.HANDLING: "start"}
        city.work("T", until=steps.get(status, "finish"))
        if status is Status.PARKED:
            city.ask("park", "T", city.holder("T"), reason="frost", until=city.now + 9 * DAY)
            city.ask("approve", "T", "chief:chief-1")
            city.ask("approve", "T", "supervisor:supervisor-1")
        elif status is Status.SURVEYED:
            city.ask("check", "T", "checker:checker-2", passed=True)
    assert city["T"].status is status
    return city


def said_by(role: Role, kind: CommandKind, city: City) -> Command:
    """A command with everything that any might need."""
    others = {Role.STREET: "north-street", Role.PRINCIPAL: "north-principal", Role.DEPARTMENT: "urban-1"}
    return Command(
        id="c",
        kind=kind,
        actor=Actor(role, others.get(role, f"{role.value}-1"), "urban" if role is Role.DEPARTMENT else None),
        accepted_at=city.now,
        ticket=city["T"].id,
        reason="not_ours",
        text="said",
        proof=("a", "b"),
        category="leak",
        home="west",
        departments=("urban",),
        case="emergency",
        passed=True,
        satisfied=True,
        until=city.now + DAY,
    )


@pytest.mark.parametrize("status", list(Status))
def test_every_pair_of_status_and_command_is_decided_or_refused_with_a_reason(status: Status) -> None:
    """By everybody: what the table does not have is refused as such, and changes nothing.

    To decide alone changes nothing either: one city stands for all who ask, and the first is told the same at last.
    """
    for kind in KINDS:
        city, told = in_status(status), []
        for role in (*Role, next(iter(Role))):
            cause = CommandCause(id="commands:0:99", command=said_by(role, kind, city), appended_at=city.now)
            told.append(decide(city.book, city.laws, cause, city.now).decision)
            reason = Reason(told[-1].reason)
            assert bool(told[-1].changes) == (reason not in REFUSALS and reason is not Reason.NO_CHANGE)
        assert told[0] == told[-1]
        decided = {Reason(one.reason) for one in told}
        # by its reporter, of what it was merged into
        said_of_the_other = status is Status.MERGED and kind in ("reopen", "remind", "note", "attach", "follow")
        allowed = (kind in TABLE and status in TABLE[kind].statuses) or said_of_the_other
        assert allowed or decided == {Reason.NOT_IN_THIS_STATUS}, (kind, decided)
        assert not allowed or decided != {Reason.NOT_IN_THIS_STATUS}, (kind, decided)
