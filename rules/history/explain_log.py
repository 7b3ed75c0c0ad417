"""Works a partition's decisions out again, one after another, with the tickets and the roster as they were before each
(DESIGN 8)."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from rules.history.explain import asks_roster, explain
from rules.law.compiled import Law
from rules.state.duty_roster import Rosters, name_of, noted
from topics import codec
from topics.command import Duty
from topics.decision import Decision
from topics.events.types import EventType
from topics.ticket import Duties, Ticket


class Explained(NamedTuple):
    """One decision in words."""

    lines: list[str]
    worked_out: int
    """How many things were worked out again."""
    agrees: bool
    vouched: bool = True
    """Whether all of it could be worked out: not where the roster of then has aged away."""


class Retold:
    """Follows a partition; holds the last image of each ticket it has seen as bytes."""

    def __init__(self, laws: Mapping[str, Law], standing: Mapping[str, Duties] | None = None) -> None:
        """Know every pack that was published.

        Args:
            laws: By their names.
            standing: Of a log that no longer begins at its beginning: the roster's changes as the state has them. What
                ended before is in
                neither, so a decision whose roster does not come out as it says is not vouched for. ``None``: the log
                is whole.
        """
        self._laws, self._rosters = laws, Rosters()
        self._is_cut = standing is not None
        for name, duties in (standing or {}).items():
            self._rosters.put(name, duties)
        self._images: dict[str, bytes] = {}

    def explain(self, decision: Decision) -> Explained:
        """Explain one decision, then take over what it changed."""
        law = self._laws.get(decision.why.pack or "") or next(iter(self._laws.values()))
        image = self._images.get(decision.ticket or "")
        before = codec.decode(image, Ticket) if image is not None else None
        duty_law: Law | None = self._rosters.law(law, decision.at)
        if self._is_cut and decision.why.roster not in (None, duty_law.people.version if duty_law else None):
            duty_law = None
        told = Explained(*explain(decision, before, law, duty_law))
        told = told._replace(vouched=duty_law is not None or not asks_roster(decision))
        for change in decision.changes:
            if change.after is None:
                self._images.pop(change.ticket, None)
            else:
                self._images[change.ticket] = bytes(change.after)
        for event in decision.events:
            if event.type == EventType.DUTY_SET:
                duty = msgspec.convert(event.facts["duty"], Duty)
                self._rosters.put(name_of(duty), noted(self._rosters.duties.get(name_of(duty)), duty, decision.at))
        return told
