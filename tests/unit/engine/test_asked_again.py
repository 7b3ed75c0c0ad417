"""A transaction that begins while the markers of the one before are still written is asked for again soon."""

from types import SimpleNamespace

import pytest
from aiokafka.errors import ConcurrentTransactions
from aiokafka.producer.sender import AddPartitionsToTxnHandler
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.structs import TopicPartition

from engine.kafka import clients
from engine.kafka.transactions import AGAIN_MS


@pytest.mark.parametrize("is_first", [True, False], ids=["its first partition", "a later one"])
async def test_within_milliseconds(is_first: bool) -> None:
    """The library waits for 20 ms before the first partition whatever its back-off is: longer than the commit takes."""
    manager = TransactionManager("gw.dispatch.p0", clients.TRANSACTION_MS)
    if not is_first:
        manager.txn_partitions.add(TopicPartition("gw.tickets.state", 0))
    sender = SimpleNamespace(_txn_manager=manager, _retry_backoff=AGAIN_MS / 1000)
    answer = SimpleNamespace(errors=[("gw.tickets.decisions", [(0, ConcurrentTransactions.errno)])])
    handler = AddPartitionsToTxnHandler(sender, {TopicPartition("gw.tickets.decisions", 0)})
    assert handler.handle_response(answer) == 0.005
