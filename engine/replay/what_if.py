"""Tells the log once more under another pack, and compares ticket by ticket."""

from collections.abc import Callable

import msgspec

from engine.replay.gc_pause import calm
from engine.replay.recorded_history import Gap, History
from rules.history.compare import Difference, compare
from rules.history.simulate import Misfit, Simulation
from rules.history.tally import Account, images_of, recorded
from rules.law.compiled import Law
from topics import codec
from topics.decision import Decision
from topics.ids import Instant
from topics.unreadable import UNREADABLE


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
    since: Instant | None = None
    """When the telling begins; ``None``: with the log."""
    stood: int = 0
    """Tickets of before that are in the comparison."""
    zone: str = "UTC"
    """In which its moments are told: the other pack's."""


def simulate(
    history: History, laws: dict[str, Law], law: Law, count: int, advance: Callable[[], None] = lambda: None
) -> Simulated:
    """Tell a history under ``law``, which holds from its beginning.

    Args:
        history: As it is recorded. What stood where it begins goes on from there, and is changed.
        laws: The recorded packs.
        law: The other one.
        count: Partitions of the stack.
        advance: Called for each recorded decision.
    Raises:
        Gap: A decision of the record cannot be read.
    """
    with calm():
        return _simulate(history, laws, law, count, advance)


def _simulate(history: History, laws: dict[str, Law], law: Law, count: int, advance: Callable[[], None]) -> Simulated:
    for decided in history.partitions.values():
        if decided and decided[-1].kind == "unreadable":  # nothing follows it in its partition
            raise Gap(_unreadable_at(decided[-1].where))
    moments = [one.at for decided in history.partitions.values() for one in decided]
    stood = {partition: images_of(one.book) for partition, one in history.begun.items()}
    try:
        before, pending = recorded(laws, history.partitions, stood)
    except UNREADABLE as exc:
        raise Gap(_unreadable_at(_broken(history))) from exc
    after = Account(
        {**laws, law.ref: law}, {name: image for images in stood.values() for name, image in images.items()}
    )
    told = Simulation(law, history.partitions, count, see=after.see, laws=laws, begun=history.begun)
    told.run(pending, advance)
    for one, other in ((before, after), (after, before)):
        for name in sorted(one.stood):
            other.wake(name)
    return Simulated(
        pack=law.ref,
        recorded_packs=tuple(sorted(before.packs)),
        begin=min(moments, default=0) if history.since is None else history.since,
        end=max(moments, default=history.since or 0),
        difference=compare(before, after, told.misfits),
        commands=told.commands,
        no_longer_fits=tuple(told.misfits),
        newly_done=told.newly_done,
        held=tuple(told.held),
        unknown_homes=sum(
            fate.home not in law.homes for origin, fate in after.fates.items() if origin not in after.stood
        ),
        since=history.since,
        stood=len(after.stood),
        zone=law.bundle.timezone,
    )


def _broken(history: History) -> str:
    """Name the first decision that begins like one, and cannot be read."""
    for told in history.partitions.values():
        for one in told:
            try:
                codec.decode(one.record, Decision)
            except UNREADABLE:
                return one.where
    return "(not found)"


def _unreadable_at(where: str) -> str:
    return (
        f"the decision {where} cannot be read; what happened after it is not known. 'gridwhistle replay' without --pack"
        " shows it"
    )
