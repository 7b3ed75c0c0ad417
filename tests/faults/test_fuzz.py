"""A hundred thousand requests drawn from the OpenAPI description, by everybody, with the archive there too."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.results import machine
from tests.thorough.test_fuzz import fuzzed

SEED, CALLS, BY, EACH = 20261126, 100_000, 12, 44
RESULTS = Path(__file__).parents[2] / "docs" / "results" / "fuzz.md"
HEAD = """# Requests drawn from the OpenAPI description

`pytest tests/faults/test_fuzz.py --long`: schemathesis draws requests from `/openapi.json` (and from its examples, with
one or two places changed), of each operation as many; each is sent by a dozen in turn, half of them such as may ask for
it: every role of the roster at the top and at a grid, departments' people and systems, sources, walls, auditor,
administrators, nobody. Half of the names in their paths are of what there is: tickets, webhooks, readers, hand-overs,
pictures, links. The gateway is whole, on a real Valkey and PostgreSQL; the log is the one in memory. Each answer is
held against the description: status, content type, schema; none may be a fault of ours (5xx). Trying packs and telling
the log under one are processes of seconds each and are answered 429 here, behind all that is read and judged before
them. Short form: `tests/thorough/test_fuzz.py`.

"""


@pytest.mark.long
def test_a_hundred_thousand_requests(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """No answer that is not described, no fault of ours; every role has asked for everything, and what came of it is
    written down."""
    fuzz = fuzzed(redis_url, tmp_path, CALLS, by=BY, each=EACH, seeded=SEED, database_url=database_url)
    statuses, roles = fuzz.by_status(), {seat.word for seat in fuzz.seats}
    calls = sum(statuses.values())
    assert calls >= 100_000 and max(statuses) < 500 and fuzz.untold() == set()
    assert len(fuzz.never_done()) < len(fuzz.operations) / 3
    rows = [f"| {status} | {count:,} |" for status, count in sorted(statuses.items())]
    told = (
        f"{datetime.now(UTC):%Y-%m-%d}, seed {SEED}: {calls:,} calls of {len(fuzz.operations)} operations by"
        f" {len(fuzz.seats)} seats of {len(roles)} roles, each role of each operation; none answered otherwise, none"
        f" 5xx. {machine()}.\n\nRefused to everybody, as what they need is not there or is drawn by nobody:"
        f" {', '.join(sorted(fuzz.never_done()))}."
    )
    RESULTS.write_text(f"{HEAD}{told}" + "\n\n| status | answers |\n|---|---|\n" + "\n".join(rows) + "\n")
