"""Where two features meet, all pairs: a ticket in which one is at work already, and something asked of it (LAW 2-7).

What comes of each pair stands in ``tests/unit/rules/pairs.tsv``, decided on purpose; ``docs/meetings.md`` is drawn from
there and from the stories
marked ``meets``: ``python -m tests.support.pairs``. ``--record`` writes the table anew, to be read line by line
before it is kept.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from msgspec.structs import replace

from rules.law.compiled import Law
from tests.support.city import REF, City, at, city_bundle
from topics.pack import Category, ForceMajeure, Limit, PackBundle, RosterEntry, Storm

AGAIN = "toytown@2"


def bundle(limit: int = 4) -> PackBundle:
    """A town with a wish and a category that needs consent and a team; with another limit for a leak it is the next
    pack."""
    town = city_bundle()
    more = (
        Category("wish", "Wish", "微心愿", "city", "U4", Limit(2, "work_day"), wish=True, lead="urban"),
        Category("stairs", "Stairs", "楼道", "city", "U3", Limit(8, "work_hour"), consent="sequential", lead="urban"),
        Category(
            "roof", "Roof", "屋顶", "city", "U2", Limit(4, "urgent_hour"), team=("specialist", "checker"), lead="urban"
        ),
    )
    committees = tuple(RosterEntry(f"{role}-1", role, role) for role in ("residents_committee", "owners_committee"))
    nodes = tuple(replace(node, wall="inside") if node.code == "east2" else node for node in town.nodes)
    leaks = tuple(
        replace(one, limit=Limit(limit, "urgent_hour")) if one.code == "leak" else one for one in town.categories
    )
    return replace(town, categories=(*leaks, *more), roster=(*town.roster, *committees), nodes=nodes)


@cache
def law(name: str) -> Law:
    """The town's law; with a flood or force majeure declared where the feature is that."""
    town = bundle(3 if name == AGAIN else 4)
    if name == "flood":
        town = replace(town, storm=Storm(2, 60))
    if name == "force majeure":
        town = replace(town, force_majeure=(ForceMajeure(at("08:30"), at("18:00")),))
    return Law(name if name == AGAIN else REF, town)


# -- a ticket T in which one feature is at work, at 09:00 unless that is too early ------------------------------------


def _leak(city: City, until: str | None = "accept", category: str = "leak", **fields: Any) -> None:
    city.report("T", category, **fields)
    if until is not None:
        city.work("T", until=until)


def _granted(city: City, kind: str, **fields: Any) -> str:
    """Ask as the holder and let others agree; the first refusal, else the last answer."""
    reason = city.ask(kind, "T", holder_of(city), reason="so", **fields)
    for who in ("chief:chief-1", "supervisor:supervisor-1"):
        if city["T"].asked is not None and reason == "done_as_asked":
            reason = city.ask("approve", "T", who)
    return reason


def holder_of(city: City) -> str:
    """Who has it; of the street its own officer, whoever of it has whistled."""
    return "street:north-street" if city["T"].party == "street" else city.holder("T")


def _flood(city: City) -> None:
    city.report("A", "leak")
    city.report("B", "leak")
    _leak(city, None)
    assert city["T"].folded_into is not None


def _merge(city: City) -> None:
    _leak(city, category="bins")
    city.report("A", "leak")
    assert city.ask("duplicate_of", "A", "desk:desk-1", target=city["T"].id) == "done_as_asked"


def _merged(city: City) -> None:
    city.report("X", "bins")
    _leak(city)
    assert city.ask("duplicate_of", "T", "desk:desk-1", target=city["X"].id) == "done_as_asked"


def _duty(city: City) -> None:
    _leak(city)
    city.duty(city["T"].person, str(city["T"].party), "off")


def _referral(city: City) -> None:
    _leak(city, home="west", leaf="west1")
    city.at("08:30").ask("refer", "T", "chief:chief-1", home="east", reason="theirs")
    city.refer_in("T")
    city.work("T", until="accept")


def _rebase(city: City) -> None:
    _leak(city)
    next_pack(city)
    assert city.ask("rebase", "T", "chief:chief-1", reason="new law") == "done_as_asked"


def next_pack(city: City) -> None:
    bundle_of = law(AGAIN).bundle
    city.adopt(AGAIN, bundle_of)


def _parked(city: City) -> None:
    _leak(city)
    assert _granted(city, "park", until=at("08:00", 9)) == "done_as_asked"


def _waiting(city: City) -> None:
    _leak(city)
    assert city.ask("wait_reporter", "T", "desk:desk-1", reason="which door?") == "done_as_asked"


def _extended(city: City) -> None:
    _leak(city)
    assert _granted(city, "extend") == "done_as_asked"


def _spot_fixed(city: City) -> None:
    _leak(city, None)
    assert city.ask("spot_fix", "T", "residents:residents-1", proof=("a", "b")) == "done_as_asked"


def _whistled(city: City) -> None:
    _leak(city, "start", "road")
    assert (
        city.ask("whistle", "T", "principal:north-principal", departments=("urban",), case="emergency")
        == "done_as_asked"
    )


def _surveyed(city: City) -> None:
    _leak(city, "finish")
    assert city.ask("check", "T", "checker:checker-2", passed=True) == "done_as_asked"


def _reopened(city: City) -> None:
    _surveyed(city)
    assert city.ask("reopen", "T", "chief:chief-1", reason="leaks again") == "done_as_asked"
    city.work("T", until="accept")


def _appealed(city: City) -> None:
    _leak(city, None)
    city.ask("dismiss", "T", "desk:desk-1", reason="not_ours", text="no")
    assert city.ask("appeal", "T", "reporter:r", reason="it is") == "done_as_asked"
    assert city.ask("file", "T", "desk:desk-1", category="leak") == "done_as_asked"
    city.work("T", until="accept")


def _breached(city: City) -> None:
    _leak(city)
    city.at("12:00")
    city.work("T", until="accept")


STATES: dict[str, tuple[str, Callable[[City], None]]] = {
    "wish": ("4", lambda city: _leak(city, category="wish")),
    "flood": ("5", _flood),
    "merge": ("6", _merge),
    "merged": ("6", _merged),
    "duty": ("2, 6", _duty),
    "force majeure": ("4", _leak),
    "referral": ("6", _referral),
    "rebase": ("4", _rebase),
    "team": ("6", lambda city: _leak(city, category="roof")),
    "committee": ("6", lambda city: _leak(city, None, "stairs", leaf="east2")),
    "exercise": ("3", lambda city: _leak(city, exercise=True)),
    "park": ("4", _parked),
    "wait": ("4", _waiting),
    "extend": ("4, 6", _extended),
    "spot fix": ("6", _spot_fixed),
    "whistle": ("7", _whistled),
    "emergency": ("2, 5", lambda city: _leak(city, None, "fire")),
    "check": ("6", lambda city: _leak(city, "finish")),
    "survey": ("6", _surveyed),
    "reopen": ("6", _reopened),
    "appeal": ("6", _appealed),
    "breach": ("4, 5", _breached),
}
"""Feature at work, the section of the law it stands in, and how a ticket comes to it."""
