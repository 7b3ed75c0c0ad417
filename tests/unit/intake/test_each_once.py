"""A member given twice is told by the quotes of what is left; by name every text is judged the same."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from topics import hostile_json
from topics.hostile_json import EnvelopeFault, parse

WRITTEN = st.sampled_from(
    ['"a"', '"b"', '"\\u0061"', '"\\""', '"\\u0022"', '"a:\\"{"', '"\\\\"', '"\\\\u0022"', '"名"', '""']
)
"""Texts as somebody may write them: one letter in two ways, and quotes that are none."""


def objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Objects and lists as text, members doubled as it falls."""
    member = st.tuples(WRITTEN, st.sampled_from([":", " : "]), inner).map("".join)
    return st.one_of(
        st.lists(member, max_size=4).map(lambda members: "{" + ",".join(members) + "}"),
        st.lists(inner, max_size=3).map(lambda values: "[" + ", ".join(values) + "]"),
    )


JSON = st.recursive(
    st.one_of(WRITTEN, st.sampled_from(["1", "1e9", "null", "true", str(2**70), "-0.0"])), objects, max_leaves=12
)


def has_doubles(raw: str) -> bool:
    """Look at each name, by the standard library."""
    found: list[bool] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        found.append(len(dict(pairs)) < len(pairs))

    json.loads(raw, object_pairs_hook=look)
    return any(found)


@given(JSON)
@example('{"a":"","a":{"\\u0022":1}}')
@example('{"a\\u0022":1,"a\\"":2}')
@example('{"b":"\\u0022","a":1,"a":2}')
def test_doubles_are_found_however_they_are_written(raw: str) -> None:
    """Neither an escape nor a quote within a text hides one, and none is seen where there is none."""
    if has_doubles(raw):
        with pytest.raises(EnvelopeFault, match="given twice"):
            parse(raw.encode())
    else:
        parse(raw.encode())


def test_ordinary_text_is_not_looked_at_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """That was the dearest part of reading."""
    monkeypatch.setattr(hostile_json, "_PAIRS", None)
    assert parse('{"text": "他说 \\"漏水\\": 3 楼", "location": {"grid": "g1"}, "n": 1.5}'.encode())
