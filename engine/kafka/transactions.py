"""The producer of one input partition: one transaction at a time, each request sent by whoever waits for it.

The library's producer hands batches to a task of its own, which looks after each of its steps for what is to be done
next: six turns of it for a transaction, of 0.1 ms each. Here its requests and its reading of the answers are used as
they are, and its task is not (aiokafka 0.14.0, ``docs/decisions/0028-the-driver-asked-less.md``).
"""

import asyncio
from collections import defaultdict
from typing import Any

import aiokafka.producer.sender as library
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import CoordinationType
from aiokafka.errors import IllegalOperation, KafkaConnectionError, KafkaError, UnknownTopicOrPartitionError
from aiokafka.producer.transaction_manager import TransactionResult, TransactionState
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.structs import RecordMetadata

from engine.kafka.farewell import at_most
from engine.kafka.quick_requests import WELL, Repeated, produced
from engine.kafka.record_batch import RecordBatch

AGAIN_MS = 5
"""What a broker does not take yet is asked again after so long: the markers of the transaction before are written
within some milliseconds. The library waits for 100 ms; and for 20 before a transaction's first partition, which is no
setting of it."""

library.BACKOFF_OVERRIDE = AGAIN_MS / 1000

FAREWELL_SECONDS = 2
"""For what is under way, for an abort and for the connections, each; what hangs is fenced by the next opening."""


class _Sent:
    """A batch on its way: what the library asks of one that is answered."""

    def __init__(self, tp: TopicPartition, batch: RecordBatch) -> None:
        self.tp, self.batch = tp, batch
        self.future: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()

    def get_data_buffer(self) -> bytearray:
        return self.batch.built()

    def done(self, base_offset: int, timestamp: int | None = None, log_start_offset: int | None = None) -> None:
        if not self.future.done():
            self.future.set_result(
                RecordMetadata(*self.tp, self.tp, base_offset, timestamp, int(timestamp != -1), log_start_offset)
            )

    def failure(self, exception: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(exception)
            self.future.exception()  # looked at: a step that has failed by another batch asks for none


class _Batches(ProduceRequest):  # type: ignore[misc]
    """A request of the library's, written whole."""

    def prepare(self, versions: dict[int, tuple[int, int]]) -> Any:
        """Write it, in the version that the broker knows."""
        return produced(super().prepare(versions))


class _Produce(library.SendProduceReqHandler):  # type: ignore[misc]
    """One request of batches, which keeps what is to be sent once more."""

    def create_request(self) -> _Batches:
        topics: dict[str, list[tuple[int, Any]]] = defaultdict(list)
        for tp, sent in self._batches.items():
            topics[tp.topic].append((tp.partition, sent.get_data_buffer()))
        sender = self._sender
        named = sender._txn_manager.transactional_id
        return _Batches(named, sender._acks, sender._request_timeout_ms, list(topics.items()))

    async def do(self, node_id: int) -> list[_Sent]:
        """Send it; answers those that the broker did not take yet."""
        try:
            self.handle_response(await self._client.send(node_id, self.create_request()))
        except KafkaError as exc:
            if getattr(exc, "invalid_metadata", False):
                self._client.force_metadata_update()
            for sent in self._batches.values():
                if self._can_retry(exc, sent):
                    self._to_reenqueue.append(sent)
                else:
                    sent.failure(exc)
        again: list[_Sent] = self._to_reenqueue
        return again


class _Add(library.AddPartitionsToTxnHandler):  # type: ignore[misc]
    """Tells the coordinator which partitions are written to."""

    def __init__(self, sender: library.Sender, asked: Repeated, tps: frozenset[TopicPartition]) -> None:
        super().__init__(sender, tps)
        self._asked = asked

    def create_request(self) -> Repeated:
        return self._asked

    def handle_response(self, resp: Any) -> float | None:
        txn = self._sender._txn_manager
        if resp is WELL:
            for tp in self._tps:
                txn.partition_added(tp)
            return None
        pause: float | None = super().handle_response(resp)
        if pause is None and not txn.partitions_to_add():
            self._asked.went_well()
        return pause


class _End(library.EndTxnHandler):  # type: ignore[misc]
    """Tells the coordinator how the transaction ends."""

    def __init__(self, sender: library.Sender, asked: Repeated, result: int) -> None:
        super().__init__(sender, result)
        self._asked = asked

    def create_request(self) -> Repeated:
        return self._asked

    def handle_response(self, resp: Any) -> float | None:
        if resp is WELL:
            self._sender._txn_manager.complete_transaction()
            return None
        pause: float | None = super().handle_response(resp)
        if pause is None:
            self._asked.went_well()
        return pause


class TransactionalProducer(AIOKafkaProducer):  # type: ignore[misc]
    """One transactional id; it can be let go of whatever state it is in."""

    _delivering: "asyncio.Task[None] | None" = None
    _failed: BaseException | None = None
    """Why nothing more can be sent, and what was begun never be committed."""
    _refused: BaseException | None = None
    """Why a batch of this transaction will never be on the log: the library would commit the rest."""

    async def start(self) -> None:
        """Fence whoever wrote under this id."""
        self._waiting: list[_Sent] = []
        self._asked: dict[object, Repeated] = {}
        """What adds these partitions to a transaction, or ends it: the same bytes each time."""
        await self.client.bootstrap()
        await self._sender._maybe_wait_for_pid()

    async def begin_transaction(self) -> None:
        """All that is sent from now on is one."""
        if self._failed is not None:
            raise self._failed
        self._refused = None
        self._txn_manager.begin_transaction()

    async def send(self, *_: Any, **__: Any) -> Any:
        """Nobody would send it: records go in batches.

        Raises:
            IllegalOperation: Always.
        """
        raise IllegalOperation("records of a transaction go in batches: send_batch")

    def create_batch(self) -> RecordBatch:
        """Begin a batch."""
        return RecordBatch(self._message_accumulator._batch_size)

    async def send_batch(self, batch: RecordBatch, topic: str, *, partition: int) -> "asyncio.Future[RecordMetadata]":
        """Hand a batch over; all that is handed over in one turn of the loop goes as one request.

        Raises:
            KafkaConnectionError: Nobody could be asked for the topic; the library says then that it is not there, and
                an operator would go and make it in the middle of an outage.
            UnknownTopicOrPartitionError: A broker answers, and has no such topic.
            IllegalOperation: No transaction is open.
        """
        await self._known(topic)
        self._partition(topic, partition, None, None, None, None)
        if not self._txn_manager.is_in_transaction():
            raise IllegalOperation("no transaction is open")
        sent = _Sent(TopicPartition(topic, partition), batch)
        self._waiting.append(sent)
        if self._delivering is None or self._delivering.done():
            self._delivering = asyncio.create_task(self._deliver())
        return sent.future

    async def _known(self, topic: str) -> None:
        try:
            await self.client._wait_on_metadata(topic)
        except UnknownTopicOrPartitionError:
            if await self.client.force_metadata_update() and self.client.cluster.partitions_for_topic(topic) is None:
                raise
            raise KafkaConnectionError(f"no broker could be asked for {topic}") from None

    async def _deliver(self) -> None:
        """Send what waits, of each partition one batch after the other; what fails, fails all that waits."""
        going: list[_Sent] = []
        try:
            while self._waiting:
                first: dict[TopicPartition, _Sent] = {}
                for sent in self._waiting:
                    first.setdefault(sent.tp, sent)
                going = list(first.values())
                self._waiting = [sent for sent in self._waiting if first[sent.tp] is not sent]
                await self._add(first.keys() - self._txn_manager.txn_partitions)
                for sent in going:
                    self._number(sent)
                while going:
                    going = await self._produce(going)
                for sent in first.values():
                    if not sent.future.cancelled():  # whoever waited for it has given up, and commits nothing
                        self._refused = self._refused or sent.future.exception()
        except BaseException as exc:
            self._failed = exc
            for sent in (*going, *self._waiting):
                sent.failure(exc) if isinstance(exc, Exception) else sent.future.cancel()
            self._waiting = []
            if not isinstance(exc, Exception):
                raise

    async def _add(self, tps: "set[TopicPartition]") -> None:
        """Tell the coordinator which partitions the transaction writes to."""
        txn = self._txn_manager
        txn._pending_txn_partitions.update(tps)
        while left := frozenset(txn.partitions_to_add()):
            asked = self._asked.get(left)
            if asked is None:
                plain = library.AddPartitionsToTxnHandler(self._sender, left).create_request()
                asked = self._asked[left] = Repeated(plain)
            await _Add(self._sender, asked, left).do(await self._coordinator())
        if txn.state == TransactionState.ABORTABLE_ERROR:
            txn.wait_for_transaction_end().result()

    def _number(self, sent: _Sent) -> None:
        txn = self._txn_manager
        sent.batch.numbered(txn.producer_id, txn.producer_epoch, txn.sequence_number(sent.tp))
        txn.increment_sequence_number(sent.tp, sent.batch.record_count())

    async def _produce(self, going: list[_Sent]) -> list[_Sent]:
        """Send these to those who lead their partitions; answers those to be sent once more."""
        nodes: dict[int, dict[TopicPartition, _Sent]] = defaultdict(dict)
        again: list[_Sent] = []
        for sent in going:
            leader = self.client.cluster.leader_for_partition(sent.tp)
            if leader is None or leader == -1:
                again.append(sent)
            else:
                nodes[leader][sent.tp] = sent
        asked = [_Produce(self._sender, batches).do(node) for node, batches in nodes.items()]
        for late in [await asked[0]] if len(asked) == 1 else await asyncio.gather(*asked):
            again += late
        if again:
            await asyncio.sleep(AGAIN_MS / 1000)
            await self.client.force_metadata_update()
        return again

    async def commit_transaction(self) -> None:
        """Make it readable, whole.

        Raises:
            ProducerFenced: Somebody else has started; nothing of it ever is.
            KafkaError: Something of it could not be sent.
        """
        if self._delivering is not None:
            await self._delivering
        if (fault := self._failed or self._refused) is not None:
            raise fault
        await self._end(TransactionState.COMMITTING_TRANSACTION, TransactionResult.COMMIT)

    async def abort_transaction(self) -> None:
        """Let nothing of it ever be read."""
        await self._end(TransactionState.ABORTING_TRANSACTION, TransactionResult.ABORT)

    async def _end(self, state: TransactionState, result: int) -> None:
        txn, sender = self._txn_manager, self._sender
        txn._transition_to(state)
        if txn.is_empty_transaction():
            txn.complete_transaction()
        while txn.state == state:
            asked = self._asked.get(result)
            if asked is None:
                asked = self._asked[result] = Repeated(library.EndTxnHandler(sender, result).create_request())
            await _End(sender, asked, result).do(await self._coordinator())

    async def _coordinator(self) -> int:
        named = self._txn_manager.transactional_id
        return int(await self._sender._find_coordinator(CoordinationType.TRANSACTION, named))

    async def let_go(self) -> None:
        """Abort what is open and close, in a few seconds at most; what hangs is fenced by the next opening."""
        if self._delivering is not None:
            await at_most(FAREWELL_SECONDS, self._delivering)
        if self._txn_manager.is_in_transaction() and self._failed is None:
            await at_most(FAREWELL_SECONDS, self.abort_transaction())
        await at_most(FAREWELL_SECONDS, self.stop())
