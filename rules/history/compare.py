"""Compares two tellings of a history, ticket by ticket: who moved, which limits are missed anew, whose load changes
(DESIGN 8)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rules.history.simulate import Misfit
from rules.history.tally import Account, Fate


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket as one telling leaves it."""

    ticket: str
    category: str | None
    status: str
    first_party: str | None
    """To whom it was offered first."""
    tier: str
    party: str | None
    departments: tuple[str, ...]
    """Those that were told of it, sorted."""


class Row(msgspec.Struct, frozen=True):
    """One ticket, as recorded and under the other law; ``None``: there it does not come about."""

    identity: str
    origin: str
    """What it came from: the position of the report, or of the command that referred it."""
    home: str
    before: Side | None
    after: Side | None
    breaches_vanish: tuple[str, ...]
    """``<generation>:<clock>:<number>`` of 100 % rungs that fired as recorded, and not under the other law."""
    breaches_appear: tuple[str, ...]
    no_longer_fit: tuple[str, ...]
    """Its commands that the other law refuses: ``<kind>: <reason>``."""

    @property
    def moved(self) -> tuple[str, ...]:
        """In what somebody else has it: ``party``, ``tier``, ``departments``; empty for a ticket of one telling
        alone."""
        was, now = self.before, self.after
        if was is None or now is None:
            return ()
        aspects = {
            "party": (was.first_party, was.party) != (now.first_party, now.party),
            "tier": was.tier != now.tier,
            "departments": was.departments != now.departments,
        }
        return tuple(name for name, differs in aspects.items() if differs)

    @property
    def differs(self) -> bool:
        """Whether it fares differently in anything."""
        return bool(self.before != self.after or self.breaches_vanish or self.breaches_appear or self.no_longer_fit)


class Load(msgspec.Struct, frozen=True):
    """Tickets that somebody ever had, before and after."""

    before: int
    after: int


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """A party's tickets of the split, and how far that is off its nominal share, in hundredths of a ticket."""

    count_before: int
    count_after: int
    drift_before: int
    drift_after: int
    causes_before: dict[str, int] = {}
    """``eligibility``, ``emergency``, ``manual``, ``allocation`` -> hundredths of a ticket off its nominal share of all
    tickets."""
    causes_after: dict[str, int] = {}


class Difference(msgspec.Struct, frozen=True):
    """The whole comparison."""

    tickets_before: int
    tickets_after: int
    moved: dict[str, int]
    """``any``, ``party``, ``tier``, ``departments`` -> tickets."""
    breaches_before: dict[str, int]
    """Clock -> 100 % rungs that fired."""
    breaches_after: dict[str, int]
    breaches_vanish: int
    breaches_appear: int
    tiers: dict[str, Load]
    parties: dict[str, Load]
    split: dict[str, Drift]
    apart: dict[str, Load]
    """Tickets that went past the split: ``emergency``, ``direct``, ``none``."""
    rows: tuple[Row, ...]
    """Every ticket that differs in anything, in the order they were recorded."""


def compare(before: Account, after: Account, misfits: Sequence[Misfit]) -> Difference:
    """Match the tickets of two tellings and say what differs.

    A ticket is matched by its identity: of one identity reported or referred several times, each report and each
    referral by itself, in whatever name the two laws gave it.
    """
    refused = _by_ticket(misfits)
    origins = [*before.fates, *(origin for origin in after.fates if origin not in before.fates)]
    rows = [_row(origin, before.fates.get(origin), after.fates.get(origin), refused) for origin in origins]
    moved = [row.moved for row in rows]
    return Difference(
        tickets_before=len(before.fates),
        tickets_after=len(after.fates),
        moved={
            "any": sum(map(bool, moved)),
            **{name: sum(name in some for some in moved) for name in ("party", "tier", "departments")},
        },
        breaches_before=_breaches(before),
        breaches_after=_breaches(after),
        breaches_vanish=sum(len(row.breaches_vanish) for row in rows),
        breaches_appear=sum(len(row.breaches_appear) for row in rows),
        tiers=_loads(before.tiers, after.tiers),
        parties=_loads(before.parties, after.parties),
        split=_drifts(before, after),
        apart=_loads(before.books.apart, after.books.apart),
        rows=tuple(row for row in rows if row.differs),
    )


def _by_ticket(misfits: Iterable[Misfit]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for misfit in misfits:
        found.setdefault(misfit.ticket.split("/", 1)[0], []).append(f"{misfit.kind}: {misfit.reason}")
    return found


def _row(origin: str, was: Fate | None, now: Fate | None, refused: Mapping[str, list[str]]) -> Row:
    one = was or now
    assert one is not None
    breaches, others = was.breaches if was else {}, now.breaches if now else {}
    return Row(
        identity=one.identity,
        origin=origin,
        home=one.home,
        before=_side(was),
        after=_side(now),
        breaches_vanish=tuple(clock for clock in breaches if clock not in others),
        breaches_appear=tuple(clock for clock in others if clock not in breaches),
        no_longer_fit=tuple(refused.get(was.name, ())) if was else (),
    )


def _side(fate: Fate | None) -> Side | None:
    if fate is None:
        return None
    return Side(
        ticket=fate.name,
        category=fate.category,
        status=fate.status,
        first_party=fate.first_party,
        tier=fate.tier,
        party=fate.party,
        departments=tuple(sorted(fate.departments)),
    )


def _breaches(account: Account) -> dict[str, int]:
    """Count by clock, the most frequent first."""
    kinds = Counter(clock.split(":")[1] for fate in account.fates.values() for clock in fate.breaches)
    return dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))


def _loads(before: Counter[str], after: Counter[str]) -> dict[str, Load]:
    return {name: Load(before[name], after[name]) for name in dict.fromkeys((*before, *after))}


def _drifts(before: Account, after: Account) -> dict[str, Drift]:
    was, now = before.books, after.books
    return {
        party: Drift(
            count_before=was.counts[party],
            count_after=now.counts[party],
            drift_before=was.drift(party),
            drift_after=now.drift(party),
            causes_before=was.causes(party),
            causes_after=now.causes(party),
        )
        for party in dict.fromkeys((*was.nominal, *now.nominal))
    }
