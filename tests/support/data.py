"""Real input that is not ours to ship: where it lies, and what happens where it does not."""

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"
"""The folder beside the clone."""


def real_data(name: str) -> Path:
    """Find a file of real input beside the clone.

    Where it is missing the test is skipped with the reason; under ``CI`` it fails, so that nothing is left out unseen.
    """
    path = BESIDE / name
    if not path.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name} is not in ../shared/data beside the clone")
    return path
