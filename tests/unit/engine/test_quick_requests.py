"""What is written and read whole is what the driver would write and read field by field."""

import asyncio
import cProfile
import pstats
import struct
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import aiokafka.conn as library
import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.protocol.fetch import FetchRequest, FetchResponse_v11
from aiokafka.protocol.produce import ProduceRequest, ProduceResponse_v7
from aiokafka.protocol.transaction import EndTxnRequest, EndTxnResponse_v0
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kafka.fetch_sessions import Session, SessionFetch, SessionFetcher
from engine.kafka.quick_requests import WELL, Asked, Repeated, fetched, produced

NAMES = st.sampled_from(["gw.incidents", "gw.commands", "gw.街道"])
SMALL, LARGE = st.integers(0, 2**31 - 1), st.integers(-1, 2**63 - 1)
BYTES = st.binary(max_size=40)


def by_topic(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[tuple[str, list[Any]]]]:
    """Some topics, and some of each."""
    return st.lists(st.tuples(NAMES, st.lists(one, max_size=3)), max_size=3)


def on_the_wire(asked: Any) -> bytes:
    """What a connection sends."""
    message = asked.build_request_header(correlation_id=7, client_id="dispatch-1").encode() + asked.encode()
    return bytes(struct.pack(">i", len(message)) + message)


def prepared(request: Any, version: int) -> Any:
    """As the driver makes it for a broker that knows this version."""
    return request.prepare({request.API_KEY: (0, version)})


@given(by_topic(st.tuples(SMALL, BYTES)), st.sampled_from([3, 4, 5, 6, 7]))
def test_batches_are_written_as_the_driver_does(topics: list[Any], version: int) -> None:
    """In every version that it knows for a transaction."""
    asked = prepared(ProduceRequest("gw.dispatch.p3", -1, 15_000, topics), version)
    assert on_the_wire(produced(asked)) == on_the_wire(asked)


@given(by_topic(st.tuples(SMALL, LARGE, SMALL)), by_topic(SMALL), SMALL, st.sampled_from([7, 9, 11]))
def test_a_fetch_is_written_as_the_driver_does(wanted: Any, forgotten: Any, session: int, version: int) -> None:
    """In a session."""
    asked = prepared(FetchRequest(250, 1, 16_000_000, 1, wanted, "rack"), version)
    asked.session_id, asked.session_epoch, asked.forgotten_topics_data = session, 3, forgotten
    assert on_the_wire(fetched(asked)) == on_the_wire(asked)


def test_batches_are_copied_once_on_their_way_to_the_wire() -> None:
    """With the size, which is put before them last; each of them may have two megabytes."""
    batch = bytearray(b"of two megabytes")
    asked = produced(prepared(ProduceRequest("gw.dispatch.p3", -1, 15_000, [("t", [(0, batch)])]), 7))
    message: Any = asked.build_request_header(correlation_id=7, client_id="dispatch-1").encode() + asked.encode()
    assert any(piece is batch for piece in message._pieces)
    assert type(b"" + message) is bytes


def read(asked: Asked, answer: Any) -> Any:
    """What a connection makes of an answer."""
    return asked.answer(memoryview(answer.encode()))


@given(by_topic(st.tuples(SMALL, st.integers(-1, 90), LARGE, LARGE, LARGE)))
def test_what_was_produced_is_read_as_the_driver_does(topics: list[Any]) -> None:
    """Errors included."""
    answer = ProduceResponse_v7(topics=topics, throttle_time_ms=0)
    asked = produced(prepared(ProduceRequest("gw.dispatch.p3", -1, 15_000, []), 7))
    assert read(asked, answer).topics == ProduceResponse_v7.decode(answer.encode()).topics


PARTITIONS = st.tuples(
    SMALL,
    st.integers(-1, 90),
    LARGE,
    LARGE,
    LARGE,
    st.none() | st.lists(st.tuples(LARGE, LARGE), max_size=3),
    st.integers(-1, 5),
    st.none() | BYTES,
)


@given(by_topic(PARTITIONS), st.integers(0, 90), SMALL)
def test_what_was_fetched_is_read_as_the_driver_does(topics: list[Any], error: int, session: int) -> None:
    """Aborted transactions, none and no bytes included."""
    answer = FetchResponse_v11(0, error, session, topics)
    found = read(fetched(prepared(FetchRequest(250, 1, 16_000_000, 1, []), 11)), answer)
    assert (found.topics, found.error_code, found.session_id) == (
        FetchResponse_v11.decode(answer.encode()).topics,
        error,
        session,
    )


def test_an_answer_is_looked_at_until_it_is_known_to_say_that_all_is_well() -> None:
    """And again whenever it says something else."""
    repeated = Repeated(EndTxnRequest("gw.dispatch.p3", 5, 1, True))
    asked = repeated.prepare({26: (0, 5)})
    assert on_the_wire(asked) == on_the_wire(prepared(EndTxnRequest("gw.dispatch.p3", 5, 1, True), 5))
    well, fenced = EndTxnResponse_v0(0, 0), EndTxnResponse_v0(0, 47)
    assert read(asked, well).error_code == 0
    assert read(asked, well).error_code == 0
    repeated.went_well()
    assert read(asked, well) is WELL and read(asked, fenced).error_code == 47
    assert read(repeated.prepare({26: (0, 5)}), well) is WELL


async def test_an_answer_that_does_not_come_is_awaited_for_so_long_and_no_longer() -> None:
    """Each request has a bound; one that is answered, or given up, leaves no clock behind."""
    answer = asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError):
        await library.wait_for(answer, 0.01)
    answered = asyncio.get_running_loop().create_future()
    answered.set_result(b"well")
    assert await library.wait_for(answered, 60) == b"well"


def state(position: int | None, is_paused: bool) -> Any:
    """Of an assigned partition, as the driver keeps it."""
    return SimpleNamespace(
        _position=position,
        position=position,
        has_valid_position=position is not None,
        _paused=is_paused,
        paused=is_paused,
        _resume_fut="resumed",
        resume_fut="resumed",
    )


TPS = [TopicPartition(topic, number) for topic in ("incidents", "commands") for number in range(3)]
POSITIONS = st.sampled_from([*range(12), None])
"""Few have none: with one of them all is left to the driver."""

ASSIGNED = st.dictionaries(st.sampled_from(TPS), st.builds(state, POSITIONS, st.booleans()))
LEADERS = st.dictionaries(st.sampled_from(TPS), st.sampled_from([2, 2, 2, -1, None]))
WAITING = st.dictionaries(st.sampled_from(TPS), st.sampled_from([0, 0.1]))


@settings(max_examples=1500)
@given(ASSIGNED, LEADERS, WAITING, st.sets(st.sampled_from([1, 2])))
def test_what_is_asked_next_is_what_the_driver_would_ask(assigned: Any, leaders: Any, waits: Any, flying: Any) -> None:
    """Whoever leads, whatever waits, is paused, has no position or is being asked."""
    cluster = SimpleNamespace(leader_for_partition=lambda tp: leaders.get(tp, 1), _last_successful_refresh_ms=1)
    fetcher = object.__new__(SessionFetcher)
    fetcher._client = SimpleNamespace(cluster=cluster)
    fetcher._led = (None, None, {})
    fetcher._in_flight, fetcher._preferred_read_replica, fetcher._client_rack = flying, {}, None
    fetcher._records = {
        tp: SimpleNamespace(calculate_backoff=lambda p=p: p) for tp, p in waits.items() if tp in assigned
    }
    fetcher._fetcher_timeout, fetcher._max_partition_fetch_bytes = 0.2, 1000
    fetcher._fetch_max_wait_ms, fetcher._fetch_min_bytes, fetcher._fetch_max_bytes = 250, 1, 16_000
    fetcher._isolation_level = 1
    assignment = SimpleNamespace(tps=frozenset(assigned), state_value=assigned.__getitem__)
    ours, theirs = _asked(fetcher._get_actions_per_node, assignment), _asked(_theirs(fetcher), assignment)
    assert ours == theirs


def test_of_many_partitions_only_what_changed_costs_anything() -> None:
    """Calls of a request that tells of one partition and of its answer: one look for each of the others, where the
    library makes some forty to write it and to read its answer."""
    costs = []
    for count in (6, 48):
        session = Session()
        for offset in range(3):
            wanted = [("gw.incidents", [(n, offset if n == 3 else 0, 1000) for n in range(count)])]
            with cProfile.Profile() as profile:
                asked = SessionFetch(FetchRequest(250, 1, 16_000, 1, wanted), session).prepare({1: (4, 11)})
                found = read(asked, FetchResponse_v11(0, 0, 7, [("gw.incidents", [(3, 0, 1, 1, 0, None, -1, b"x")])]))
            assert [topic for topic, _ in found.topics] == ["gw.incidents"]
        costs.append(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]
    assert costs[1] - costs[0] <= 48 - 6


def _theirs(fetcher: SessionFetcher) -> Callable[[Any], Any]:
    return lambda assignment: Fetcher._get_actions_per_node(fetcher, assignment)


def _asked(ask: Callable[[Any], Any], assignment: Any) -> tuple[Any, ...]:
    asked, resets, pause, is_stale, resumed = ask(assignment)
    wanted = {(node, topic): sorted(ones) for node, request in asked for topic, ones in request.topics}
    return wanted, {node: set(tps) for node, tps in resets.items()}, (pause, is_stale), len(resumed)
