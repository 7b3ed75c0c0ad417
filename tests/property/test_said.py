"""What people say with a command is lost nowhere: it stands in the decision, in 'ticket show' and in 'explain' (DESIGN
3)."""

from collections import Counter

import pytest

from engine.views.told import ticket_lines
from rules.history.explain_log import Retold
from rules.state.causes import CommandCause
from tests.support.city import City
from tests.support.walk import Walk
from tests.support.walk_commands import KINDS
from topics.vocabulary import REFUSALS, CommandKind


@pytest.mark.parametrize("kind", KINDS)
def test_reason_and_text_of_every_kind_of_command_are_told(kind: CommandKind) -> None:
    """Whatever becomes of the command, whoever looks sees the words with it."""
    city = City()
    city.report("T", "bins")
    city.ask(kind, "T", "chief:chief-1", reason="why so", text="what is there", proof=("photo:1", "photo:2"))
    decision = city.decisions[-1]
    assert decision.said is not None
    assert (decision.said.reason, decision.said.text, decision.said.proof) == (
        "why so",
        "what is there",
        ("photo:1", "photo:2"),
    )
    retold = Retold(city.laws)
    explained = [line for one in city.decisions for line in retold.explain(one).lines]
    shown = "\n".join(ticket_lines(city["T"], city.book.laws[city["T"].pack], city.decisions, "bins"))
    for word in ("reason: why so", "text: what is there", "proof: photo:1, photo:2"):
        assert word in shown
        assert f"said with it, {word}" in explained


def test_on_a_random_walk_every_decision_has_what_its_command_said() -> None:
    """Carried out and refused, of every kind: the two ways a record is written both keep the words."""
    walk = Walk(11)
    for _ in range(3000):
        walk.step()
    ended: Counter[tuple[str, bool]] = Counter()
    for (cause, _), decision in zip(walk.city.causes, walk.city.decisions, strict=True):
        if isinstance(cause, CommandCause):
            given, said = cause.command, decision.said
            kept = (said.reason, said.text, said.proof) if said else (None, None, ())
            assert kept == (given.reason or None, given.text or None, given.proof)
            ended[given.kind, decision.reason in REFUSALS] += said is not None
    carried_out, refused = ({kind for kind, no in ended if no is was and ended[kind, no]} for was in (False, True))
    assert len(carried_out) > 5 and len(refused) > 20, (carried_out, refused)
