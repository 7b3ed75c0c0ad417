"""``up --watch``: a real Prometheus beside the local stack, where one is installed; it reads what the stages answer,
and keeps it in the folder."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

import engine
from engine.errors import InvalidSettings
from engine.local.folder import StackFile
from engine.local.plan import PROMETHEUS_PORT
from engine.security.private_files import make_folder, write_whole
from engine.settings import ENVIRONMENT
from engine.stages import DOORS, STAGES

VARIABLE = f"{ENVIRONMENT}PROMETHEUS"
SCRAPE_SECONDS, KEPT = 5, "7d"

RULES = Path(engine.__file__).parents[1] / "deploy" / "prometheus"
"""Rules and alerts, where we run from the source's folder."""

HOW_TO_GET = (
    "there is no Prometheus on PATH; install one (Debian: apt install prometheus; without root: apt-get download"
    f" prometheus && dpkg -x prometheus_*.deb ./prometheus, then {VARIABLE}=./prometheus/usr/bin/prometheus; or a"
    " release of prometheus.io). Without it every stage still answers /metrics: 'gridwhistle status' has their ports"
)


def find_prometheus(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the program.

    Raises:
        InvalidSettings: There is none; says how to get one.
    """
    given = environ.get(VARIABLE)
    found = shutil.which(given or "prometheus", path=environ.get("PATH"))
    if found is None:
        raise InvalidSettings(f"{VARIABLE}={given} is no program that can be run" if given else HOW_TO_GET)
    return Path(found)


def configuration(stack: StackFile, rules: Path = RULES) -> str:
    """Write what Prometheus reads: each process of a stage, as ``deploy/prometheus`` has it, and our rules where they
    are at hand."""
    stages = [entry for entry in stack.processes.values() if entry["stage"] in (*STAGES, *DOORS) and entry.get("port")]
    jobs = [{"targets": [f"127.0.0.1:{entry['port']}"], "labels": {"stage": entry["stage"]}} for entry in stages]
    wanted: dict[str, object] = {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": f"{SCRAPE_SECONDS}s"},
        "scrape_configs": [{"job_name": "gridwhistle", "honor_labels": True, "static_configs": jobs}],
    }
    if files := [str(rules / name) for name in ("recording.yml", "alerts.yml") if (rules / name).is_file()]:
        wanted["rule_files"] = files
    return yaml.safe_dump(wanted, sort_keys=False)


def command(program: Path, folder: Path, stack: StackFile) -> list[str]:
    """Prepare Prometheus: on the loopback, its data in the stack's folder."""
    make_folder(folder / "prometheus")
    file = folder / "prometheus" / "prometheus.yml"
    write_whole(file, configuration(stack).encode())
    return [
        str(program),
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'prometheus' / 'data'}",
        f"--storage.tsdb.retention.time={KEPT}",
        f"--web.listen-address=127.0.0.1:{stack.port_base + PROMETHEUS_PORT}",
        "--log.level=warn",
    ]
