"""The long form of ``tests/kafka/test_alerts.py`` (``make alerts``): every kind of trouble that an alert tells of, each
alone, with how long it took to be seen and to be over."""

import time
from collections.abc import Iterator

import pytest
import yaml

from tests.faults.alert_faults import Second
from tests.faults.alert_kinds import LONG, Kind
from tests.faults.alert_page import NOT, note
from tests.kafka.test_alerts import Watched, watched
from tests.support.prometheus import DEPLOY, door
from tests.support.servers import free_ports
from tests.support.stacks import wait

RECEIVERS = {"critical": "on-call", "warning": "today", "info": "weekly"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One stack for all kinds that are tried, watched with a second fan-out and an audit's file."""
    audit, port, folder = [""], free_ports(1), tmp_path_factory.mktemp("alerts")
    with door(lambda path, body: audit[0]) as url:
        more = {f"127.0.0.1:{port}": "fanout", url.removeprefix("http://"): "audit"}
        with watched(folder, more) as found:
            second = Second(found, port)
            found.kept |= {"audit": audit, "second": second}
            try:
                yield found
            finally:
                second.stop()


@pytest.mark.long
@pytest.mark.parametrize("kind", LONG, ids=lambda kind: kind.alerts[0])
def test_a_fault_raises_its_alerts_and_ends_them(here: Watched, kind: Kind) -> None:
    """They fire when it is brought about, whoever must is told, and they end when it is mended."""

    def noted(fired: str, ended: str) -> None:
        note([one.alerts + one.afterwards for one in LONG], kind.alerts + kind.afterwards, kind.how, fired, ended)

    noted(NOT, "")
    everything = set(kind.alerts) | set(kind.afterwards)
    if not kind.stands:
        wait(lambda: not everything & set(here.asked.firing()), kind.within, "what was broken before is over")
    began = time.monotonic()
    kind.break_it(here)
    try:
        fire(here, kind.alerts, kind.within)
        fired = f"{time.monotonic() - began:.0f}"
    finally:
        kind.mend(here)
    mended = time.monotonic()
    noted(fired, NOT)
    fire(here, kind.afterwards, kind.within)
    wait(lambda: not everything & set(here.asked.firing()), kind.within, f"{everything} end")
    noted(fired, f"{time.monotonic() - mended:.0f}")


def fire(here: Watched, names: tuple[str, ...], within: float) -> None:
    """Wait until all of them fire, and the first of them was told to whom its severity says."""
    wait(
        lambda: set(names) <= set(here.asked.firing()), within, f"{names} fire, not only {sorted(here.asked.firing())}"
    )
    if names:
        receiver = RECEIVERS[SEVERITIES[names[0]]]
        wait(lambda: here.was_told(receiver, names[0]), 60, f"{receiver} was told of {names[0]}")


SEVERITIES = {
    rule["alert"]: rule["labels"]["severity"]
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
}
