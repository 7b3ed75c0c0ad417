"""When what has not arrived is tried again, and when one gives up: figures alone."""

from dataclasses import dataclass

from engine.doors.deliveries import LONGEST_PAUSE, LONGEST_REST, Message, Target, Then
from engine.notifier.port import Answer

GROWS = 4
"""Each pause is so many times the one before, up to ``LONGEST_PAUSE``: with 5 s at first they are 5 s, 20 s, 80 s,
5 min, 21 min, 85 min, 6 h, then 12 h."""
MOST_TRIES = 12
"""Attempts of a message whose target takes others meanwhile, over 56 hours: it lies in the message then."""
FAILING = 3
"""Failures in a row after which a target is asked with one message at a time, and no pause is the message's fault."""
PROBE = 300.0
"""A target that fails is asked again after so long at most: whoever was mended is heard of within minutes."""
PATIENCE = 3 * 86_400.0
"""Seconds of failures alone after which a target is paused, and somebody told."""


@dataclass(frozen=True)
class Pauses:
    """The figures, from the first pause on."""

    first: float = 5.0
    patience: float = PATIENCE

    def after(self, target: Target, message: Message, answer: Answer) -> Then:
        """Say what follows when a message has not arrived."""
        if answer.is_gone:
            return Then(0.0, 0.0, counts=False, state="disabled", why="gone")
        asked = min(max(answer.wait_seconds, 0.0), float(LONGEST_REST))  # a receiver may ask to be left alone
        if target.failures + 1 >= FAILING:
            rest = max(asked, min(self._grown(target.failures + 1 - FAILING), PROBE))
            is_over = self._has_failed_for_long(target)
            state, why = ("paused", "failing") if is_over else ("active", "")
            return Then(rest, rest, counts=False, state=state, why=why)
        pause = max(asked, self._grown(message.tries))
        return Then(pause, asked, counts=True, gives_up=message.tries + 1 >= MOST_TRIES)

    def _has_failed_for_long(self, target: Target) -> bool:
        """Whether nobody asks it any more until a person lets it go on."""
        since = target.failing_since
        return since is not None and (target.now - since).total_seconds() >= self.patience

    def _grown(self, before: int) -> float:
        return float(min(self.first * GROWS ** min(before, 20), LONGEST_PAUSE))
