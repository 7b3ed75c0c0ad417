"""In an outage nobody is told that a topic is missing: there is nobody who could know."""

import asyncio

import pytest

from engine.calling_off import called_off
from engine.kafka.clients import transactional
from engine.kafka.driver_errors import KafkaFault, NoSuchTopic
from engine.settings import Settings


async def test_a_topic_that_nobody_could_be_asked_for_is_not_said_to_be_missing() -> None:
    """The library gives up asking and says that it does not know the topic."""
    producer = transactional(Settings(kafka="127.0.0.1:9"), "fanout.p0")
    client = producer.client
    client._request_timeout_ms = client._retry_backoff = 0
    asking = client._sync_task = asyncio.create_task(client._md_synchronizer())
    try:
        with pytest.raises(KafkaFault) as raised:
            await producer.send_batch(producer.create_batch(), "gw.dept.gongan.tasks", partition=0)
        assert not isinstance(raised.value, NoSuchTopic)
        assert "no broker" in str(raised.value)
    finally:
        await called_off(asking)
        client._sync_task = None
        await producer.stop()
