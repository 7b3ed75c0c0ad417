"""Held causes on a real broker: listed, one decided again by its own bytes, one let go; the desk's queue is empty, the
audit clean."""

import asyncio
import json
from typing import Any

from engine.kafka.clients import transactional
from engine.kafka.kafka_log import KafkaLog
from engine.kafka.log_reader import read_log
from engine.kafka.reference import Reference
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from engine.stages.dispatch import DispatchCore
from engine.stream.contracts import Out, Record
from engine.stream.positions import MARKER, load_state
from engine.stream.sending import send
from engine.views.redis_view import RedisView
from rules.law.compiled import Law
from tests.kafka.test_aged import cli
from tests.kafka.test_hostile_fetch import send_good
from tests.kafka.test_poison import read_all
from tests.support.fetched import fetched
from tests.support.rig import Rig, eventually
from topics import codec
from topics.registry import INCIDENTS, STATE
from topics.ticket import Marker


async def hold_all(settings: Settings) -> list[str]:
    """Do what dispatch does with incidents that three openings could not decide: one decision, ``h:`` and marker in a
    transaction."""
    reference, names = Reference(settings), list[str]()
    await reference.refresh()
    laws = {ref: Law(ref, bundle) for ref, bundle in reference.bundles.items()}
    records: dict[int, list[Record]] = {}
    clock = reference.clock
    assert clock is not None
    for entry in (await read_log(settings)).of(INCIDENTS.name):
        record = fetched(
            INCIDENTS.name,
            entry.offset,
            entry.key,
            entry.value,
            partition=entry.partition,
            appended_ms=entry.appended_ms,
            at=clock.engine(entry.appended_ms),
        )
        records.setdefault(entry.partition, []).append(record)
    for partition, found in records.items():
        core = DispatchCore(partition, settings.partitions, laws, metrics=StageMetrics("dispatch"))
        producer = transactional(settings, f"dispatch.p{partition}")
        await producer.start()
        marker, _ = await load_state(KafkaLog(settings), STATE.name, partition, core.load, lambda offset, why: None)
        assert marker is not None
        core.opened(marker.pack, marker.at)
        at = max(marker.at, found[-1].appended_at)
        outs = [out for record in found for out in core.hold(record, at)]
        positions = marker.positions | {INCIDENTS.name: found[-1].offset + 1}
        kept = Out(STATE.name, partition, MARKER, codec.encode(Marker(at, positions, marker.pack)))
        async with producer.transaction():
            for ack in await send(producer, settings.prefix, [*outs, *core.flush(), kept]):
                await ack
        await producer.stop()
        names += [record.id for record in found]
    return names


async def test_a_held_cause_is_decided_again_once_or_let_go(stack_settings: Settings) -> None:
    """The first becomes its ticket, the second leaves with a reason; asked again, nothing of that name is held."""
    rig, settings, view = Rig(stack_settings), stack_settings, RedisView(stack_settings)

    async def desk(count: int) -> bool:
        return len([row for row in await view.rows("desk", limit=50) if row["status"] == "held"]) == count

    async def arrived() -> bool:
        return len(await read_all(settings, INCIDENTS.name, settings.partitions)) == 2

    try:
        await rig.prepare("guancheng")
        rig.start("dispatch")  # takes up the law
        rig.start("intake")
        rig.start("projector")
        await rig.ready()
        rig.terminate("dispatch-1")
        await send_good(settings, 7, 2, None)
        await eventually(arrived, 300, "both incidents are there")
        first, second = await hold_all(settings)
        rig.start("dispatch")
        await rig.ready("dispatch-1")
        await eventually(lambda: desk(2), 300, "both stand at the desk")
        await decide_both(rig, first, second)
        await eventually(lambda: desk(0), 300, "nothing is left at the desk")
        code, text = await said(rig, "audit", "--json")
        found: dict[str, Any] = json.loads(text)
        assert (code, found["problems"], found["tickets"], found["held"]) == (0, {}, 1, 1), text
        code, text = await said(rig, "replay")
        assert code == 0, text
    finally:
        await view.close()
        rig.close()


async def said(rig: Rig, *words: str) -> tuple[int, str]:
    """What a command of the product answers."""
    done = await asyncio.to_thread(cli, rig, *words)
    return done.returncode, done.stdout + done.stderr


async def decide_both(rig: Rig, first: str, second: str) -> None:
    """List them, let the first be decided again by who may, once, and the second go with a reason."""
    code, text = await said(rig, "held", "list")
    assert code == 0 and first in text and second in text and text.count(" there") == 2 and "2 held" in text
    assert (await said(rig, "held", "retry", first, "--reason", "x", "--as", "desk:nobody"))[0] == 1
    code, text = await said(rig, "held", "retry", first, "--reason", "mended", "--as", "desk:desk-1")
    assert code == 0 and "reported" in text, text
    code, text = await said(rig, "held", "retry", first, "--reason", "mended", "--as", "desk:desk-1")
    assert code != 0 and "no cause" in text
    code, text = await said(
        rig, "held", "drop", second, "--reason", "reported by telephone meanwhile", "--as", "chief:chief-1"
    )
    assert code == 0 and "held_dropped" in text, text
