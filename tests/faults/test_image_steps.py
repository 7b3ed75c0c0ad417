"""The image's file, step by step, where no container engine is: each ``RUN`` as it stands, in a mount namespace of its
own; then a stage as the image's user, on a root that cannot be written (``make image-steps``)."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.faults.results import machine
from tests.support.servers import free_ports
from tests.support.stacks import wait

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "Containerfile"
RESULTS = ROOT / "docs" / "results" / "image.md"
HEAD = """# The image's steps, without a container engine

Written by `make image-steps`. Every `COPY` and `RUN` of `deploy/Containerfile` was done as it stands, in a mount
namespace with an empty `/opt`, on this machine's Python in the place of the base image; then what it made was run as
its user (`USER`), with its variables (`ENV`), on a root mounted read-only. The base image itself, and what a container
engine adds, were not tried.

"""


def steps(word: str) -> list[list[str]]:
    """Stage by stage, what stands behind a word of the image's file."""
    text = FILE.read_text(encoding="utf-8").replace("\\\n", " ")
    return [re.findall(rf"^{word} (.*)$", stage, re.M) for stage in re.split(r"^FROM .*$", text, flags=re.M)[1:]]


class Machine:
    """A mount namespace for each command, over folders that stay."""

    def __init__(self, folder: Path) -> None:
        """Lay out what the image would have: an empty ``/opt`` with a Python beside it, an ``/etc`` of its own."""
        self._folder = folder
        for name in ("gridwhistle", "base", "src", "lib"):
            (folder / name).mkdir()
        folder.chmod(0o755)
        subprocess.run(["cp", "-a", "/etc", folder / "etc"], check=True)

    def command(self, script: str, is_image: bool) -> list[str]:
        """A shell's script in it; ``is_image``: as the image runs, else as it is built."""
        here = shlex.quote(str(self._folder))
        binds = {"/opt/gridwhistle": "gridwhistle", "/opt/src": "src", "/var/lib": "lib", "/etc": "etc"}
        lines = ["set -eu", "mount -t tmpfs none /opt", "mkdir /opt/base /opt/gridwhistle /opt/src"]
        lines += [f"mount --bind {shlex.quote(sys.base_prefix)} /opt/base"]
        lines += [f"mount --bind {here}/{name} {place}" for place, name in binds.items()]
        lines += ["export PATH=/opt/base/bin:/usr/sbin:/usr/bin:/sbin:/bin", "cd /opt/src"]
        # a Python that shares its library has its path from where it was built, which the image's user may not enter
        lines += ["export LD_LIBRARY_PATH=/opt/base/lib"]
        if not is_image:
            return ["unshare", "--mount", "sh", "-c", "\n".join([*lines, script])]
        user = steps("USER")[-1][-1].split(":")
        lines += ["mount -o remount,bind,ro /opt/gridwhistle", "mount -o remount,ro /opt"]
        lines += ["mount -t tmpfs none /tmp", "mount -o remount,bind,ro /etc", "mount -o remount,bind,ro /", "cd /"]
        drop = f"setpriv --reuid {user[0]} --regid {user[1]} --clear-groups --no-new-privs"
        drop += " --bounding-set=-all --inh-caps=-all"
        return ["unshare", "--mount", "sh", "-c", "\n".join([*lines, f"exec {drop} sh -euc {shlex.quote(script)}"])]

    def run(self, script: str, is_image: bool = True, environ: Mapping[str, str] = MappingProxyType({})) -> str:
        """To its end, which must be well; what it said."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("GRIDWHISTLE_", "PYTHON"))}
        done = subprocess.run(
            self.command(script, is_image),
            env=kept | dict(environ),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-1500:]}{done.stderr[-3000:]}"
        return done.stdout


def copied(folder: Path) -> None:
    """What the build's ``COPY`` lines let in; nothing that lies about in caches."""
    for line in steps("COPY")[0]:
        *names, to = [word for word in line.split() if not word.startswith("--")]
        for name in names:
            inside = folder / to / (Path(name).name if not name.endswith("/") else "")
            inside.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-rT", ROOT / name, inside], check=True)
    for cache in folder.rglob("__pycache__"):
        subprocess.run(["rm", "-r", cache], check=True)


def built(folder: Path) -> Machine:
    """Every step of the image's file, in its order."""
    folder.mkdir()
    image = Machine(folder)
    copied(folder / "src")
    build, last = steps("RUN")
    for step in build:
        image.run(step, False)
    image.run("install -d /var/lib; " + last[0], False)
    return image


def installed_in(image: Machine) -> set[str]:
    """Which packages it has; each by the lock, whose hashes were demanded."""
    names = "import importlib.metadata as m; print(*{d.name.lower().replace('_', '-') for d in m.distributions()})"
    found = set(image.run(f'/opt/gridwhistle/bin/python -c "{names}"').split()) - {"pip", "setuptools", "gridwhistle"}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "deploy" / "requirements.lock").read_text(), re.M))
    assert found <= locked and len(found) > 40
    return found


def environ_of(**own: str) -> dict[str, str]:
    """The image's variables, and what a city adds."""
    given = dict(one.split("=", 1) for line in steps("ENV")[-1] for one in shlex.split(line))
    given["PATH"] = given["PATH"].replace("$PATH", "/usr/bin:/bin")
    return given | {f"GRIDWHISTLE_{name}": text for name, text in own.items()}


@pytest.mark.long
def test_each_step_of_the_image_is_done_and_a_stage_runs_in_it(
    tmp_path: Path, kafka_address: str, redis_url: str
) -> None:
    """Installed by hash into an empty environment; not as root, nothing written but the data folder; a stage becomes
    ready there and ends well."""
    assert os.geteuid() == 0, "mount namespaces need root"
    image, port = built(tmp_path / "image"), free_ports(1)
    packages = installed_in(image)
    assert shutil.which("gcc"), "the law is to be compiled in it"
    form = image.run("/opt/gridwhistle/bin/gridwhistle --version").strip().rpartition(", ")[2]
    assert form == "the law compiled"
    for refused in ("/x", "/opt/gridwhistle/x", "/etc/x", "/var/lib/x", "/opt/gridwhistle/lib/x"):
        image.run(f"! touch {refused} 2>/dev/null")
    assert image.run("id -u").strip() == steps("USER")[-1][-1].split(":")[0]
    own = environ_of(
        KAFKA=kafka_address,
        REDIS_URL=redis_url,
        PREFIX="image.",
        PARTITIONS="3",
        REPLICATION_FACTOR="1",
        MIN_INSYNC_REPLICAS="1",
        HTTP_BIND=f"127.0.0.1:{port}",
    )
    (program,) = re.findall(r'"(\w+)"', steps("ENTRYPOINT")[-1][0])
    begin = f"export PATH={own.pop('PATH')}; exec {program}"
    for words in ("--help", "settings", "topics apply", "pack publish guancheng"):
        image.run(f"{begin} {words}", environ=own)
    stage = subprocess.Popen(image.command(f"{begin} run intake", True), env=os.environ | own)
    try:
        wait(lambda: stage.poll() is not None or ready(port), 120, "a stage of the image is ready")
    finally:
        stage.send_signal(signal.SIGTERM)
    assert stage.wait(60) == 0
    written = sorted(path.name for path in (tmp_path / "image" / "lib" / "gridwhistle").iterdir())
    assert "master.key" in written
    done = f"{sum(map(len, steps('RUN')))} steps done, {len(packages)} packages installed by hash, {form}"
    told = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}: {done}, a stage ready and ended well; written:"
    RESULTS.write_text(HEAD + f"{told} {', '.join(written)} in the data folder, nothing elsewhere.\n", encoding="utf-8")


def ready(port: int) -> bool:
    """Whether it says so."""
    with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
        return bool(answer.status == 200)
    return False
