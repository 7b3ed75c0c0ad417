"""The two shipped cities, compiled once."""

import csv
from functools import cache

import pytest

from rules.law.compiled import Law
from rules.law.placement import Places
from rules.rulepack.compiler import compile_pack, pack_ref
from rules.rulepack.loader import load_pack
from tests.support.data import real_data
from topics.pack import PackBundle


@cache
def bundle(name: str) -> PackBundle:
    """A shipped pack."""
    return compile_pack(load_pack(name))


@cache
def law_of(name: str) -> Law:
    """Its look-ups."""
    return Law(pack_ref(bundle(name)), bundle(name))


@pytest.fixture(scope="session")
def guancheng() -> Law:
    """The law of Guancheng."""
    return law_of("guancheng")


@pytest.fixture(scope="session")
def los_angeles() -> Law:
    """The law of Los Angeles."""
    return law_of("los-angeles")


@pytest.fixture(scope="session")
def places(guancheng: Law) -> Places:
    """The places of Guancheng."""
    return Places(guancheng.bundle)


@pytest.fixture(scope="session")
def rows() -> list[dict[str, str]]:
    """The 10,000 requests of Los Angeles."""
    with real_data("la311-2018.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
