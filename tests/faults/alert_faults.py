"""What is done to a running stack so that an alert must tell of it, and what mends it."""

import asyncio
import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.kafka.clients import transactional
from engine.local.folder import settings_of
from tests.faults.test_clocks_jump import HOUR, SHIFT
from tests.faults.test_disk_full import mounted, unmounted
from tests.kafka.test_alerts import Watched, write
from tests.kafka.test_held_again import hold_all
from tests.support.stacks import ENVIRON, ROOT, both, run, status, wait
from topics.envelope import incident_message
from topics.registry import RAW, REFERENCE

PERSONS = {
    "residents": ("resident-boaijie-11", "resident-boaijie-12"),
    "red_property": ("property-boaijie-11", "property-boaijie-12"),
    "specialist": ("specialist-boaijie-11",),
}
CHIEF = ("--as", "chief:chief-1")


def said(here: Watched, *words: str) -> str:
    """A command that must go well."""
    done = run(*words, data=here.data)
    assert done.returncode == 0, both(done)
    return done.stdout


async def report(here: Watched, category: str, grid: str, count: int) -> None:
    """Reports by the front door."""
    now = datetime.now(UTC)
    records = [
        incident_message(
            "test",
            f"{category}-{now.timestamp()}-{n}",
            {"occurred_at": now.isoformat(), "channel": "app", "category": category, "location": {"grid": grid}},
            structured=True,
        )
        for n in range(count)
    ]
    await write(here.kafka, "gw.incidents.raw", [(key, value) for key, value, _ in records], headers=records[0][2])


async def spread(here: Watched, category: str, count: int) -> None:
    """Reports from all over another street, so that they are no flood of one place."""
    leaves = [f"{home}-g{grid}-m{n}" for home in ("dongguannanli", "chengnanlu") for grid in (1, 2) for n in (1, 2, 3)]
    for leaf in leaves:
        await report(here, category, leaf, count // len(leaves))


def process(here: Watched, name: str) -> int:
    """The pid of a server, or of a stage's one process."""
    return next(int(one["pid"]) for one in status(here.data) if name in (one["stage"], one["name"]) and one["pid"])


def end_again_and_again(here: Watched) -> None:
    """A second fan-out ends each time it is back, five times; Prometheus has seen each of them."""
    second = here.kept["second"]
    began = f'process_start_time_seconds{{instance="{second.address}"}}'

    def starts() -> set[str]:
        return {one["value"][1] for one in here.asked.query(began)}

    before = starts()
    for _ in range(5):
        second.start(here.data.parent / "restarts", None, {})
        wait(lambda before=before: (now := starts()) and now != before, 90, "it is back")
        before = starts()


def end(here: Watched) -> None:
    """It is started no more."""
    here.kept["second"].stop()


def hold(here: Watched) -> None:
    """Set the first incident of the stack aside as dispatch does after three openings, while it stands still; it is
    fenced, opens again and finds it."""
    pid = process(here, "dispatch")
    os.kill(pid, signal.SIGSTOP)
    try:
        asyncio.run(report(here, "bins_full", "tawan-g1-m1", 1))
        wait(lambda: asyncio.run(hold_all(settings_of(here.data))), 60, "intake has placed it, and it is held")
    finally:
        os.kill(pid, signal.SIGCONT)


def let_go(here: Watched) -> None:
    """Drop whatever is held, with a reason."""
    for line in said(here, "held", "list", "--json").splitlines():
        said(here, "held", "drop", json.loads(line)["id"], "--reason", "a test", *CHIEF)


def duty(here: Watched, change: str) -> None:
    """Everybody of a grid off duty, or on again."""
    for role, people in PERSONS.items():
        for person in people:
            said(here, "duty", change, person, "--role", role, *CHIEF)


def nobody(here: Watched) -> None:
    """Nobody of a grid is on duty, and sixteen reports come: each party is asked three times and more."""
    duty(here, "off")
    asyncio.run(report(here, "bins_full", "boaijie-g1-m1", 16))


def another_calendar(here: Watched) -> None:
    """A law whose holidays are known to 2030."""
    said(here, "pack", "publish", str(law(here, "calendar")))


def law(here: Watched, name: str, more: str = "") -> Path:
    """A folder with a law that differs from what is in force, and knows holidays to 2030."""
    folder = here.data.parent / name
    folder.mkdir(exist_ok=True)
    (folder / "pack.yaml").write_text(
        'name: guancheng\nextends: guancheng\ncalendar: {country: US, hours: ["08:00-12:00", "14:00-18:00"], from_year:'
        f" 2004, to_year: 2030}}\n{more}"
    )
    return folder


def cut_files(here: Watched) -> None:
    """Leave a running process a few files more than it has open."""
    pid = process(here, "fanout")
    n = len(os.listdir(f"/proc/{pid}/fd"))
    hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
    here.kept["files"] = (pid, resource.prlimit(pid, resource.RLIMIT_NOFILE))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (math.ceil(n / 0.84), hard))


def give_files(here: Watched) -> None:
    """As it was."""
    pid, limits = here.kept["files"]
    resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


def strange_reference(here: Watched) -> None:
    """Somebody else writes to ``reference``."""
    asyncio.run(write(here.kafka, f"gw.{REFERENCE.name}", [(b"guancheng@0", b"no pack")]))
    asyncio.run(report(here, "bins_full", "tawan-g1-m1", 1))


def fence_all(here: Watched) -> None:
    """Somebody else opens every partition of intake; each notices at its next step."""
    settings = settings_of(here.data)

    async def fence() -> None:
        for number in range(settings.partitions):
            producer = transactional(settings, f"intake.p{number}")
            await producer.start()
            await producer.stop()

    asyncio.run(fence())
    for number in range(settings.partitions):
        asyncio.run(write(here.kafka, "gw." + RAW.name, [(b"x", b"{}")], partition=number))


def stop_broker(here: Watched) -> None:
    """It stands still: connections stay, nothing is answered."""
    here.kept["kafka"] = process(here, "kafka")
    os.kill(here.kept["kafka"], signal.SIGSTOP)


def go_on(here: Watched) -> None:
    """And goes on."""
    os.kill(here.kept["kafka"], signal.SIGCONT)


def flood(here: Watched) -> None:
    """More honest reports at once than the stages take in seconds, each with tasks."""
    asyncio.run(spread(here, "gas_leak", 20_000))


def bad_audit(here: Watched) -> None:
    """The last audit's file as it would be two days later with a finding."""
    real = audit(here)
    stamp = f"gridwhistle_audit_ended_timestamp_seconds {time.time() - 2 * 86400}"
    lines = [line for line in real.splitlines() if not line.startswith("gridwhistle_audit_ended_timestamp_seconds")]
    here.kept["audit"][0] = "\n".join([*lines, stamp, ""]).replace('{kind="doubled"} 0.0', '{kind="doubled"} 1.0')


def audit(here: Watched) -> str:
    """A real audit, for a collector of text files."""
    file = here.data.parent / "audit.prom"
    said(here, "audit", "--metrics", str(file))
    here.kept["audit"][0] = told = file.read_text()
    return told


def ill_machine(here: Watched) -> None:
    """A second fan-out on a machine an hour ahead, with a full disk, and a certificate that ends tomorrow."""
    place = here.data.parent / "small"
    assert mounted(place, 64)
    here.kept["mount"] = place
    shift = here.data.parent / "shift"
    shift.mkdir()
    (shift / "sitecustomize.py").write_text(SHIFT)
    shifted = {"PYTHONPATH": str(shift), "SHIFTED_BY": str(HOUR), "SHIFTED_SEEN": str(shift / "seen")}
    here.kept["second"].start(place, certificate(shift / "ends.pem", timedelta(days=1)), shifted)


def well_machine(here: Watched) -> None:
    """The same on a machine that is well."""
    place = here.data.parent / "large"
    ca = certificate(here.data.parent / "lasts.pem", timedelta(days=300))
    here.kept["second"].start(place, ca, {})
    unmounted(here.kept["mount"])


def certificate(file: Path, lasts: timedelta) -> Path:
    """One that signs itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CA")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + lasts)
    file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


class Second:
    """A second fan-out beside the stack's own, on a machine of its own as far as its settings go."""

    def __init__(self, here: Watched, port: int) -> None:
        """Not started yet."""
        self._here = here
        self.address = f"127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, data: Path, ca: Path | None, more: Mapping[str, str], stage: str = "fanout") -> None:
        """Put it in the place of the one before; fan-out, unless another stage is named."""
        self.stop()
        settings = settings_of(self._here.data)
        data.mkdir(exist_ok=True)
        data.chmod(0o700)
        own: dict[str, object] = {
            "KAFKA": self._here.kafka,
            "PARTITIONS": settings.partitions,
            "REPLICATION_FACTOR": settings.replication_factor,
            "MIN_INSYNC_REPLICAS": settings.min_insync_replicas,
            "DATA_DIR": data,
            "HTTP_BIND": self.address,
        }
        if ca is not None:  # fan-out asks no Redis; its certificate is watched
            own |= {"REDIS_URL": "rediss://127.0.0.1:1/0", "REDIS_CA_FILE": ca}
        environ = ENVIRON | {f"GRIDWHISTLE_{name}": str(value) for name, value in own.items()} | dict(more)
        with (self._here.data.parent / "second.log").open("ab") as out:
            command = [sys.executable, "-m", "engine.cli", "run", stage]
            self._process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=out, stderr=out)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(20)
