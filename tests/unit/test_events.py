"""Events are a closed list, each with its facts as a Struct: the same bytes as the maps of old; what a newer engine has
added is read."""

import ast
from collections.abc import Iterator

import msgspec
import pytest
from msgspec import inspect

from tests.support import trees
from tests.support.city import City
from topics import codec
from topics.decision import Decision, Event, event_of, facts_of
from topics.events.catalogue import FACTS
from topics.events.clocks import ClockBreached
from topics.events.facts import Facts
from topics.events.filing import TicketForgotten
from topics.events.partition import CauseHeld
from topics.events.types import EventType


def nodes(*tops: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node of the law and the engine, with the name of its module."""
    return (
        (trees.name(path), node) for path in trees.paths(*tops or ("rules", "engine")) for node in trees.nodes(path)
    )


def test_each_type_has_its_facts_and_each_struct_its_type() -> None:
    """Neither stands alone, and all stand in the list once."""
    assert sorted(FACTS) == sorted(EventType) and len(FACTS) > 60
    assert all(facts.__name__ == name for name, facts in FACTS.items())


@pytest.mark.parametrize("facts", FACTS.values(), ids=lambda facts: facts.__name__)
def test_members_stand_in_the_order_of_the_alphabet(facts: type[Facts]) -> None:
    """As the keys of a map are written: a Struct gives the bytes that a map gave; and each says when it is said."""
    assert list(facts.__struct_fields__) == sorted(facts.__struct_fields__)
    assert facts.__doc__ and issubclass(facts, Facts)
    assert not {*facts.__struct_fields__} & {"get", "keys", "items", "as_map"}


def test_an_event_is_written_as_a_map_of_its_facts() -> None:
    """What is not said is not written, nothing is written as null but what is None, no facts are no member."""
    said = event_of("t-1", CauseHeld(record="commands:0:1", appended_at=5))
    assert (
        codec.encode(said) == b'{"type":"CauseHeld","ticket":"t-1","facts":{"appended_at":5,"record":"commands:0:1"}}'
    )
    assert codec.encode(event_of("t-1", TicketForgotten())) == b'{"type":"TicketForgotten","ticket":"t-1"}'
    maps = Event("CauseHeld", "t-1", {"record": "commands:0:1", "appended_at": 5})
    assert codec.encode(maps) == codec.encode(said) and facts_of(said) == facts_of(maps)


def test_decided_or_read_facts_are_asked_for_alike() -> None:
    """By name, as of a map; one that is not said is not there."""
    decided = ClockBreached(clock="resolve", due_at=1, late_by_ms=0, number="0", rung=100, told=["a"])
    read = facts_of(event_of("t", decided))
    for name in (*ClockBreached.__struct_fields__, "nothing"):
        assert (decided.get(name), name in decided) == (read.get(name), name in read)
    assert dict(decided.items()) == read and set(decided) == set(read) == set(decided.keys())
    assert decided["rung"] == 100
    for missing in ("provisional", "nothing", "as_map"):
        with pytest.raises(KeyError):
            decided[missing]


def test_what_a_newer_engine_adds_to_an_event_is_read() -> None:
    """A type or a fact that is not known here stops no reader of the log."""
    newer = b'{"type":"TicketPainted","ticket":"t","facts":{"colour":"red","coats":[1,2]}}'
    event = codec.decode(newer, Event)
    assert (event.type, facts_of(event)) == ("TicketPainted", {"colour": "red", "coats": [1, 2]})
    assert codec.encode(event) == b'{"type":"TicketPainted","ticket":"t","facts":{"coats":[1,2],"colour":"red"}}'


def test_every_fact_of_a_days_decisions_is_one_of_its_type() -> None:
    """What is written converts into the Struct of its type without a member too many, and comes out the same."""
    city = City()
    city.report("T", "bins")
    city.at("08:00", 2)
    city.ask("close_by_source", "T", "source:app", reason="closed")
    city.ask("reopen", "T", "reporter:r", reason="again")
    seen = set()
    for decision in city.decisions:
        for event in codec.decode(codec.encode(decision), Decision).events:
            kind = FACTS[event.type]
            assert facts_of(event).keys() <= set(kind.__struct_fields__)
            assert codec.encode(msgspec.convert(facts_of(event), kind)) == codec.encode(facts_of(event))
            seen.add(event.type)
    assert len(seen) > 8


def test_names_of_events_are_written_in_their_list_alone() -> None:
    """Law and engine name a type by ``EventType`` or by its Struct: one that is not there fails the type check."""
    types = set(EventType)
    found = [
        f"{path}:{node.lineno} {node.value}"
        for path, node in nodes()
        if isinstance(node, ast.Constant) and node.value in types
    ]
    assert found == []


def test_every_type_is_said_somewhere() -> None:
    """One that nobody says is dead."""
    called = {node.id for _, node in nodes("rules") if isinstance(node, ast.Name)}
    assert [name for name in EventType if name not in called] == []


def test_readers_ask_for_facts_that_some_event_has() -> None:
    """``event.facts["…"]`` and ``.get("…")`` with a name that no event has would find nothing, silently."""
    known = {member.name for facts in FACTS.values() for member in inspect.type_info(facts).fields}  # type: ignore[attr-defined]
    asked: dict[str, str] = {}
    for path, node in nodes():
        of, name = None, None
        if isinstance(node, ast.Subscript):
            of, name = node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            of, name = node.func.value, node.args[0] if node.args else None
        if isinstance(of, ast.Attribute) and isinstance(name, ast.Constant) and ast.unparse(of) == "event.facts":
            asked[str(name.value)] = path
    assert len(asked) > 10
    assert {name: path for name, path in asked.items() if name not in known} == {}
