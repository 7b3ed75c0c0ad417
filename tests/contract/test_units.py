"""The units of systemd are what systemd takes, and Prometheus asks where they answer."""

import configparser
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

from engine.cli import COMMANDS
from tests.contract.test_deploy import DEPLOY, OURS, environ_file

# -- systemd -----------------------------------------------------------------------------------------------------------


def test_units_are_what_systemd_takes() -> None:
    """'systemd-analyze verify' where there is a systemd; everywhere: the command exists, nothing runs as root, files
    that are named are here."""
    units = {
        path.name: path.read_text()
        for path in (DEPLOY / "systemd").glob("gridwhistle*.*")
        if path.suffix in (".service", ".timer")
    }
    assert set(units) == {
        "gridwhistle@.service",
        "gridwhistle-up.service",
        "gridwhistle-audit.service",
        "gridwhistle-audit.timer",
    }
    for name in ("gridwhistle@.service", "gridwhistle-up.service", "gridwhistle-audit.service"):
        found = configparser.RawConfigParser(strict=False, interpolation=None)
        found.optionxform = str  # type: ignore[assignment, method-assign]
        found.read_string(units[name])
        service = found["Service"]
        assert (
            service["User"] == "gridwhistle"
            and service["NoNewPrivileges"] == "true"
            and service["ProtectSystem"] == "strict"
        )
        assert service["ExecStart"].startswith("/opt/gridwhistle/bin/gridwhistle ")
        assert service["ExecStart"].split()[1] in {command for group in COMMANDS.values() for command in group}
        assert all(path.startswith("-") for path in service.get("ReadWritePaths", "").split()), (
            "a folder of another package that is not there would keep it from starting"
        )
    for file in re.findall(r"EnvironmentFile=/etc/gridwhistle/(\S+)", "".join(units.values())):
        assert all((DEPLOY / "systemd" / file.replace("%i", stage)).exists() for stage in OURS)
    if shutil.which("systemd-analyze"):
        _verify(units)


def test_the_operators_command_runs_as_a_unit_with_its_files(tmp_path: Path) -> None:
    """Outside of a unit it makes one: not as root, with the files and secrets that the audit's unit has, and every word
    as it was given."""
    script = DEPLOY / "systemd" / "gridwhistle-operator.sh"
    asked = tmp_path / "systemd-run"
    asked.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    asked.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        ["sh", script, "held", "retry", "incidents:2:17", "--reason", "mended in $X"],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.splitlines()
    assert words[words.index("--") + 1 :] == [
        "/usr/local/bin/gridwhistle",
        "held",
        "retry",
        "incidents:2:17",
        "--reason",
        "mended in $$X",
    ]
    assert "--uid=gridwhistle" in words and "--pipe" in words
    unit = (DEPLOY / "systemd" / "gridwhistle-audit.service").read_text()
    needed = re.findall(r"^(?:EnvironmentFile|LoadCredential)=.*", unit, re.M)
    assert len(needed) == 3 and [one for one in needed if f"--property={one}" not in words] == []


def _verify(units: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in units.items():
            (Path(folder) / name.replace("@.", "@dispatch.")).write_text(
                text.replace("/opt/gridwhistle/bin/gridwhistle", "/bin/true")
            )
        done = subprocess.run(
            ["systemd-analyze", "verify", *sorted(str(path) for path in Path(folder).iterdir())],
            capture_output=True,
            text=True,
            check=False,
        )
        ours = [line for line in done.stderr.splitlines() if folder in line or "gridwhistle" in line]
        assert (done.returncode, ours) == (0, [])


def test_prometheus_asks_where_the_units_answer() -> None:
    """Each stage of the two servers at the port of its environment."""
    (groups,) = yaml.safe_load_all((DEPLOY / "prometheus" / "targets" / "two-servers.yaml").read_text(encoding="utf-8"))
    assert [group["labels"]["stage"] for group in groups] and {group["labels"]["stage"] for group in groups} == {*OURS}
    for group in groups:
        stage = group["labels"]["stage"]
        port = environ_file(stage)["GRIDWHISTLE_HTTP_BIND"].rpartition(":")[2]
        assert group["targets"] == [f"server-1:{port}", f"server-2:{port}"]
