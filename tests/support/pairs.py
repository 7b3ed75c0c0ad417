"""Where two features meet, all pairs: what is asked of each ticket of ``meetings``, what comes of it, and the page."""

import ast
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support import trees
from tests.support.city import DAY, ZONE_MS, City, at
from tests.support.meetings import STATES, _granted, holder_of, law, next_pack
from topics.vocabulary import Status

# -- what is asked of it --------------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]
TABLE, PAGE = ROOT / "tests" / "unit" / "rules" / "pairs.tsv", ROOT / "docs" / "meetings.md"


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
    next_pack(city)
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
    "finish": ("6", lambda city: city.ask("finish", "T", holder_of(city), text="done", proof=("p",))),
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
    for path in sorted(path for path in trees.paths("tests") if path.name.startswith("test_")):
        for node in trees.functions(path) if "mark.meets(" in trees.text(path) else ():
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
            "Written by `python -m tests.support.pairs` from the tests; do not edit. A ticket in which one feature"
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
