"""What is installed is what was tried: each package by version and hash, whatever has been published since."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "deploy/requirements.lock", "mutants.lock", "bench.lock", "deploy/compile.lock")


def pinned(lock: str) -> dict[str, set[str]]:
    """Package -> the extras that its line names."""
    lines = re.findall(r"^([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?==", (ROOT / lock).read_text(encoding="utf-8"), re.M)
    return {canonicalize_name(name): {one.strip() for one in extras.split(",") if one} for name, extras in lines}


@pytest.mark.parametrize("lock", LOCKS)
def test_an_extra_that_somebody_asks_for_is_pinned_with_its_package(lock: str) -> None:
    """pip looks for ``coverage[toml]`` beside a pinned ``coverage``: on the day of its next release no clone could be
    installed any more."""
    found, asked = pinned(lock), dict[str, set[str]]()
    assert len(found) > (20 if lock != "deploy/compile.lock" else 4)
    for one in distributions():
        if canonicalize_name(one.metadata["Name"]) not in found:
            continue
        for text in one.requires or ():
            need = Requirement(text)
            if need.extras and (need.marker is None or need.marker.evaluate({"extra": ""})):
                asked.setdefault(canonicalize_name(need.name), set()).update(need.extras)
    assert {name: extras - found[name] for name, extras in asked.items() if extras - found.get(name, set())} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_has_its_hashes_and_no_address(lock: str) -> None:
    """The registry comes from the machine's own settings."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert all("--hash=sha256:" in part for part in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)[1:])
    assert "://" not in text and "index" not in re.sub(r"^[^=]*==.*$", "", text, flags=re.M)


def test_an_image_is_compiled_by_what_the_tests_compile_with() -> None:
    """The same releases to the hash: of other ones nobody has laid the bytes side by side."""
    ours, tried = ((ROOT / name).read_text(encoding="utf-8") for name in ("deploy/compile.lock", "requirements.lock"))
    parts = [part.strip() for part in re.split(r"^(?=[A-Za-z0-9])", ours, flags=re.M) if part.strip()]
    assert "mypy" in pinned("deploy/compile.lock") and [part for part in parts if part not in tried] == []
