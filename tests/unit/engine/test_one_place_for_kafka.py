"""Every client of Kafka's is made in one module, with the same proofs; what the driver raises is named in one room."""

import ast
from collections.abc import Sequence

from tests.support import trees

CLIENTS = {"AIOKafkaConsumer", "AIOKafkaProducer", "AIOKafkaAdminClient", "LogConsumer", "TransactionalProducer"}
MADE_IN = "engine/kafka/clients.py"

BELOW = {"engine/observability/json_logging.py"}
"""Stands below the room of Kafka, and tells of a driver's error by its class alone."""


def modules() -> dict[str, tuple[ast.AST, ...]]:
    """The nodes of every module of the engine, by its path."""
    return {trees.name(path): trees.nodes(path) for path in trees.paths("engine")}


def made(nodes: Sequence[ast.AST]) -> list[ast.Call]:
    """The calls that make a client, under whatever name it was imported."""
    names = {
        alias.asname or alias.name: alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    return [
        call
        for call in calls
        if (isinstance(call.func, ast.Name) and names.get(call.func.id, call.func.id) in CLIENTS)
        or (isinstance(call.func, ast.Attribute) and call.func.attr in CLIENTS)
    ]


def test_a_client_is_found_however_it_is_imported() -> None:
    """The walk below would otherwise pass where somebody renames one."""
    for text in (
        "from aiokafka import AIOKafkaProducer\nAIOKafkaProducer()",
        "from aiokafka import AIOKafkaProducer as P\nP(acks=0)",
        "import aiokafka\nlambda: aiokafka.AIOKafkaConsumer()",
    ):
        assert len(made(list(ast.walk(ast.parse(text))))) == 1
    used = ast.parse("from engine.kafka import clients\nclients.sender(1)\nx: AIOKafkaProducer")
    assert made(list(ast.walk(used))) == []


def test_clients_are_made_in_one_module() -> None:
    """Isolation, acks and time-outs are said once; one forgotten would read what was never committed."""
    assert {name: len(found) for name, nodes in modules().items() if (found := made(nodes))} == {MADE_IN: 4}


def test_every_client_proves_who_it_is() -> None:
    """One without the stack's arguments would speak plain text, to whatever stands at the default address."""
    given = [
        {ast.unparse(keyword.value) for keyword in call.keywords if keyword.arg is None}
        for call in made(modules()[MADE_IN])
    ]
    assert all("kafka_arguments(settings)" in one for one in given)


def test_what_the_driver_raises_is_named_in_one_room() -> None:
    """Whoever stands above catches what it means to us: fenced, not ours, gone, or a fault of the broker's."""
    knows = {
        name
        for name, nodes in modules().items()
        for node in nodes
        if (isinstance(node, ast.ImportFrom) and node.module == "aiokafka.errors")
        or (isinstance(node, ast.Import) and any(alias.name == "aiokafka.errors" for alias in node.names))
    }
    assert {name for name in knows if not name.startswith("engine/kafka/")} == BELOW


def test_the_loop_knows_only_the_port() -> None:
    """Stream and stages take readers and writers, whichever log they are of; no private member of a driver's object is
    touched there."""
    for name, nodes in modules().items():
        if name.startswith("engine/stream/"):
            for node in nodes:
                assert not (isinstance(node, ast.ImportFrom) and node.module == "engine.kafka.clients") or [
                    alias.name for alias in node.names
                ] == ["REQUEST_BYTES"], name
                assert not (isinstance(node, ast.Attribute) and node.attr in ("_txn_manager", "_sender")), name
