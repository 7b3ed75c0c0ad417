"""The long form of ``tests/kafka/test_alerts.py`` (``make alerts``): more kinds of trouble, each alone, with how long
it took to be seen and to be over."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.alert_faults import Second
from tests.faults.alert_kinds import BY_RULES_ALONE, LONG, QUICK, Kind
from tests.faults.results import machine
from tests.kafka.test_alerts import Watched, watched
from tests.support.prometheus import door
from tests.support.servers import free_ports
from tests.support.stacks import wait

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "alerts.md"
HEAD = """# Alerts: what was broken, and how soon it was said

Written by `make alerts`: a real Prometheus (1 s between scrapes, the rules' lengths of time shortened to 1/30, `for`
to 1/60) and Alertmanager beside a running stack; each kind is broken alone, waited for, mended, and waited for again.

"""


def tried(here: Watched, kind: Kind) -> str:
    """Bring one kind about, mend it; its row."""
    began = time.monotonic()
    kind.break_it(here)
    try:
        wait(lambda: set(kind.alerts) <= set(here.asked.firing()), kind.within, f"{kind.alerts} fire")
        fired = time.monotonic()
    finally:
        kind.mend(here)
    mended = time.monotonic()
    wait(lambda: not set(kind.alerts) & set(here.asked.firing()), kind.within, f"{kind.alerts} end")
    return f"| {', '.join(kind.alerts)} | {kind.how} | {fired - began:.0f} | {time.monotonic() - mended:.0f} |"


@pytest.mark.long
def test_more_faults_raise_their_alerts_and_end_them(tmp_path: Path) -> None:
    """Each kind fires when it is brought about, and ends when it is mended; one that does not keeps no other from being
    tried."""
    rows, failed = list[str](), list[str]()
    audit, port = [""], free_ports(1)
    with (
        door(lambda path, body: audit[0]) as url,
        watched(tmp_path, {f"127.0.0.1:{port}": "fanout", url.removeprefix("http://"): "audit"}) as here,
    ):
        second = Second(here, port)
        here.kept |= {"audit": audit, "second": second}
        for kind in LONG:
            try:
                rows.append(tried(here, kind))
            except Exception as exc:
                failed.append(f"{', '.join(kind.alerts)}: {exc!r:.300}")
            print(rows[-1:], failed, flush=True)
            RESULTS.write_text(HEAD + page(rows, failed), encoding="utf-8")  # a run that is ended leaves what it saw
        second.stop()
        told = here.was_told("on-call", "CausesHeld") and here.was_told("weekly", "WhistlesTooFew")
    assert not failed and told


def page(rows: list[str], failed: list[str]) -> str:
    """What came of it."""
    counts = f"{len(rows)} of {len(LONG)} kinds fired and ended, {len(failed)} did not."
    stamp = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}; {counts}"
    lines = [
        stamp,
        "",
        "| alert | what was done | fired after s | ended s after the mend |",
        "|---|---|---|---|",
        *rows,
    ]
    if failed:
        lines += ["", "Did not:", "", *[f"- {one}" for one in failed]]
    if untried := [name for kind in LONG[len(rows) + len(failed) :] for name in kind.alerts]:
        lines += ["", f"Ended before these were tried: {', '.join(untried)}."]
    lines += ["", f"Live in `make test`: {', '.join(QUICK)}.", "", "By promtool's tests alone:", ""]
    return "\n".join([*lines, *[f"- {name}: {why}." for name, why in BY_RULES_ALONE.items()], ""])
