"""A folder that was made for another Kafka than new ones goes on with it: what it holds no other can read."""

from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic

from engine.errors import InvalidSettings
from engine.kafka import clients
from engine.kafka.half_commits import demand_whole_commits
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.read_to_end import to_end
from engine.local import servers
from engine.local.jars import HALF_COMMITS, KAFKA_BEFORE
from engine.settings import Settings
from tests.support.servers import Broker


async def test_a_folder_goes_on_with_the_kafka_that_it_was_made_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed and started again; and it is told of as one that may leave a commit half done, at each start and when it
    is asked."""
    with monkeypatch.context() as then:
        then.setattr(servers, "release_of", lambda folder: KAFKA_BEFORE)
        broker = Broker(tmp_path / "kafka")
    settings = Settings(kafka=broker.address, prefix="")
    producer, admin = AIOKafkaProducer(bootstrap_servers=broker.address), clients.admin(settings)
    try:
        await admin.start()
        await admin.create_topics([NewTopic("kept", 1, 1)])
        await producer.start()
        await producer.send_and_wait("kept", b"before", partition=0)
        capsys.readouterr()
        broker.restart_after_kill()
        assert f"beware: {HALF_COMMITS}" in capsys.readouterr().err
        assert f"kafka-clients-{KAFKA_BEFORE.version}.jar" in " ".join(
            psutil.Process(broker.server.process.pid).cmdline()
        )
        assert [one.value async for some in to_end(KafkaLog(settings), "kept", [0]) for one in some] == [b"before"]
        with pytest.raises(InvalidSettings, match="KAFKA-20734"):
            await demand_whole_commits(settings)
    finally:
        await producer.stop()
        await admin.close()
        broker.server.kill()


async def test_a_new_folder_is_of_a_kafka_that_ends_what_it_commits(kafka_address: str) -> None:
    """As every broker of these tests."""
    await demand_whole_commits(Settings(kafka=kafka_address))
