"""What the law decides in the form in which it runs here, to be laid beside what it decides in the other:
``python -m tests.support.both_forms FORM demo | los-angeles ROWS.csv | batches``.

Ends with 1 where the law is not in that form here: two of the same form would agree on anything.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from engine.law_form import law_form
from engine.stages.dispatch import DispatchCore
from engine.stream.contracts import Out, Record
from rules.law.compiled import Law
from tests.bench.in_process import START, dispatch_of, intake_of, record
from tests.differences.record import demo, los_angeles
from tests.support.poison import good, law_of
from topics.registry import DECISIONS, INCIDENTS, RAW

MINUTE = 60_000
COUNT = 1500


def incidents(law: Law) -> list[Record]:
    """Reports as intake hands them on, one each minute; between them what no stage of ours has written."""
    sent = [Out(RAW.name, 0, key, value, headers) for key, value, headers in good(5, COUNT)]
    core = intake_of(law)
    outs = [out for n, one in enumerate(sent) for out in core.take(record(RAW.name, n, one, START + n * MINUTE), START)]
    placed = [out for out in (*outs, *core.flush()) if out.topic == INCIDENTS.name]
    strange = [Out(INCIDENTS.name, 0, b"tawan", value) for value in (b"", b"{", b'{"identity": 1}', None)]
    every = [one for n, out in enumerate(placed) for one in (out, *(strange if n % 100 == 0 else ()))]
    records = [record(INCIDENTS.name, n, out, START + n * MINUTE) for n, out in enumerate(every)]
    return [replace(one, loose=True) if out in strange else one for one, out in zip(records, every, strict=True)]


def decided(core: DispatchCore, records: list[Record], size: int) -> Iterator[Out]:
    """Take them in batches of that size; what is due fires between, as in a partition."""
    for first in range(0, len(records), size):
        for one in records[first : first + size]:
            while (due := core.next_due()) is not None and due < one.appended_at:
                yield from core.fire(due, due) or ()
            yield from core.take(one, one.appended_at)
        yield from core.flush()


def batches() -> Iterator[str]:
    """Decisions and state that dispatch writes, in batches of 1 and of 500."""
    law = law_of("guancheng")
    records = incidents(law)
    for size in (1, 500):
        outs = list(decided(dispatch_of(law), records, size))
        assert sum(out.topic == DECISIONS.name for out in outs) > COUNT
        yield from (f"{size} {out.topic} {out.key!r} {out.value!r}" for out in outs)


def main(form: str, what: str, *rows: str) -> None:
    """Print it, a decision a line."""
    if law_form() != form:
        sys.exit(f"the law runs as {law_form()} here")
    told = demo() if what == "demo" else batches() if what == "batches" else los_angeles(Path(rows[0]))
    for line in told:
        print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])
