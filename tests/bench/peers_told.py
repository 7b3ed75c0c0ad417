"""What a run beside the peers is told by: medians, ratios, and which of them are held."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.stand import Used

HELD = {"quix": 0.75, "faust": 9.0}
"""Peer -> how many times the CPU of our dispatch, compiled as in the image, it must need at least (DESIGN 10), ratios
of medians: these survive another processor. The ratio to a raw pass-through does not, so it is printed alone."""

HELD_NAMES = {"quix": "quixstreams", "faust": "stock Faust"}

RIGHT = (
    "every incident was decided once and every task told once, by the log. Ours are exactly-once with the whole law;"
    " quixstreams and Faust keep a small state without transactions. Whoever is measured works alone; ours"
    " before the others and behind them in each round, and their mean counts."
)

NAMES = {
    "intake": "our intake: envelope, seal, place",
    "dispatch": "our dispatch, compiled: the law, state, decisions",
    "fanout": "our fan-out: tasks of departments",
    "projector": "our projector: live queues",
    "sum": "our four stages in sum",
    "plain": "our dispatch in plain Python",
    "send": "raw aiokafka, `send`, pass-through",
    "batches": "raw aiokafka, own batches, pass-through",
    "faust": "stock Faust, a table and two sends",
    "quix": "quixstreams, state and two sends",
}


@dataclass(frozen=True)
class Round:
    """CPU of one round by stage and by contestant, in microseconds of an incident."""

    ours: dict[str, Used]
    theirs: dict[str, Used]


def total(ours: dict[str, Used]) -> Used:
    """All stages together."""
    values = ours.values()
    return Used(sum(one.own for one in values), sum(one.kafka for one in values), sum(one.redis for one in values))


def medians(rounds: Sequence[Round]) -> dict[str, Used]:
    """By stage, in sum, and by contestant."""
    return {
        name: Used(*(statistics.median(getattr(one, part) for one in values) for part in ("own", "kafka", "redis")))
        for name, values in _each(rounds).items()
    }


def ratios(found: dict[str, Used], of: str = "dispatch") -> dict[str, float]:
    """Of each contestant to our dispatch."""
    return {name: found[name].own / found[of].own for name in ("plain", "send", "batches", "faust", "quix")}


def broken(found: dict[str, Used]) -> list[str]:
    """Which held limits are not reached."""
    reached = ratios(found)
    return [
        f"{NAMES[name]} / our dispatch is {reached[name]:.2f}, at least {least:g} is held"
        for name, least in HELD.items()
        if reached[name] < least
    ]


def table(rounds: Sequence[Round]) -> list[str]:
    """As the page has it."""
    found, reached = medians(rounds), ratios(medians(rounds))
    own = {name: [one.own for one in values] for name, values in _each(rounds).items()}
    lines = [
        "| who | µs CPU an incident, median | least to most | beside it in Kafka | in Valkey | / our dispatch | held |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, words in NAMES.items():
        used, ratio = found[name], f"{reached[name]:.2f}" if name in reached else ""
        spread = f"{min(own[name]):.1f} to {max(own[name]):.1f}"
        redis = f"{used.redis:.1f}" if name in ("projector", "sum") else ""
        held = f"≥ {HELD[name]:g}" if name in HELD else ""
        lines.append(f"| {words} | {used.own:.1f} | {spread} | {used.kafka:.0f} | {redis} | {ratio} | {held} |")
    beside = ", ".join(f"{name} {ratios(found, 'plain')[key]:.2f}" for key, name in HELD_NAMES.items())
    return [*lines, "", f"What is held is held of dispatch compiled. To dispatch in plain Python: {beside}; not held."]


def _each(rounds: Sequence[Round]) -> dict[str, list[Used]]:
    flat = [one.ours | {"sum": total(one.ours)} | one.theirs for one in rounds]
    return {name: [one[name] for one in flat] for name in NAMES}
