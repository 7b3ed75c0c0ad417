"""A pack that was published is read at the next look, and a look at nothing new is one question over a kept
connection."""

import pytest

from engine.gateway.published import Published
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.memory.broker import MemoryLog
from topics.registry import REFERENCE


async def test_it_is_read_on_where_it_has_grown_and_over_one_connection() -> None:
    """Also after a fault, by another connection; a reading that failed is done again."""
    memory, read = MemoryLog(lambda: 0), list[int]()
    faults = [None, KafkaFault("chosen"), None]
    memory.create(REFERENCE.name, 1)

    async def read_on() -> None:
        read.append(len(read))
        if (fault := faults.pop(0)) is not None:
            raise fault

    published = Published(memory, read_on)
    for _ in range(3):
        await published.look()
    assert read == [0] and memory.faults.passed.count("start reading") <= 1
    asked = [step for step in memory.faults.passed if step == "ends reading"]
    assert len(asked) == 3 and "fetch reading" not in memory.faults.passed

    memory.append(REFERENCE.name, 0, b"{}", b"pack")
    with pytest.raises(KafkaFault):
        await published.look()
    await published.look()
    assert read == [0, 1, 2]

    memory.faults.at("ends", KafkaFault("the broker is away"))
    with pytest.raises(KafkaFault):
        await published.look()
    await published.look()
    assert read == [0, 1, 2]
    await published.close()
