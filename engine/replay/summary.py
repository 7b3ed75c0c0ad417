"""Says a comparison in sentences that need no knowledge of the engine."""

from collections import Counter
from zoneinfo import ZoneInfo

from engine.replay.what_if import Simulated
from rules.history.compare import Difference, Load
from rules.history.tally import HUNDRED
from rules.law.moments import local
from topics.ids import Instant


def summary(told: Simulated) -> list[str]:
    """Five to ten sentences, the weightiest first."""
    found = told.difference
    return [
        _what(told),
        _who(found),
        _missed(found),
        _resolved(found),
        _loads(found),
        _split(found),
        *_commands(told),
        *_oddities(told),
    ]


def _what(told: Simulated) -> str:
    packs = " and ".join(told.recorded_packs) or "no pack"
    tickets, span = (
        _tickets(told.difference.tickets_before),
        f"from {day(told.begin, told.zone)} to {day(told.end, told.zone)} {told.zone}",
    )
    if told.since is None:
        return f"{tickets} {span}, as decided by {packs}, told once more under {told.pack}."
    return (
        f"{tickets} {span}, as decided by {packs}, told once more from the state at {day(told.since, told.zone)} on:"
        f" the {told.stood} of before keep the law they were filed under, new ones are filed under {told.pack}."
    )


def _who(found: Difference) -> str:
    moved = found.moved
    if not moved["any"] and found.tickets_before == found.tickets_after:
        return "Nobody would have had another ticket than he had."
    said = f"{_tickets(moved['any'])} ({_percent(moved['any'], found.tickets_before)}) would have gone another way"
    said += (
        f": {moved['party']} to another party, {moved['tier']} to another tier, {moved['departments']} to other"
        " departments (one ticket may count in each)."
    )
    if found.tickets_before != found.tickets_after:
        said += f" There would be {found.tickets_after} tickets instead of {found.tickets_before}: referrals differ."
    return said


def _missed(found: Difference) -> str:
    before, after = sum(found.breaches_before.values()), sum(found.breaches_after.values())
    return (
        f"Limits of all kinds (to accept, to solve, to check …) missed: {before} as it was, {after} as it would be; "
        f"{found.breaches_vanish} would not have been missed, {found.breaches_appear} would be missed anew."
    )


def _resolved(found: Difference) -> str:
    return (
        f"The limit to solve the matter itself was missed by {_tickets(found.breaches_before.get('resolve', 0))}, and"
        f" would be by {found.breaches_after.get('resolve', 0)}."
    )


def _loads(found: Difference) -> str:
    def most(loads: dict[str, Load]) -> str | None:
        changed = sorted(
            ((abs(load.after - load.before), name) for name, load in loads.items() if load.after != load.before),
            key=lambda one: (-one[0], one[1]),
        )
        return ", ".join(f"{name} {loads[name].before} → {loads[name].after}" for _, name in changed[:3]) or None

    tiers, parties = most(found.tiers), most(found.parties)
    if tiers is None and parties is None:
        return "Nobody's load would change."
    return f"Load (tickets that ever came to them): tiers {tiers or 'as before'}; parties {parties or 'as before'}."


def _split(found: Difference) -> str:
    if not found.split:
        return "No ticket went through the split."
    before = max(found.split, key=lambda party: abs(found.split[party].drift_before))
    after = max(found.split, key=lambda party: abs(found.split[party].drift_after))
    was, now = found.split[before].drift_before, found.split[after].drift_after
    return f"Split: furthest from its share was {before}, {tickets_off(was)}; it would be {after}, {tickets_off(now)}."


def _commands(told: Simulated) -> list[str]:
    if not told.commands:
        return []
    if not told.no_longer_fits:
        return [
            f"All {told.commands} commands that people gave and that were carried out would be carried out as well."
        ]
    why = ", ".join(
        f"{kind}: {reason} {count}×"
        for (kind, reason), count in Counter((m.kind, m.reason) for m in told.no_longer_fits).most_common(3)
    )
    return [
        f"{len(told.no_longer_fits)} of {told.commands} commands that were carried out no longer fit ({why}).",
        (
            "Those tickets go on here without the work of these commands, so limits missed anew are rather too many"
            " than too few."
        ),
    ]


def _oddities(told: Simulated) -> list[str]:
    said = []
    if told.unknown_homes:
        said.append(
            f"{_tickets(told.unknown_homes)} lie in places that {told.pack} does not know, and wait at the duty desk."
        )
    if told.held:
        said.append(
            f"{len(told.held)} records cannot be decided under {told.pack} at all, the first being {told.held[0][0]}"
            f" ({told.held[0][1]})."
        )
    return said


def _tickets(count: int) -> str:
    return f"{count} ticket{'' if count == 1 else 's'}"


def _percent(part: int, whole: int) -> str:
    return f"{part * 1000 // whole / 10:.1f} %" if whole else "0 %"


def tickets_off(hundredths: int) -> str:
    """Say a drift: ``2.40 tickets above``."""
    amount = f"{abs(hundredths) // HUNDRED}.{abs(hundredths) % HUNDRED:02d}"
    return "exactly on it" if not hundredths else f"{amount} tickets {'above' if hundredths > 0 else 'below'}"


def day(at: Instant, zone: str) -> str:
    """Write a moment for people, in the city's time; the zone is named once in each telling."""
    return local(at, ZoneInfo(zone))[:16]


def clock(name: str) -> str:
    """Name a clock of ``<generation>:<clock>:<number>`` for people: ``resolve``, ``leg 2``, ``accept 1 (reopening
    1)``."""
    generation, kind, number = name.split(":", 2)
    said = kind if number == "0" else f"{kind} {number}"
    return said if generation == "0" else f"{said} (reopening {generation})"
