"""A real Prometheus and Alertmanager beside a running stack: what is broken raises its alert, tells whom it must, and
the alert ends with it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from engine.stages import DOORS, STAGES
from tests.support.prometheus import Asked, alertmanager, door, prometheus
from tests.support.stacks import ENVIRON, ROOT, status, up, wait
from tests.support.watching import tool

FLOOD = 130
OURS = {*STAGES, *DOORS}


class Watched:
    """A stack, whoever watches it, and whom they told."""

    def __init__(
        self, data: Path, kafka: str, asked: Asked, manager: str, told: list[tuple[str, dict[str, Any]]]
    ) -> None:
        """Keep all of them."""
        self.data, self.kafka, self.asked, self.manager, self.told = data, kafka, asked, manager, told
        self.kept: dict[str, Any] = {}
        """What whoever breaks something needs to mend it."""

    def fires(self, *names: str) -> None:
        """Wait until all of these fire."""
        wait(lambda: set(names) <= set(self.asked.firing()), 60, f"{names} fire")

    def ends(self, *names: str) -> None:
        """Wait until none of these fires."""
        wait(lambda: not set(names) & set(self.asked.firing()), 60, f"{names} end")

    def was_told(self, receiver: str, name: str, state: str = "firing") -> bool:
        """Whether a receiver was told of an alert."""
        return any(
            path == f"/{receiver}" and alert["labels"]["alertname"] == name and alert["status"] == state
            for path, body in self.told
            for alert in body["alerts"]
        )


@contextmanager
def watched(folder: Path, more: Mapping[str, str] = MappingProxyType({})) -> Iterator[Watched]:
    """Start a stack, Prometheus at all of its stages and at ``more``, and Alertmanager whose receivers are ours."""
    told: list[tuple[str, dict[str, Any]]] = []

    def take(path: str, body: bytes) -> str:
        told.append((path, json.loads(body)))
        return ""

    with up(folder / "stack", "--pack", "guancheng"), door(take) as hook, alertmanager(folder / "am", hook) as manager:
        found = status(folder / "stack")
        targets = {f"127.0.0.1:{one['port']}": one["stage"] for one in found if one["stage"] in OURS}
        kafka = next(f"127.0.0.1:{one['port']}" for one in found if one["name"] == "kafka")
        assert set(targets.values()) == OURS
        with prometheus(folder / "prometheus", {**targets, **more}, manager) as asked:
            wait(lambda: _scraped(asked) >= OURS, 30, "every stage is scraped")
            yield Watched(folder / "stack", kafka, asked, manager=manager, told=told)


def _scraped(asked: Asked) -> set[str]:
    return {one["metric"]["stage"] for one in asked.query('up{job="gridwhistle"} == 1')}


async def write(
    kafka: str,
    topic: str,
    records: list[tuple[bytes | None, bytes]],
    headers: Sequence[tuple[str, bytes]] = (),
    partition: int = 0,
) -> None:
    """Write as anybody could who has the right; whatever the key, to this partition."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        for key, value in records:
            await producer.send(topic, value, key=key, headers=list(headers), partition=partition)
        await producer.flush()
    finally:
        await producer.stop()


def test_alerts_reach_their_receivers_and_end(tmp_path: Path) -> None:
    """What a stage could tell goes through rules, routes and webhooks, each to whom it concerns, and its end as well;
    no text has a hole."""
    told: list[tuple[str, dict[str, Any]]] = []
    well = 'gridwhistle_ready{stage="replies"} 1\n'
    ill = (
        'gridwhistle_ready{stage="replies"} 0\ngridwhistle_rejected_total{reason="missing_field"}'
        ' 130\ngridwhistle_unreadable_total{topic="incidents"} 1\n'
    )
    now = [well]

    def take(path: str, body: bytes) -> str:
        told.append((path, json.loads(body)))
        return ""

    with door(take) as hook, alertmanager(tmp_path / "am", hook) as manager, door(lambda path, body: now[0]) as stage:
        with prometheus(tmp_path / "prometheus", {stage.removeprefix("http://"): "replies"}, manager) as asked:
            here = Watched(tmp_path, "", asked, manager=manager, told=told)
            now[0] = ill
            here.fires("StageNotReady", "RejectedFlood", "Unreadable", "StageAway")
            assert {alert["labels"]["stage"] for alert in asked.firing()["StageAway"]} == OURS - {"replies"}
            texts = [
                text for alerts in asked.firing().values() for alert in alerts for text in alert["annotations"].values()
            ]
            assert texts and not [text for text in texts if "error" in text.lower() or "<no value>" in text]
            each = (("on-call", "StageNotReady"), ("today", "RejectedFlood"), ("today", "Unreadable"))
            wait(lambda: all(here.was_told(whom, name) for whom, name in each), 30, "each was told")
            now[0] = ill.replace('"replies"} 0', '"replies"} 1')
            here.ends("StageNotReady", "RejectedFlood", "Unreadable")
            wait(lambda: all(here.was_told(*one, "resolved") for one in each[:2]), 30, "their end was told")


@pytest.mark.alone(reason="rules in haste: a stage that does not answer for some seconds raises an alert of its own")
def test_faults_raise_their_alerts_and_end_them(tmp_path: Path) -> None:
    """A stage that stands still, a flood of broken reports, a stranger on a topic of ours: at once, each told to whom
    it concerns."""
    with watched(tmp_path) as here:
        for port in {one["port"] for one in status(here.data) if one["stage"] in OURS}:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                checked = subprocess.run(
                    [tool("promtool"), "check", "metrics"], input=answer.read(), capture_output=True, check=False
                )
                assert checked.returncode == 0, checked.stderr
        assert not {"StageDown", "StageAway", "RejectedFlood", "Unreadable"} & set(here.asked.firing())
        replies = next(one for one in status(here.data) if one["stage"] == "replies")
        os.kill(replies["pid"], signal.SIGSTOP)
        try:
            asyncio.run(write(here.kafka, "gw.incidents.raw", [(b"x", b"{}")] * FLOOD))
            asyncio.run(write(here.kafka, "gw.incidents", [(b"tawan", b"no incident")]))
            here.fires("StageDown", "StageAway", "RejectedFlood", "Unreadable")
            said = [
                text
                for alerts in here.asked.firing().values()
                for alert in alerts
                for text in alert["annotations"].values()
            ]
            assert said and not [text for text in said if "error" in text.lower() or "<no value>" in text]
            wait(
                lambda: here.was_told("on-call", "StageAway") and here.was_told("today", "RejectedFlood"),
                30,
                "each was told to its receiver",
            )
        finally:
            os.kill(replies["pid"], signal.SIGCONT)
        here.ends("StageDown", "StageAway", "RejectedFlood", "Unreadable")
        wait(lambda: here.was_told("on-call", "StageAway", "resolved"), 30, "its end was told as well")
        _a_sensor_reports(here)


def _a_sensor_reports(here: Watched) -> None:
    """An alert of a city's sensor goes through Alertmanager's webhook and our command to the broker, and wakes nobody;
    told twice it has the same identity."""
    said = set[str]()
    began = datetime.now(UTC) - timedelta(seconds=5)
    labels = {
        "alertname": "WaterHigh",
        "gridwhistle": "incident",
        "category": "drain_blocked",
        "grid": "tawan-g1-m1",
        "severity": "critical",
    }
    alert = {"labels": labels, "annotations": {"summary": "Water 40 cm under the cover"}, "startsAt": began.isoformat()}
    request = urllib.request.Request(
        f"http://{here.manager}/api/v2/alerts", json.dumps([alert]).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=5).close()
    wait(lambda: here.was_told("incidents", "WaterHigh"), 30, "the webhook was called")
    assert not here.was_told("on-call", "WaterHigh")
    payload = next(body for path, body in here.told if path == "/incidents")
    for _ in range(2):
        command = [sys.executable, "-m", "engine.cli", "alertmanager", "-", "--data", str(here.data)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=ENVIRON,
            input=json.dumps(payload),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0 and "alertmanager:" in done.stdout and "1 reported" in done.stderr, done.stderr
        said.add(done.stdout.split()[0])
    assert len(said) == 1
