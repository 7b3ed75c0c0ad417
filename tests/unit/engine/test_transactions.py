"""A transaction is sent by whoever waits for it: what brokers answer decides what is sent again and what is not
committed."""

import cProfile
import pstats
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.client import ConnectionGroup

from engine.kafka.clients import transactional
from engine.kafka.driver_errors import Fenced, KafkaFault, OutOfTurn
from engine.settings import Settings

NOT_LEADER, TOO_LARGE, BEING_ENDED, FENCED = 6, 10, 51, 47
CALLS = 408
"""Of a transaction of two batches to two brokers, on Python 3.11; those of the brokers here included."""

STATE, DECISIONS = "gw.tickets.state", "gw.tickets.decisions"


class Brokers:
    """Answers each request as it is told, else that all is well."""

    def __init__(self) -> None:
        """State is led by the first broker, decisions by the second."""
        self.leaders = {STATE: 1, DECISIONS: 2}
        self.asked: list[tuple[str, int, Any]] = []
        self.answers: dict[str, list[int]] = {}

    def _error(self, what: str) -> int:
        left = self.answers.get(what)
        return left.pop(0) if left else 0

    async def send(self, node: int, request: Any, group: Any = ConnectionGroup.DEFAULT) -> Any:
        """Take a request, as the library makes it where nothing is written whole."""
        plain = getattr(request, "_request", request)
        what = type(plain).__name__.removesuffix("Request").removeprefix("_")
        self.asked.append((what, node, [topic for topic, _ in getattr(plain, "_topics", [])]))
        if what == "AddPartitionsToTxn":
            error = self._error(what)
            return SimpleNamespace(errors=[(topic, [(n, error) for n in ns]) for topic, ns in plain._topics])
        if what == "EndTxn":
            return SimpleNamespace(error_code=self._error(what))
        topics = [(topic, [(n, self._error(topic), 7, 1000, 0) for n, _ in ones]) for topic, ones in plain._topics]
        return SimpleNamespace(API_VERSION=7, topics=topics)


Made = tuple[Any, Brokers]


@pytest.fixture
async def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """A producer that has its id, and the brokers it asks."""
    producer, brokers = transactional(Settings(kafka="127.0.0.1:9"), "dispatch.p0"), Brokers()
    producer._waiting, producer._asked, producer._closed = [], {}, True
    producer._txn_manager.set_pid_and_epoch(5, 1)

    async def nothing(*_: Any) -> int:
        return 9

    def leads(tp: TopicPartition) -> int:
        return brokers.leaders[tp.topic]

    for owner, name, value in (
        (producer.client, "send", brokers.send),
        (producer.client, "_wait_on_metadata", nothing),
        (producer.client, "force_metadata_update", nothing),
        (producer.client.cluster, "leader_for_partition", leads),
        (producer, "_partition", lambda *_: 0),
        (producer._sender, "_find_coordinator", nothing),
    ):
        monkeypatch.setattr(owner, name, value)
    return producer, brokers


async def sent(producer: Any, *topics: str) -> list[Any]:
    """A record to each, in a transaction that is open."""
    found = []
    for topic in topics:
        batch = producer.create_batch()
        batch.append(key=b"k", value=b"v", headers=[])
        found.append(await producer.send_batch(batch, topic, partition=0))
    return found


def steps(brokers: Brokers) -> list[tuple[str, int]]:
    """What was asked of whom."""
    return [(what, node) for what, node, _ in brokers.asked]


async def test_a_step_is_three_requests(made: Made) -> None:
    """The coordinator hears of the partitions, those who lead them get the batches, and all is committed; so again."""
    producer, brokers = made
    for _ in range(2):
        await producer.begin_transaction()
        acks = await sent(producer, STATE, DECISIONS)
        assert [(await ack).offset for ack in acks] == [7, 7]
        await producer.commit_transaction()
    once = [("AddPartitionsToTxn", 9), ("Batches", 1), ("Batches", 2), ("EndTxn", 9)]
    assert steps(brokers) == once * 2


@pytest.mark.parametrize(
    ("what", "error", "again"),
    [
        ("AddPartitionsToTxn", BEING_ENDED, ("AddPartitionsToTxn", 9)),
        (DECISIONS, NOT_LEADER, ("Batches", 2)),
        ("EndTxn", BEING_ENDED, ("EndTxn", 9)),
    ],
    ids=["the one before is being ended", "another leads now", "not yet"],
)
async def test_what_is_not_taken_yet_is_sent_again(made: Made, what: str, error: int, again: tuple[str, int]) -> None:
    """That alone, once more."""
    producer, brokers = made
    brokers.answers[what] = [error]
    await producer.begin_transaction()
    for ack in await sent(producer, STATE, DECISIONS):
        await ack
    await producer.commit_transaction()
    assert len(brokers.asked) == 5 and steps(brokers).count(again) == 2


async def test_batches_of_one_partition_go_one_after_the_other(made: Made) -> None:
    """In the order in which they were handed over."""
    producer, brokers = made
    await producer.begin_transaction()
    for ack in await sent(producer, STATE, STATE, STATE):
        await ack
    await producer.commit_transaction()
    assert steps(brokers) == [("AddPartitionsToTxn", 9), *[("Batches", 1)] * 3, ("EndTxn", 9)]
    assert producer._txn_manager.sequence_number(TopicPartition(STATE, 0)) == 3


async def test_without_one_of_its_batches_nothing_is_committed(made: Made) -> None:
    """It is the content's fault; the transaction can be aborted, and the next one begun."""
    producer, brokers = made
    brokers.answers[DECISIONS] = [TOO_LARGE]
    await producer.begin_transaction()
    well, refused = await sent(producer, STATE, DECISIONS)
    assert (await well).offset == 7
    with pytest.raises(KafkaFault):
        await refused
    with pytest.raises(KafkaFault):
        await producer.commit_transaction()
    assert "EndTxn" not in dict(steps(brokers))
    await producer.abort_transaction()
    await producer.begin_transaction()
    (ack,) = await sent(producer, STATE)
    await ack
    await producer.commit_transaction()


async def _fenced_adding(producer: Any, brokers: Brokers) -> None:
    brokers.answers["AddPartitionsToTxn"] = [FENCED]
    for ack in await sent(producer, STATE, STATE):
        with pytest.raises(Fenced):
            await ack
    with pytest.raises(Fenced):
        await producer.commit_transaction()


async def _fenced_adding_more(producer: Any, brokers: Brokers) -> None:
    (ack,) = await sent(producer, STATE)
    await ack
    brokers.answers["AddPartitionsToTxn"] = [FENCED]
    (ack,) = await sent(producer, DECISIONS)
    with pytest.raises(Fenced):
        await ack


async def _fenced_ending(producer: Any, brokers: Brokers) -> None:
    brokers.answers["EndTxn"] = [FENCED]
    (ack,) = await sent(producer, STATE)
    await ack
    with pytest.raises(Fenced):
        await producer.commit_transaction()


@pytest.mark.parametrize("fenced", [_fenced_adding, _fenced_adding_more, _fenced_ending])
async def test_who_is_fenced_hears_of_it(made: Made, fenced: Callable[[Any, Brokers], Any]) -> None:
    """At the step at which it is found out, and in farewell it aborts nothing of the new owner's."""
    producer, brokers = made
    await producer.begin_transaction()
    await fenced(producer, brokers)
    before = len(brokers.asked)
    await producer.let_go()
    assert len(brokers.asked) == before


async def test_a_transaction_costs_no_tenth_more(made: Made) -> None:
    """In calls, from the batches to the commit: with the library's own task it was twice as many."""
    producer, _ = made

    async def some(count: int) -> None:
        for _ in range(count):
            await producer.begin_transaction()
            for ack in await sent(producer, STATE, DECISIONS):
                await ack
            await producer.commit_transaction()

    await some(2)
    with cProfile.Profile() as profile:
        await some(50)
    each: float = pstats.Stats(profile).total_calls / 50  # type: ignore[attr-defined]
    assert 0.8 * CALLS < each <= 1.1 * CALLS


async def test_records_alone_are_sent_by_nobody(made: Made) -> None:
    """The library would keep them for its own task, which does not run."""
    producer, _ = made
    with pytest.raises(OutOfTurn):
        await producer.send(STATE, b"v")
