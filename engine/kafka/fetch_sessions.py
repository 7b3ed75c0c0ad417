"""Asks a broker for what is new in many partitions without naming them all each time (KIP-227).

The library names every partition in every request and reads an answer for each: with 48 of them a fetch took 0.85 ms of
CPU, for one record. Within a session the broker remembers what is wanted, is told what has changed, and answers with
what is new.
"""

import random
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.protocol.fetch import FetchRequest

from engine.kafka.quick_requests import Answer, fetched

Place = tuple[str, int]
"""A topic and a partition of it."""

Wish = tuple[int, int]
"""From which offset, and how many bytes at most."""

FIRST_OF_SESSIONS = 7
"""Version of the request that has them; a broker that does not know it is asked as the library does."""

_NO_ID, _FIRST, _LAST = 0, 0, 0x7FFFFFFF


class Session:
    """What one broker has been told by one consumer, which asks it one thing at a time."""

    def __init__(self) -> None:
        """The broker knows nothing."""
        self._id, self._turn = _NO_ID, _FIRST
        self._told: dict[Place, Wish] = {}
        self._is_answered = True

    def turn(self, wanted: dict[Place, Wish]) -> tuple[int, int, list[Place], list[Place]]:
        """Begin the next request.

        Returns:
            The session's number, its turn, the places to tell of, and those to forget. The first turn tells all, and
            puts an end to the session before: so does one after a request that was not answered, as nobody knows what
            the broker has of it.
        """
        if not self._is_answered:
            self._turn = _FIRST
        told = {} if self._turn == _FIRST else self._told
        self._told, self._is_answered = wanted, False
        tell = [place for place, wish in wanted.items() if told.get(place) != wish]
        return self._id, self._turn, tell, [place for place in told if place not in wanted]

    def answered(self, number: int, error: int) -> None:
        """Take the head of an answer; after an error, most often that the broker has dropped the session, and with one
        that keeps none, all is told anew."""
        self._is_answered = True
        if error or number == _NO_ID:
            self._id, self._turn = _NO_ID, _FIRST
        else:
            self._id, self._turn = number, self._turn % _LAST + 1


class SessionFetch(FetchRequest):  # type: ignore[misc]
    """A request of the library's, told as a turn of a session."""

    def __init__(self, request: FetchRequest, session: Session) -> None:
        """Ask for all that ``request`` asks for."""
        self.__dict__.update(request.__dict__)
        self._session = session
        self._wanted = {(topic, number): (at, most) for topic, places in request.topics for number, at, most in places}
        self._found: Any = None

    @property
    def topics(self) -> Any:
        """What was asked of those that the answer speaks of: the library looks through all of it for each answer."""
        if self._found is None:
            return self._topics
        return [(topic, [(one[0], *self._wanted[topic, one[0]]) for one in ones]) for topic, ones in self._found]

    def prepare(self, versions: dict[int, tuple[int, int]]) -> Any:
        """Write it, in the version that the broker knows."""
        asked = super().prepare(versions)
        if asked.API_VERSION < FIRST_OF_SESSIONS:
            return asked
        told = fetched(asked)
        told.answer = partial(self._answered, told.answer)
        return told

    def build(self, request_struct_class: Any) -> Any:
        """Tell what the broker does not know."""
        if request_struct_class.API_VERSION < FIRST_OF_SESSIONS:
            return super().build(request_struct_class)
        wanted = self._wanted
        session, turn, tell, forget = self._session.turn(wanted)
        if turn == _FIRST:
            random.shuffle(tell)  # a broker fills its answer in this order
        asked = FetchRequest(
            self._max_wait_ms,
            self._min_bytes,
            self._max_bytes,
            self._isolation_level,
            _by_topic((topic, (number, *wanted[topic, number])) for topic, number in tell),
            self._rack_id,
        ).build(request_struct_class)
        asked.session_id, asked.session_epoch = session, turn
        asked.forgotten_topics_data = _by_topic(forget)
        return asked

    def _answered(self, read: Answer, data: memoryview) -> Any:
        answer = read(data)
        self._session.answered(answer.session_id, answer.error_code)
        self._found = answer.topics
        return answer


def _by_topic(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, list[Any]]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for topic, what in pairs:
        found[topic].append(what)
    return list(found.items())


class SessionFetcher(Fetcher):  # type: ignore[misc]
    """The library's fetcher, with a session at each broker; it looks through what is assigned once for each fetch."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Begin as the library does."""
        self._sessions: dict[int, Session] = defaultdict(Session)
        self._led: tuple[Any, Any, dict[TopicPartition, int | None]] = (None, None, {})
        super().__init__(*args, **options)

    def _leaders(self, assignment: Any) -> dict[TopicPartition, int | None]:
        """Who leads what is assigned, by what is known of the cluster."""
        cluster = self._client.cluster
        known = assignment, cluster._last_successful_refresh_ms
        if self._led[:2] != known:
            self._led = (*known, {tp: cluster.leader_for_partition(tp) for tp in assignment.tps})
        return self._led[2]

    def _get_actions_per_node(self, assignment: Any) -> Any:
        """Say what is to be asked now. The library's own answer, at a third of its calls where nothing is amiss: every
        partition has a leader and a position, and what was fetched before is taken or not."""
        leaders, waiting, waits = self._leaders(assignment), self._records, {}
        for tp, before in waiting.items():
            if pause := before.calculate_backoff():
                waits[leaders.get(tp)] = pause
        wanted: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        resumed = []
        for tp, leader in leaders.items():
            if leader is None or leader < 0:
                return super()._get_actions_per_node(assignment)
            if leader in self._in_flight or (leader in waits and tp in waiting):
                continue
            state = assignment.state_value(tp)
            if state._position is None or tp in waiting or self._client_rack:
                return super()._get_actions_per_node(assignment)
            if state._paused:
                resumed.append(state._resume_fut)
            elif leader not in waits:
                wanted[leader][tp.topic].append((tp.partition, state._position, self._max_partition_fetch_bytes))
        asked = [
            (
                leader,
                FetchRequest(
                    self._fetch_max_wait_ms,
                    self._fetch_min_bytes,
                    self._fetch_max_bytes,
                    self._isolation_level,
                    list(topics.items()),
                ),
            )
            for leader, topics in wanted.items()
        ]
        return asked, {}, min(waits.values(), default=self._fetcher_timeout), False, resumed

    async def _proc_fetch_request(self, assignment: Any, node_id: int, request: FetchRequest) -> bool:
        asked = SessionFetch(request, self._sessions[node_id])
        return bool(await super()._proc_fetch_request(assignment, node_id, asked))
