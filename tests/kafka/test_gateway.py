"""The gateway of a whole stack, by HTTP alone: from a report to its end, with its process killed, with Kafka away, and
ended while somebody watches."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
import pytest

from engine.gateway.what_if_job import Asked, plainly
from engine.local.folder import settings_of
from engine.settings import Settings
from tests.support.canaries import hits
from tests.support.canary_places import Ways
from tests.support.canary_run import run as canaries_run
from tests.support.servers import free_ports
from tests.support.stacks import run, up, wait

WHERE = {"location": {"grid": "tawan-g1-m1"}}


class Desk:
    """One who asks by a key of their own."""

    def __init__(self, data: Path, address: str, *who: str) -> None:
        done = run("keys", "add", *who, data=data)
        assert done.returncode == 0, done.stderr
        self.http = httpx.Client(
            base_url=address, timeout=30, headers={"authorization": f"Bearer {done.stdout.strip()}"}, trust_env=False
        )

    def ticket(self, name: str) -> dict[str, Any]:
        """A ticket, once it is there."""
        found: list[httpx.Response] = []

        def is_there() -> bool:
            found.append(self.http.get(f"/v1/tickets/{name}"))
            return found[-1].status_code == 200

        wait(is_there, 60, f"{name} has a ticket")
        told: dict[str, Any] = found[-1].json()
        return told

    def until(self, name: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """A ticket, once it is so."""
        wait(lambda: holds(self.ticket(name)), 60, f"{name} is so")
        return self.ticket(name)

    def give(self, ticket: str, kind: str, **fields: Any) -> dict[str, Any]:
        """Give a command until it is decided; the same id is one command."""
        body = {"kind": kind, "id": f"{ticket}:{kind}", **fields}
        found: list[httpx.Response] = []

        def decided() -> bool:
            found.append(self.http.post(f"/v1/tickets/{ticket}/commands", json=body))
            return found[-1].status_code != 202

        wait(decided, 60, f"{kind} is decided")
        told: dict[str, Any] = found[-1].json()
        assert found[-1].status_code == 200, told
        return told


def pid_of(data: Path, name: str) -> int:
    """Of a process of the stack, as its supervisor noted it."""
    return int(json.loads((data / "stack.json").read_text())["processes"][name]["pid"])


def is_ready(desk: Desk) -> bool:
    """Whether the gateway says so itself."""
    try:
        return desk.http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_from_a_report_to_its_end_by_http_alone(tmp_path: Path) -> None:
    """One stack, told in order."""
    data, base = tmp_path / "stack", free_ports(20)
    with up(data, "--port-base", str(base)) as process:
        address = f"http://127.0.0.1:{base + 5}"
        source, chief = Desk(data, address, "--source", "hotline"), Desk(data, address, "--as", "chief:chief-1")
        ticket = worked(data, address, source)
        told(source, chief, ticket)
        noticed(data, ticket)
        open311(address, source)
        logged_in(data, address)
        with canary_ways(data, address) as ways:
            tickets = canaries_run(settings_of(data), data, ways, 100, people=4)["tickets"]
        told_otherwise(chief, tmp_path, tickets)
        killed(data, source, chief, ticket)
        kafka_away(data, source)
        ended_cleanly(process, chief)


def worked(data: Path, address: str, source: Desk) -> str:
    """Reported, accepted, started, finished; what may not be done says why."""
    taken = source.http.post("/v1/incidents", json={"id": "A-1", "category": "bins_full", "text": "full", **WHERE})
    assert taken.status_code == 202, taken.text
    told = source.ticket(taken.json()["identity"])
    ticket, holder = told["id"], f"{told['ticket']['party']}:{told['holder']['person']}"
    worker = Desk(data, address, "--as", holder)
    allowed = {one["kind"]: one["allowed"] for one in worker.ticket(ticket)["commands"]}
    assert (allowed["accept"], allowed["finish"]) == (True, False)
    assert worker.give(ticket, "accept")["events"] == ["TicketAccepted"]
    worker.give(ticket, "start")
    early = worker.http.post(f"/v1/tickets/{ticket}/commands", json={"kind": "accept"})
    assert (early.status_code, early.json()["reason"]) == (409, "not_in_this_status")
    assert "TicketFinished" in worker.give(ticket, "finish", text="emptied", proof=["photo:1"])["events"]
    worker.until(ticket, lambda now: now["ticket"]["status"] == "done")
    return str(ticket)


def told(source: Desk, chief: Desk, ticket: str) -> None:
    """Its history and why, out of the archive; found again by its words; counted."""
    history: dict[str, Any] = {}

    def ended() -> bool:
        history.update(source.http.get(f"/v1/tickets/{ticket}/history").json())
        return any(one.get("command") == "finish" for one in history.get("decisions", ()))

    wait(ended, 60, "the archive has folded it")
    why = chief.http.get(f"/v1/tickets/{ticket}/explain").json()
    assert why["agrees"] and len(why["decisions"]) >= len(history["decisions"])
    found = chief.http.get("/v1/tickets", params={"q": "full", "category": "bins_full"}).json()
    assert [one["id"] for one in found["rows"]] == [ticket]
    (row,) = chief.http.get("/v1/reports/tickets", params={"by": "category"}).json()["rows"]
    assert (row["category"], row["n"]) == ("bins_full", 1)
    placed = chief.http.get("/v1/grid/34.757,113.66")
    assert placed.status_code in (200, 404) and chief.http.get("/v1/rejected").json()["rows"] == []


def noticed(data: Path, ticket: str) -> None:
    """Whoever was offered it has that in their mailbox, and the hotline that it was filed."""

    def items(who: str) -> set[tuple[str, str]]:
        messages = [json.loads(one.read_text()) for one in (data / "mailbox").glob(f"{who}/*.json")]
        return {(item["kind"], item["ticket"]) for one in messages for item in one["items"]}

    wait(lambda: {("offer", ticket), ("filed", ticket)} <= items("*"), 60, "people are told")
    assert ("filed", ticket) in items("source%3Ahotline")


def told_otherwise(chief: Desk, folder: Path, tickets: int) -> None:
    """What was recorded, told under another pack in a process of its own; a pack with faults is said to have them."""

    def of(pack: str) -> dict[str, Any]:
        begun = chief.http.post("/v1/packs/what-if", json={"files": {"pack": pack}})
        assert begun.status_code == 202, begun.text
        found: dict[str, Any] = {}

        def is_through() -> bool:
            found.update(chief.http.get(begun.json()["ask"]).json())
            return bool(found["state"] != "running")

        wait(is_through, 120, "the what-if is through")
        return found

    share = "\n  - {{code: {}, share: {}, label: {}, label_zh: x}}".format
    split = (("red_property", 10, "P"), ("residents", 60, "R"), ("specialist", 20, "S"), ("backstop", 10, "B"))
    shares = [share(*one) for one in split]
    found = of(f"extends: guancheng\nshares:{''.join(shares)}\n")
    assert found["state"] == "done", found
    assert found["tickets_before"] == found["tickets_after"] > tickets
    assert not hits(json.dumps(found)) and "flock:c-" in json.dumps(found)
    assert "told once more under guancheng@" in found["summary"][0] and found["recorded_packs"] != [found["pack"]]
    wrong = of(f"extends: {folder}/secret\n")
    assert wrong["state"] == "failed" and "only a shipped pack" in wrong["faults"][0]
    left_alone(folder)


def left_alone(folder: Path) -> None:
    """Where whoever holds its input open is gone, the process of a what-if ends too."""
    (folder / "pack.yaml").write_text("extends: guancheng\n")
    nowhere = plainly(Settings(kafka="127.0.0.1:1"))
    asked = msgspec.json.encode(Asked(settings=nowhere, since=None, most_bytes=2**40, most_rows=1))
    done = subprocess.run(
        [sys.executable, "-m", "engine.client.what_if_trial", str(folder)],
        input=asked + b"\n",
        stdout=subprocess.DEVNULL,
        timeout=60,
    )
    assert done.returncode == 1 and not (folder / "result.json").exists()


def open311(address: str, source: Desk) -> None:
    """What an app reports by Open311 has its id, or a token that becomes one."""
    key = source.http.headers["authorization"].partition(" ")[2]
    sent = {"service_code": "bins_full", "address_id": "tawan-g1-m1", "description": "by an app", "api_key": key}
    with httpx.Client(base_url=f"{address}/open311/v2", trust_env=False, timeout=30) as http:
        made = http.post("/requests.json", data=sent)
        assert made.status_code == 201, made.text
        known: dict[str, Any] = made.json()[0]

        def has_id() -> bool:
            if "token" in known:
                known.update(http.get(f"/tokens/{known['token']}.json", params={"api_key": key}).json()[0])
            return bool(known.get("service_request_id"))

        wait(has_id, 60, "it has a ticket")
        (one,) = http.get(f"/requests/{known['service_request_id']}.json", params={"api_key": key}).json()
        assert (one["status"], one["description"]) == ("open", "by an app")
        assert one["expected_datetime"] and one["agency_responsible"]


def logged_in(data: Path, address: str) -> None:
    """The accounts that the first start made: everybody is what their kind says."""
    passwords = dict(line.split() for line in (data / "first-passwords").read_text().splitlines())
    assert len(passwords) == 4
    for name, password in passwords.items():
        with httpx.Client(base_url=address, trust_env=False, timeout=30) as http:
            assert http.post("/v1/session", json={"name": name, "password": password}).status_code == 201
            who = http.get("/v1/session").json()
            assert who["kind"] == {"chief-1": "person"}.get(name, name.replace("-", "_"))
            assert http.get("/v1/accounts").status_code == (200 if name == "security-admin" else 404)


@contextmanager
def canary_ways(data: Path, address: str) -> Iterator[Ways]:
    """Everybody who looks, each with a key of their own or a login."""
    keys = {
        "source": ("--source", "flock"), "chief": ("--as", "chief:chief-1"), "desk": ("--as", "desk:desk-1"),
        "department": ("--as", "department:ranqi:ranqi-1"),
    }  # fmt: skip
    found = {name: Desk(data, address, *who).http for name, who in keys.items()}
    passwords = dict(line.split() for line in (data / "first-passwords").read_text().splitlines())
    for way, name in (("security", "security-admin"), ("system", "system-admin"), ("auditor", "auditor")):
        found[way] = httpx.Client(base_url=address, trust_env=False, timeout=60)
        assert found[way].post("/v1/session", json={"name": name, "password": passwords[name]}).status_code == 201
    yield Ways(**found)
    for client in found.values():
        client.close()


@contextmanager
def watching(desk: Desk) -> Iterator[Iterator[str]]:
    """Somebody watches a queue; the snapshot has come."""
    with desk.http.stream("GET", "/v1/stream", params={"queue": "tier:grid"}) as answer:
        lines = answer.iter_lines()
        assert "event: snapshot" in lines
        yield lines


def killed(data: Path, source: Desk, chief: Desk, ticket: str) -> None:
    """It comes again, knows every ticket and answers what was asked before as it did."""
    asked = {"idempotency-key": "k1"}
    first = source.http.post("/v1/incidents", json={"text": "once", **WHERE}, headers=asked)
    assert first.status_code == 202
    victim = pid_of(data, "gateway-1")
    with watching(chief) as lines:
        os.kill(victim, signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            list(lines)
    wait(lambda: is_ready(source) and pid_of(data, "gateway-1") != victim, 60, "it is back")
    again = source.http.post("/v1/incidents", json={"text": "once", **WHERE}, headers=asked)
    assert (again.status_code, again.content) == (202, first.content)
    assert source.ticket(ticket)["id"] == ticket
    assert source.ticket(first.json()["identity"])["id"] != ticket


def kafka_away(data: Path, source: Desk) -> None:
    """Nobody is told that a report is safe which is not; sent again, it counts once."""
    kafka = psutil.Process(pid_of(data, "kafka"))
    report = {"id": "A-2", "category": "bins_full", "text": "full again", **WHERE}
    kafka.suspend()
    try:
        refused = source.http.post("/v1/incidents", json=report)
        assert (refused.status_code, refused.json()["identity"]) == (503, "hotline:A-2")
        assert int(refused.headers["retry-after"]) > 0
        wait(lambda: not is_ready(source), 60, "it says that it is not ready")
    finally:
        kafka.resume()
    wait(lambda: source.http.post("/v1/incidents", json=report).status_code == 202, 60, "Kafka is back")
    assert source.ticket("hotline:A-2")["ticket"]["identity"] == "hotline:A-2"
    wait(lambda: is_ready(source), 60, "it is ready again")


def ended_cleanly(process: subprocess.Popen[bytes], chief: Desk) -> None:
    """TERM ends it and the streams of whoever watches, in the protocol's own way."""
    with watching(chief) as lines:
        process.send_signal(signal.SIGTERM)
        list(lines)
    assert process.wait(30) == 0
