"""Los Angeles' open data and how its columns are read."""

from pathlib import Path

import pytest

from engine.feed.feedmap import FeedMap
from tests.support.data import real_data


@pytest.fixture(scope="session")
def la_file() -> Path:
    """10,000 real service requests of the first days of 2018."""
    return real_data("la311-2018.csv")


@pytest.fixture(scope="session")
def small_map() -> FeedMap:
    """A map that uses every field, for columns of a made-up source."""
    return FeedMap.model_validate(
        {
            "source": "town",
            "id": "no",
            "occurred_at": "when",
            "timezone": "America/Los_Angeles",
            "category": "type",
            "text": "words",
            "channel": {"column": "way", "map": {"Call": "hotline"}, "default": "import"},
            "location": {
                "lat": "lat",
                "lon": "lon",
                "crs": "WGS84",
                "grid": {"column": "nc", "format": "nc-{}"},
                "address": "street",
            },
            "promised_by": {"column": "promise", "rule": "midnight_after"},
            "attributes": ["owner"],
            "closing": {
                "at": "closed",
                "status": "status",
                "map": {
                    "Closed": {"kind": "close_by_source", "reason": "closed"},
                    "Cancelled": {"kind": "cancel", "reason": "cancelled"},
                },
            },
        }
    )
