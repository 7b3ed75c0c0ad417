"""Where two features meet, all pairs: a ticket in which one is at work already, and something asked of it (LAW 2-7).

What comes of each pair stands in ``tests/unit/rules/pairs.tsv``, decided on purpose; ``docs/meetings.md`` is drawn from
there and from the stories
marked ``meets``: ``python -m tests.support.meetings``. ``--record`` writes the table anew, to be read line by line
before it is kept.
"""

import ast
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from rules.law.compiled import Law
from tests.support.city import DAY, REF, ZONE_MS, City, at, city_bundle
from topics.pack import Category, ForceMajeure, Limit, PackBundle, RosterEntry, Storm
from topics.vocabulary import Status

ROOT = Path(__file__).parents[2]
TABLE, PAGE = ROOT / "tests" / "unit" / "rules" / "pairs.tsv", ROOT / "docs" / "meetings.md"
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
    reason = city.ask(kind, "T", _holder(city), reason="so", **fields)
    for who in ("chief:chief-1", "supervisor:supervisor-1"):
        if city["T"].asked is not None and reason == "done_as_asked":
            reason = city.ask("approve", "T", who)
    return reason


def _holder(city: City) -> str:
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
    _next_pack(city)
    assert city.ask("rebase", "T", "chief:chief-1", reason="new law") == "done_as_asked"


def _next_pack(city: City) -> None:
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


# -- what is asked of it --------------------------------------------------------------------------------------------


def _recategorised(city: City, code: str) -> str:
    return city.ask("recategorise", "T", "chief:chief-1", category=code, reason="so it is")


def _into(city: City) -> str:
    city.report("N", "bins")
    return city.ask("duplicate_of", "T", "desk:desk-1", target=city["N"].id)


def _takes_in(city: City) -> str:
    city.report("N", "lift", exercise=city["T"].exercise)
    return city.ask("duplicate_of", "N", "desk:desk-1", target=city["T"].id)


def _off_duty(city: City) -> str:
    ticket = city["T"]
    street = ticket.party == "street"
    return city.duty("north-street" if street else ticket.person, "street" if street else ticket.duty, "off")


def _rebased(city: City) -> str:
    _next_pack(city)
    return city.ask("rebase", "T", "chief:chief-1", reason="new law")


def _late(city: City) -> str:
    """Nobody does anything until its limit has passed, or for ten days where none is running: then what a person
    sees."""
    due = city["T"].deadline_at or city.now + 10 * DAY
    while (first := city.book.next_due()) is not None and first <= due:
        city._fire(first)
    city.now = max(city.now, due)
    return "time_passed"


ACTS: dict[str, tuple[str, Callable[[City], str]]] = {
    "recategorise": ("4", lambda city: _recategorised(city, "bins" if city["T"].category != "bins" else "leak")),
    "made a wish": ("4", lambda city: _recategorised(city, "wish")),
    "corrected to U1": ("5", lambda city: _recategorised(city, "fire")),
    "refer": ("6", lambda city: city.ask("refer", "T", "chief:chief-1", home="hill", reason="theirs")),
    "place": ("6", lambda city: city.ask("place", "T", "chief:chief-1", grid="west1", reason="over there")),
    "merged into another": ("6", _into),
    "takes another in": ("6", _takes_in),
    "unmerge": ("6", lambda city: city.ask("unmerge", "T", "desk:desk-1", reason="another")),
    "unfold": ("5", lambda city: city.ask("unfold", "T", "desk:desk-1", reason="another")),
    "holder off duty": ("2, 6", _off_duty),
    "extend": ("4, 6", lambda city: _granted(city, "extend")),
    "park": ("4", lambda city: _granted(city, "park", until=at("08:00", 9))),
    "wait": ("4", lambda city: city.ask("wait_reporter", "T", "desk:desk-1", reason="which door?")),
    "whistle": (
        "7",
        lambda city: city.ask("whistle", "T", "principal:north-principal", departments=("fire",), case="emergency"),
    ),
    "escalate": ("5", lambda city: city.ask("escalate", "T", "chief:chief-1", reason="now")),
    "reassign": (
        "6",
        lambda city: city.ask(
            "reassign", "T", "chief:chief-1", target="residents-2", party="residents", reason="nearer"
        ),
    ),
    "rebase": ("4", _rebased),
    "spot fix": ("6", lambda city: city.ask("spot_fix", "T", "residents:residents-1", proof=("a", "b"))),
    "consent": ("6", lambda city: city.ask("consent", "T", "residents_committee:residents_committee-1", passed=True)),
    "finish": ("6", lambda city: city.ask("finish", "T", _holder(city), text="done", proof=("p",))),
    "reopen": ("6", lambda city: city.ask("reopen", "T", "reporter:r", reason="still wet")),
    "appeal": ("6", lambda city: city.ask("appeal", "T", "reporter:r", reason="it is")),
    "cancel": ("6", lambda city: city.ask("cancel", "T", "chief:chief-1", reason="no more")),
    "its limit passes": ("4, 5", _late),
}
"""What is asked, the section of the law, and by whom it is done."""


def state(name: str) -> City:
    """The town at 09:00 with ticket T."""
    city = City(law=law(name))
    STATES[name][1](city)
    if city.now < at("09:00"):
        city.at("09:00")
    return city


def comes_of(feature: str, act: str) -> str:
    """Do it, and say what a person then sees: why not, or where the ticket is and until when."""
    city = state(feature)
    before = city["T"].version
    reason = ACTS[act][1](city)
    if city.referrals and city["T"].status is Status.CLOSED:
        city.refer_in("T")
    ticket = city["T"]
    where = f"{ticket.status} {ticket.tier or '-'}/{ticket.party or ticket.duty}"
    if ticket.version == before and reason not in ("time_passed", "done_as_asked"):
        return reason
    marks = "".join(
        f" {mark}"
        for mark, is_so in (
            ("late", ticket.is_overdue),
            ("folded", ticket.folded_into),
            ("exhausted", ticket.is_exhausted),
        )
        if is_so
    )
    return f"{where}{marks}, due {moment(ticket.deadline_at)}" + (
        "" if reason in ("done_as_asked", "time_passed") else f" ({reason})"
    )


def moment(ms: int | None) -> str:
    """A local moment; the pack's hours are eight ahead."""
    return (
        "-"
        if ms is None
        else (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms + ZONE_MS)).strftime("%a %d %H:%M")
    )


def table() -> dict[tuple[str, str], str]:
    """What was decided."""
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    return {(feature, act): outcome for feature, act, outcome in rows}


# -- the page -------------------------------------------------------------------------------------------------------


def stories() -> list[tuple[tuple[str, str], str, str]]:
    """Every ``meets("one", "other", law="...")`` of a test: the pair, the section, the test."""
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.meets":
                    one, other = (str(ast.literal_eval(arg)) for arg in mark.args)
                    sections = "".join(str(ast.literal_eval(word.value)) for word in mark.keywords if word.arg == "law")
                    found.append(((one, other), sections, f"{path.relative_to(ROOT)}::{node.name}"))
    return found


def document() -> str:
    """The page, from the table and the marks."""
    decided = table()
    lines = [
        "# Where features meet",
        "",
        (
            "Written by `python -m tests.support.meetings` from the tests; do not edit. A ticket in which one feature"
            " is at work (Monday 2 March 2026, 09:00, filed at 08:00"
        ),
        (
            "unless said otherwise), something asked of it, and what comes of it: where it is then and until when, or"
            " why it is refused. Each line is"
        ),
        (
            "held by `tests/unit/rules/test_every_pair.py`; what was decided about the difficult ones is in [decision"
            f" 8](decisions/0008-where-two-features-meet.md). {len(decided)} pairs."
        ),
        "",
        "## Told as stories",
        "",
        "| features | LAW | test |",
        "|---|---|---|",
    ]
    lines += [f"| {one} × {other} | {sections} | `{test}` |" for (one, other), sections, test in sorted(stories())]
    for feature, (section, _) in STATES.items():
        lines += [
            "",
            f"## {feature} (LAW {section})",
            "",
            f"{moment(state(feature).now)}: {_seen(feature)}.",
            "",
            "| asked | LAW | comes of it |",
            "|---|---|---|",
        ]
        lines += [f"| {act} | {ACTS[act][0]} | {decided.get((feature, act), '**no test**')} |" for act in ACTS]
    return "\n".join(lines) + "\n"


def _seen(feature: str) -> str:
    ticket = state(feature)["T"]
    return (
        f"{ticket.category}, {ticket.status} at {ticket.tier or '-'}/{ticket.party or ticket.duty}, due"
        f" {moment(ticket.deadline_at)}"
    )


def main() -> None:
    """Write the page; with ``--record`` the table, too."""
    if "--record" in sys.argv:
        rows = [f"{feature}\t{act}\t{comes_of(feature, act)}" for feature in STATES for act in ACTS]
        TABLE.write_text("\n".join(rows) + "\n", encoding="utf-8")
    PAGE.write_text(document(), encoding="utf-8")
    print(
        f"{PAGE.relative_to(ROOT)}: {len(table())} pairs, {len(stories())} stories,"
        f" {len(re.findall('no test', PAGE.read_text(encoding='utf-8')))} without a test"
    )


if __name__ == "__main__":
    main()
