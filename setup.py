"""The law compiled by mypyc into a wheel, where ``GRIDWHISTLE_COMPILE=1`` asks for it; the rest of the build stands in
``pyproject.toml``.

The wheel has the same ``.py`` files beside what was compiled of them: a Python that this does not fit runs those. Only
a wheel is ever compiled: in an editable install the ``.so`` beside a ``.py`` that was edited since would lie.
"""

import importlib.util
import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from setuptools import setup

COMPILED = (
    "rules/decide.py",
    "rules/escalation.py",
    "rules/ticket/[a-z]*.py",
    "rules/law/categories.py",
    "rules/law/compiled.py",
    "rules/law/conditions.py",
    "rules/law/duty_hours.py",
    "rules/law/filing_plan.py",
    "rules/law/force_majeure.py",
    "rules/law/moments.py",
    "rules/law/people.py",
    "rules/law/shares.py",
    "rules/law/split.py",
    "rules/law/work_calendar.py",
    "rules/state/answers.py",
    "rules/state/deciding.py",
    "rules/state/duty_roster.py",
    "rules/state/heads.py",
    "rules/state/partition_state.py",
    "rules/state/ticket_store.py",
    "rules/masking/masker.py",
    "rules/masking/own_values.py",
    "topics/ids.py",
    "topics/task_events.py",
    "topics/trace.py",
    "engine/kafka/record_batch.py",
    "engine/observability/traces.py",
    "engine/security/same_person.py",
    "engine/security/vault.py",
    "engine/stages/dispatch.py",
    "engine/stages/dispatch_metrics.py",
    "engine/stages/fanout.py",
    "engine/stages/identities.py",
    "engine/stages/intake.py",
    "engine/stages/placing.py",
    "engine/stages/quoting.py",
    "engine/stages/shown.py",
    "engine/stream/batch.py",
    "engine/stream/fetched.py",
    "engine/stream/limits.py",
    "engine/stream/sending.py",
)
"""What an incident, or a clock that is due, passes through in dispatch; and of intake and fan-out what is as easily
compiled."""

PLAIN = ("rules/ticket/stored_parts.py", "rules/ticket/flood.py", "rules/ticket/merging.py")
"""Left out: what a decoder makes by its annotations, which a compiled Struct has no longer; and what carries out a
command, whose docstring people are shown: a compiled function has none."""


def modules() -> list[str]:
    """Name what is compiled, in order."""
    found = {str(path) for pattern in COMPILED for path in Path().glob(pattern)}
    return sorted(found - set(PLAIN))


def lacking() -> str | None:
    """Say what is missing for compiling."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        return f"a C compiler ({compiler})"
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        return "Python.h, which a package of your system brings (python3-dev)"
    return None if importlib.util.find_spec("mypyc") else "mypy"


def extensions(words: Sequence[str]) -> list:  # type: ignore[type-arg]
    """Compile, where it is asked for and can be."""
    if os.environ.get("GRIDWHISTLE_COMPILE") != "1" or "bdist_wheel" not in words:
        return []
    missing = lacking()
    if missing is not None:
        print(f"GRIDWHISTLE_COMPILE=1: {missing} is missing, so the wheel is plain Python", file=sys.stderr)
        return []
    from mypyc.build import mypycify

    # what is only imported was looked at by 'make check'; a cache of its own: mypy's would be made anew each time
    how = ["--config-file=pyproject.toml", "--follow-imports=silent", "--cache-dir=build/mypy"]
    # -O2 takes the compiler half as long again, and no gain was seen
    return mypycify([*how, *modules()], opt_level="1", debug_level="0", group_name="gridwhistle")


if __name__ == "__main__":
    setup(ext_modules=extensions(sys.argv))
