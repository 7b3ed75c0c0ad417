"""What is installed is what was tried: each package by version and hash, whatever has been published since."""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "deploy/requirements.lock", "mutants.lock", "bench.lock")


def pinned(lock: str) -> dict[str, set[str]]:
    """Package -> the extras that its line names."""
    lines = re.findall(r"^([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?==", (ROOT / lock).read_text(encoding="utf-8"), re.M)
    return {canonicalize_name(name): {one.strip() for one in extras.split(",") if one} for name, extras in lines}


@pytest.mark.parametrize("lock", LOCKS)
def test_an_extra_that_somebody_asks_for_is_pinned_with_its_package(lock: str) -> None:
    """pip looks for ``coverage[toml]`` beside a pinned ``coverage``: on the day of its next release no clone could be
    installed any more."""
    found, asked = pinned(lock), dict[str, set[str]]()
    assert len(found) > 20
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
