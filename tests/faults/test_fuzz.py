"""A hundred thousand requests drawn from the OpenAPI description, by everybody, with the archive there too."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.results import machine
from tests.thorough.test_fuzz import fuzzed

SEED, REQUESTS, BY = 20261126, 2_900, 36
RESULTS = Path(__file__).parents[2] / "docs" / "results" / "fuzz.md"
HEAD = """# Requests drawn from the OpenAPI description

`pytest tests/faults/test_fuzz.py --long`: schemathesis draws requests from `/openapi.json` (and from its examples, with
one or two places changed), and each is sent by everybody in turn: every role of the roster at the top and at a grid,
departments' people and systems, sources, auditor, administrators, nobody. The gateway is whole, on a real Valkey and
PostgreSQL; the log is the one in memory. Each answer is held against the description: status, content type, schema;
none may be a fault of ours (5xx). Trying packs and telling the log under one are processes of seconds each and are
answered 429 here, behind all that is read and judged before them. Short form: `tests/thorough/test_fuzz.py`.

"""


@pytest.mark.long
def test_a_hundred_thousand_requests(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """No answer that is not described, no fault of ours; what came of them is written down."""
    fuzz = fuzzed(redis_url, tmp_path, REQUESTS, by=BY, seeded=SEED, database_url=database_url)
    calls, statuses = sum(fuzz.answered.values()), Counter[int]()
    for (_, status), count in fuzz.answered.items():
        statuses[status] += count
    assert calls >= 100_000 and max(statuses) < 500
    rows = [f"| {status} | {count:,} |" for status, count in sorted(statuses.items())]
    when = f"{datetime.now(UTC):%Y-%m-%d}, seed {SEED}, {REQUESTS:,} requests, each by {BY}"
    told = f"{when}: {calls:,} calls of {len(fuzz.operations)} operations; none answered otherwise, none 5xx."
    RESULTS.write_text(f"{HEAD}{told} {machine()}." + "\n\n| status | answers |\n|---|---|\n" + "\n".join(rows) + "\n")
