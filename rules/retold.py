"""Works a partition's decisions out again, one after another, with the tickets and the roster as they were before each (DESIGN 8)."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from rules.explain import explain
from rules.law import Law
from rules.rosters import Rosters, name_of, noted
from topics import codec
from topics.command import Duty
from topics.decision import Decision
from topics.ticket import Ticket


class Explained(NamedTuple):
    """One decision in words."""

    lines: list[str]
    worked_out: int
    """How many things were worked out again."""
    agrees: bool


class Retold:
    """Follows a partition; holds the last image of each ticket it has seen as bytes."""

    def __init__(self, laws: Mapping[str, Law]) -> None:
        """Know every pack that was published."""
        self._laws, self._rosters = laws, Rosters()
        self._images: dict[str, bytes] = {}

    def explain(self, decision: Decision) -> Explained:
        """Explain one decision, then take over what it changed."""
        law = self._laws.get(decision.why.pack or "") or next(iter(self._laws.values()))
        image = self._images.get(decision.ticket or "")
        before = codec.decode(image, Ticket) if image is not None else None
        told = Explained(*explain(decision, before, law, self._rosters.law(law, decision.at)))
        for change in decision.changes:
            if change.after is None:
                self._images.pop(change.ticket, None)
            else:
                self._images[change.ticket] = bytes(change.after)
        for event in decision.events:
            if event.type == "DutySet":
                duty = msgspec.convert(event.facts["duty"], Duty)
                self._rosters.put(name_of(duty), noted(self._rosters.duties.get(name_of(duty)), duty, decision.at))
        return told
