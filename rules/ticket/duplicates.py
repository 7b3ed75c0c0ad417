"""Reports that may be of the same thing are proposed with a score; floods of them are folded into one (LAW 6, FIELD
4)."""

from collections.abc import Mapping
from itertools import chain

from msgspec.structs import replace
from rapidfuzz import fuzz

from rules.law.compiled import Law
from rules.law.text_folding import plain
from rules.ticket import caps, merging
from rules.ticket.draft import Case, Draft
from rules.ticket.duplicate_index import Lately, Seen
from topics import bounds
from topics.events.filing import DuplicateProposed, TicketFolded
from topics.pack import Alike
from topics.vocabulary import Reason, Status

METRES, E7 = 111_320, 10**7
"""A degree of latitude is 111.32 km; coordinates are degrees × 10⁷."""
COS = (1000, 985, 940, 866, 766, 643, 500, 342, 174, 0, 0)
"""Thousandths of it in a degree of longitude, every ten degrees of latitude; between them along a line."""
UNSAID = 50
"""Score where only one of two says anything."""
UNDER_WAY = (Status.OFFERED, Status.ACCEPTED, Status.HANDLING, Status.WHISTLED)
"""Somebody works on it, or is asked to: what is done, surveyed or parked carries nothing new along by itself."""


def look(case: Case, draft: Draft, lately: Lately, tickets: Mapping[str, Draft], laws: Mapping[str, Law]) -> None:
    """A ticket was filed: fold it into a flood, propose a merge, or carry it out where a rule of the pack says so."""
    if draft.exercise:
        return  # what is played is never taken for what is real, nor the other way about
    bundle, mine = (
        case.law.bundle,
        Seen(
            case.at,
            draft.id,
            draft.leaf,
            lat_e7=draft.lat_e7,
            lon_e7=draft.lon_e7,
            text=plain(draft.text[: bounds.WORDS_CHARS]),
        ),
    )
    category = draft.category or ""
    if bundle.storm is not None:
        flood = list(lately.of(draft.home, category, case.at - bundle.storm.minutes * 60_000))
        if len(flood) >= bundle.storm.count:
            draft.folded_into = _worked(lately, flood, tickets, category)
        if draft.folded_into is not None:
            case.say(draft, TicketFolded(programme=draft.folded_into, count=len(flood) + 1))
    for rule in bundle.alike:
        found = (
            best(rule, lately, mine, draft.home, category)
            if not rule.categories or category in rule.categories
            else None
        )
        if found is None:
            continue
        case.rules.append(f"alike:{rule.id}")
        case.say(draft, DuplicateProposed(of=found[0], score=found[1], by=rule.id))
        if rule.merges and tickets[found[0]].status in UNDER_WAY and not caps.is_full(tickets[found[0]], "merged_here"):
            _merge(case, draft, tickets[found[0]], laws)
        return


def _worked(lately: Lately, flood: list[Seen], tickets: Mapping[str, Draft], category: str) -> str | None:
    """The one that is worked: into which others of the flood are folded already, else the first of them; none that is
    done, surveyed or parked."""
    named = (seen.folded_into for seen in flood if seen.folded_into is not None and seen.folded_into in lately)
    alone = (seen.ticket for seen in reversed(flood) if seen.folded_into is None)
    worked = ((name, tickets[name]) for name in chain(named, alone))
    return next((name for name, one in worked if one.status in UNDER_WAY and one.category == category), None)


def _merge(case: Case, draft: Draft, into: Draft, laws: Mapping[str, Law]) -> None:
    case.as_was[draft.id] = replace(draft, clocks=draft.clocks)
    if merging.merge(case, draft, into, laws[into.pack]) is not Reason.DONE_AS_ASKED:
        case.as_was.clear()


def best(rule: Alike, lately: Lately, mine: Seen, home: str, category: str) -> tuple[str, int] | None:
    """Find the open ticket that is most like this one by a rule: its id, and its score in percent, at least the rule's.

    Same home and category; filed within the rule's minutes; within its metres where both have a point, else in the same
    grid. The score is that of the words, whatever their order; the latest of equals.
    """
    found: tuple[str, int] | None = None
    for other in lately.of(home, category, mine.at - rule.minutes * 60_000):
        if other.ticket != mine.ticket and _near(rule, mine, other):
            score = _score(mine.text, other.text)
            if score >= rule.score and (found is None or score > found[1]):
                found = (other.ticket, score)
    return found


def _score(mine: str, other: str) -> int:
    if not mine or not other:
        return 100 if mine == other else UNSAID
    return int(fuzz.token_sort_ratio(mine, other))


def _near(rule: Alike, mine: Seen, other: Seen) -> bool:
    if mine.lat_e7 is not None and mine.lon_e7 is not None and other.lat_e7 is not None and other.lon_e7 is not None:
        return are_within(rule.metres, (mine.lat_e7, mine.lon_e7), (other.lat_e7, other.lon_e7))
    return mine.leaf == other.leaf


def are_within(metres: int, a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two points, (lat, lon) × 10⁷, lie within so many metres of each other; whole numbers, good to a per cent
    within a city."""
    tens, rest = divmod(abs(a[0]), 10 * E7)
    shrink = COS[tens] + (COS[tens + 1] - COS[tens]) * rest // (10 * E7)
    dy, dx = (a[0] - b[0]) * METRES // E7, (a[1] - b[1]) * METRES * shrink // (E7 * 1000)
    return dx * dx + dy * dy <= metres * metres
