"""What is still wrong with a mended report is said in words: the field, the value masked, the mend; never a library's
sentence."""

from typing import Any

import pytest

from engine.client.rejections import _faults

SOUND: dict[str, Any] = {"occurred_at": "2026-11-24T01:00:00Z", "channel": "app"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"occurred_at": "13812345678 soon"},
            (
                "data.occurred_at: '13********* s***' is no time that an incident can have; write one like"
                " 2026-03-05T08:05:00+08:00"
            ),
        ),
        (
            {"occurred_at": "2026-11-24T01:00:00"},
            (
                "data.occurred_at: '2026-11-24T01:00:00' is no time that an incident can have; write one like"
                " 2026-03-05T08:05:00+08:00"
            ),
        ),
        ({"channel": "ap"}, "data.channel: 'a*' is none of hotline, app, patrol, camera, visit, open311, import"),
        ({"txt": "Li"}, "data.txt: unknown; did you mean `text`?"),
        ({"text": "x" * 4001}, "data.text: has 4001 characters; at most 4000, shorten it"),
        ({"location": {"lat": 1}}, "data.location: lat and lon go together; give both or none"),
        ({"reporter": "Li Ming"}, "data.reporter: Input should be a valid dictionary; found 'L* ****'"),
        (
            {"location": {"lat": 91, "lon": 0}},
            "data.location.lat: Input should be less than or equal to 90; found '91'",
        ),
        (
            {"attributes": [{"phone": "13812345678"}]},
            "data.attributes: Input should be a valid dictionary; found 'a list'",
        ),
    ],
)
def test_a_fault_has_its_value_masked_and_its_mend(change: dict[str, Any], said: str) -> None:
    """As the rows of a feed and a pack's faults have."""
    assert _faults(SOUND | change) == [said]
    assert _faults(SOUND) == []
