"""Tells the log once more under another pack, and compares ticket by ticket."""

from collections.abc import Callable

import msgspec

from engine.replay.sequence import Gap, History
from rules.account import Account, recorded
from rules.difference import Difference, compare
from rules.law import Law
from rules.simulation import Misfit, Simulation
from topics.ids import Instant


class Simulated(msgspec.Struct, frozen=True):
    """What another law would have made of the recorded reports and commands."""

    pack: str
    recorded_packs: tuple[str, ...]
    """By which tickets were filed, in order of their names."""
    begin: Instant
    end: Instant
    """The first and the last recorded moment."""
    difference: Difference
    commands: int
    """Commands that were carried out in the record."""
    no_longer_fits: tuple[Misfit, ...]
    """Of these, the ones that the other law refuses."""
    newly_done: int
    held: tuple[tuple[str, str], ...]
    """Causes that cannot be decided under the other law, each with the error."""
    unknown_homes: int
    """Reports whose recorded home the other law does not have: they wait at the duty desk."""


def simulate(history: History, laws: dict[str, Law], law: Law, count: int, advance: Callable[[], None] = lambda: None) -> Simulated:
    """Tell a history under ``law``, which holds from the beginning.

    Args:
        history: As it is recorded.
        laws: The recorded packs.
        law: The other one.
        count: Partitions of the stack.
        advance: Called for each recorded decision.
    Raises:
        Gap: A decision of the record cannot be read.
    """
    moments = [one.at for told in history.partitions.values() for one in told if not _unreadable(one.kind, one.where)]
    before, pending = recorded(laws, history.partitions)
    after = Account({law.ref: law})
    told = Simulation(law, history.partitions, count, after.see)
    told.run(pending, advance)
    return Simulated(
        pack=law.ref,
        recorded_packs=tuple(sorted(before.packs)),
        begin=min(moments, default=0),
        end=max(moments, default=0),
        difference=compare(before, after, told.misfits),
        commands=told.commands,
        no_longer_fits=tuple(told.misfits),
        newly_done=told.newly_done,
        held=tuple(told.held),
        unknown_homes=sum(fate.home not in law.homes for fate in after.fates.values()),
    )


def _unreadable(kind: str, where: str) -> bool:
    if kind == "unreadable":
        raise Gap(f"the decision {where} cannot be read; what happened after it is not known. 'gridwhistle replay' without --pack shows it")
    return False
