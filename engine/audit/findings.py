"""What the auditor found: counts of each kind of fault, and the first offenders of each by name."""

from collections import Counter

SHOWN = 20
"""Offenders named for each kind; the rest is only counted."""

FAULTS = {
    "lost": "was acknowledged or consumed and left no verdict",
    "doubled": "had its effect twice",
    "early": "fired before its moment",
    "missing": "should have fired and did not",
    "split_errors": "went to another party than the split names, or the books disagree",
    "due_errors": "names another due moment than its ledger gives",
    "state_errors": "state that the log does not explain",
    "unexplained": "has no cause on the log",
}
"""Kinds of fault; any of them makes the audit fail."""


class Findings:
    """Collects faults; the same offender may be reported for several kinds, but once for each."""

    def __init__(self) -> None:
        """Start clean."""
        self._named: dict[str, dict[str, str]] = {kind: {} for kind in FAULTS}
        self._count: Counter[str] = Counter()

    def add(self, kind: str, offender: str, what: str) -> None:
        """Report one offender (an identity, id or position) of one kind, and what is wrong with it."""
        assert kind in FAULTS
        named = self._named[kind]
        if offender in named:
            return
        self._count[kind] += 1
        named[offender] = what

    def counts(self) -> dict[str, int]:
        """How many offenders of each kind."""
        return {kind: self._count[kind] for kind in FAULTS}

    def named(self) -> dict[str, list[str]]:
        """The first offenders of each kind that has any."""
        return {
            kind: [f"{who}: {what}" for who, what in list(named.items())[:SHOWN]]
            for kind, named in self._named.items()
            if named
        }

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self._count.total()
