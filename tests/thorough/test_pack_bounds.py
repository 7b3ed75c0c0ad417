"""Hostile packs: a fault with its line or field, at once, and never a crash; the same for a bundle on ``reference``."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.law.patterns import compiled
from rules.rulepack.bundle_check import beyond
from rules.rulepack.compiler import compile_pack
from rules.rulepack.loader import PackUnreadable, load_pack
from rules.rulepack.validation.run_all import faults
from tests.support.city import city_bundle
from topics import bounds
from topics.pack import Alike, ForceMajeure, Limit, Rule

SECONDS = 10.0 if sys.gettrace() is None else 30.0
"""Of CPU; the dearest takes 3 of it here. More where every line is traced, as by make coverage."""
PLAIN = "name: town\nextends: guancheng\n"


def pack_of(folder: Path, text: str | bytes) -> list[str]:
    """The faults of a pack with this ``pack.yaml``, which come within seconds."""
    (folder / "pack.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    began = time.process_time()
    try:
        found = [str(fault) for fault in faults(load_pack(folder))]
    except PackUnreadable as exc:
        found = exc.faults
    assert time.process_time() - began < SECONDS
    return found


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join(f'*{a}' for _ in range(8))}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
FILES: dict[str, tuple[str, str]] = {
    "aliases of aliases": (BOMB, "line 2"),
    "a merge": (PLAIN + "storm: {<<: {count: 3}, minutes: 5}\n", "line 3"),
    "100,000 lists": (PLAIN + "x: " + "[" * 100_000 + "]" * 100_000, "levels"),
    "100,000 dashes": (PLAIN + "x:\n  " + "- " * 100_000 + "1", "levels"),
    "100,000 mappings": (PLAIN + "x: " + "{a: " * 100_000 + "1" + "}" * 100_000, "levels"),
    "60,000 keys": (PLAIN + "".join(f"k{n}: 1\n" for n in range(60_000)), "k0"),
    "60,000 keys, the last twice": (PLAIN + "".join(f"k{n}: 1\n" for n in range(60_000)) + "k59999: 2\n", "twice"),
    "a million values": (PLAIN + "x: [" + "1," * 1_000_000 + "]", "values"),
    "five MiB": (PLAIN + "#" * 5_000_000, "bytes"),
    "a number of 5,000 digits": (PLAIN + "max_hops: " + "9" * 5000, "cannot be read"),
    "a day that is none": (PLAIN + "x: 2026-99-99", "cannot be read"),
    "a python object": (PLAIN + "x: !!python/object/apply:os.system [ls]", "constructor"),
    "no UTF-8": ("title: \udcff", "UTF-8"),
    "a limit of ten billion days": (
        PLAIN + "clocks: {accept: {U1: {amount: 1000000000, unit: urgent_day}}}\n",
        "ten years",
    ),
    "a limit of 10^4000": (PLAIN + "clocks: {accept: {U1: {amount: 1" + "0" * 4000 + ", unit: minute}}}\n", "clocks"),
    "a radius round the earth": (PLAIN + "alike: [{id: a, minutes: 5, metres: 100000001, score: 90}]\n", "metres"),
    "a storm of ten thousand years": (PLAIN + "storm: {count: 5, minutes: 10000000000}\n", "minutes"),
    "declining for ever": (PLAIN + "max_declines: 1000000\n", "max_declines"),
    "reopening for ever": (PLAIN + "reopen_days: 1000000000\n", "reopen_days"),
    "a condition of 2,000 characters": (
        PLAIN + "rules: [{id: r, when: '" + "hour == 1 || " * 200 + "true', set: {urgency: U1}}]\n",
        "when",
    ),
    "a pattern that is made anew for a minute in all": (
        PLAIN
        + 'rules: [{id: r, when: \'leaf.matches("\\\\w{100}") || hour in ['
        + ", ".join(map(str, range(24)))
        + "]', set: {urgency: U1}}]\n",
        "no '{'",
    ),
    "four loops in each other": (
        PLAIN
        + "rules: [{id: r, when: '[1,2].all(a, [1,2].all(b, [1,2].all(c, [1,2].all(d, a+b+c+d > 0))))', set: {urgency:"
        " U1}}]\n",
        "one list",
    ),
    "40 values to the fourth": (
        PLAIN
        + "rules: [{id: r, when: '"
        + " && ".join(f"attributes.{n} in [{', '.join(str(3 * i) for i in range(14))}]" for n in "abcd")
        + "', set: {urgency: U1}}]\nattributes: [a, b, c, d]\n",
        "",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_hostile_pack_is_a_fault_at_once(kind: str, tmp_path: Path) -> None:
    """With the line, or the field."""
    text, word = FILES[kind]
    found = pack_of(tmp_path, text.encode("utf-8", "surrogateescape"))
    assert any(word in fault for fault in found) or not word, [fault[:300] for fault in found[:3]]


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    """A pipe would wait for ever, a device has no end."""
    os.mkfifo(tmp_path / "pipe")
    for number, target in enumerate((Path("/dev/zero"), tmp_path, tmp_path / "pipe")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "pack.yaml").symlink_to(target)
        with pytest.raises(PackUnreadable, match="no file"):
            load_pack(folder)


def test_a_long_condition_would_crash_the_library_and_never_reaches_it() -> None:
    """20,000 dots overflow its stack, which no ``except`` catches: proved in a process of its own, refused in this
    one."""
    text = "attributes" + ".b" * 20_000
    ended = subprocess.run(
        [sys.executable, "-c", f"import cel; cel.compile({text!r})"], capture_output=True, check=False
    )
    assert ended.returncode != 0
    for condition in (text, "(" * 100 + "1" + ")" * 100, "[1].map(a, [2].filter(b, true))"):
        with pytest.raises(ValueError, match="at most|more than one"):
            compiled(condition)


BUNDLES: dict[str, dict[str, Any]] = {
    "reopen_days": {"reopen_days": 10**9},
    "max_hops": {"max_hops": 10**9},
    "reopen_floor": {"reopen_floor": Limit(10**9, "urgent_day")},
    "clocks.accept.U1": {"clocks": {"accept": {"U1": Limit(10**9, "urgent_day")}}},
    "rungs.resolve": {"rungs": {"resolve": tuple(range(1, 100))}},
    "rules.r": {"rules": (Rule("r", "x" + ".b" * 20_000, {}, ()),)},
    "alike": {"alike": tuple(Alike(str(n), 1, 1, 1) for n in range(11))},
    "force_majeure": {"force_majeure": (ForceMajeure(-(10**18), 10**18),)},
}


@pytest.mark.parametrize("where", BUNDLES)
def test_a_bundle_on_reference_has_the_same_bounds(where: str) -> None:
    """It is not compiled, and named with its member."""
    assert beyond(city_bundle()) == []
    assert any(found.startswith(where) for found in beyond(replace(city_bundle(), **BUNDLES[where])))


@pytest.mark.parametrize("name", ["guancheng", "heshan", "jiamusi", "liangcheng", "los-angeles", "xushi"])
def test_every_shipped_pack_is_within(name: str) -> None:
    """As YAML and as bundle."""
    assert beyond(compile_pack(load_pack(name))) == []


YAML = st.recursive(
    st.sampled_from(
        [
            "x",
            "1",
            "-1",
            "1" + "0" * 5000,
            "2026-99-99",
            ".inf",
            ".nan",
            "~",
            "<<",
            "&a x",
            "*a",
            "!!int x",
            '"\\ud800"',
            "0x",
            "1:2:3",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: "[" + ", ".join(parts) + "]")
        | st.tuples(inner, inner).map(lambda two: f"{{{two[0]}: {two[1]}}}")
    ),
    max_leaves=8,
)


@settings(deadline=5000, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["name", "clocks", "nodes", "rules", "alike", "calendar", "x", "shares", "storm", "extends"]
            ),
            YAML,
        ),
        max_size=4,
    )
)
def test_no_text_makes_the_reader_raise_anything_else(tmp_path: Path, members: list[tuple[str, str]]) -> None:
    """A pack, or ``PackUnreadable`` with its faults."""
    pack_of(tmp_path, PLAIN + "".join(f"{name}: {value}\n" for name, value in members))


@settings(deadline=5000, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise_anything_else(tmp_path: Path, data: bytes) -> None:
    """The same."""
    pack_of(tmp_path, data)
    assert bounds.PACK_FILE_BYTES > 300
