"""Publishing a pack on a real broker: verified, in the log, adopted by every partition, and safe to run again."""

import copy
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from engine.client.publish_pack import publish
from engine.errors import InvalidRulePack, InvalidSettings
from engine.kafka import topic_admin
from engine.kafka.reference import Reference, put, read_partition, start_clock
from engine.settings import Settings
from rules.rulepack.compiler import compile_pack, pack_ref
from rules.rulepack.loader import load_pack
from tests.unit.pack.seeded_faults import SEEDS
from tests.unit.pack.sowing import WHOLE
from tests.unit.pack.test_faults_of_files import write
from topics import codec
from topics.command import Command
from topics.reference import CURRENT_KEY, CurrentPack
from topics.registry import COMMANDS
from topics.vocabulary import CommandKind


async def prepared(settings: Settings) -> Settings:
    """A prefix with topics and a clock, and no pack."""
    await topic_admin.apply(settings, [])
    await start_clock(settings, None, 1)
    return settings


async def reference_of(settings: Settings) -> Reference:
    """What the log says."""
    reference = Reference(settings)
    await reference.refresh()
    return reference


async def adopted(settings: Settings) -> list[list[str | None]]:
    """The packs that each partition was told to adopt, in order."""
    found: list[list[str | None]] = []
    for partition in range(settings.partitions):
        commands = await _commands(settings, partition)
        assert all(command.kind is CommandKind.ADOPT_PACK for command in commands)
        found.append([command.pack for command in commands])
    return found


async def _commands(settings: Settings, partition: int) -> list[Command]:
    tp = TopicPartition(settings.prefix + COMMANDS.name, partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka, group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([tp])
        end = (await consumer.end_offsets([tp]))[tp]
        found: list[Command] = []
        await consumer.seek_to_beginning(tp)
        while await consumer.position(tp) < end:
            batch = await consumer.getmany(tp, timeout_ms=500)
            found += [codec.decode(record.value, Command) for record in batch.get(tp, [])]
        return found
    finally:
        await consumer.stop()


async def test_a_pack_is_published_once(stack_settings: Settings) -> None:
    """The bundle stands under its hash, is current, and each partition adopts it once; publishing it again adds
    nothing."""
    settings = await prepared(stack_settings)
    ref = await publish(settings, "guancheng")
    reference = await reference_of(settings)
    assert ref == pack_ref(compile_pack(load_pack("guancheng"))) == reference.current
    assert reference.bundles[ref] == compile_pack(load_pack("guancheng"))
    assert await adopted(settings) == [[ref]] * settings.partitions
    assert await publish(settings, "guancheng") == ref
    assert await adopted(settings) == [[ref]] * settings.partitions


async def test_a_publisher_that_died_halfway_is_run_again(stack_settings: Settings) -> None:
    """The bundle is there and some partitions were told: not current yet, so the second run tells them all."""
    settings = await prepared(stack_settings)
    bundle = compile_pack(load_pack("guancheng"))
    await put(settings, {pack_ref(bundle): codec.encode(bundle)})
    assert (await reference_of(settings)).current is None
    ref = await publish(settings, "guancheng")
    assert (await reference_of(settings)).current == ref
    assert await adopted(settings) == [[ref]] * settings.partitions


async def test_what_must_not_run_is_refused_and_changes_nothing(stack_settings: Settings, tmp_path: Path) -> None:
    """A pack with faults, another city on this prefix, a prefix without a clock: said in words, and the running pack
    stays."""
    await topic_admin.apply(stack_settings, [])
    with pytest.raises(InvalidSettings, match="no clock"):
        await publish(stack_settings, "guancheng")
    settings = await prepared(stack_settings)
    ref = await publish(settings, "guancheng")
    faulty = copy.deepcopy(WHOLE)
    SEEDS["shares"][0](faulty)
    SEEDS["no desk"][0](faulty)
    with pytest.raises(InvalidRulePack, match="2 faults"):
        await publish(settings, str(write(tmp_path, faulty)))
    with pytest.raises(InvalidSettings, match="another city"):
        await publish(settings, "los-angeles")
    assert (await reference_of(settings)).current == ref
    assert await adopted(settings) == [[ref]] * settings.partitions


async def test_a_new_version_of_a_pack_follows_the_old_one(stack_settings: Settings, tmp_path: Path) -> None:
    """Both bundles stay, since open tickets keep theirs; each partition is told in order; going back is a third
    step."""
    settings = await prepared(stack_settings)
    old = await publish(settings, "guancheng")
    changed = copy.deepcopy(WHOLE)
    changed["departments"].append({"code": "wenlv", "label": "Culture", "label_zh": "文旅"})
    changed["roster"].append({"person": "wenlv-1", "name": "文一", "role": "department", "org": "wenlv"})
    new = await publish(settings, str(write(tmp_path, changed)))
    assert await publish(settings, "guancheng") == old
    reference = await reference_of(settings)
    assert set(reference.bundles) == {old, new}
    assert reference.current == old
    assert await adopted(settings) == [[old, new, old]] * settings.partitions
    records, end = await read_partition(settings, "dept.wenlv.tasks", 0)
    assert (records, end) == ([], 0)


async def test_what_strangers_write_to_reference_keeps_nobody_from_working(
    stack_settings: Settings, tmp_path: Path
) -> None:
    """A law under another's hash, junk under every key of ours, keys and values that are no text: the law in force
    stays, and a new one follows."""
    settings = await prepared(stack_settings)
    old = await publish(settings, "guancheng")
    before = await reference_of(settings)
    changed = copy.deepcopy(WHOLE)
    changed["roster"].append({"person": "me", "name": "我", "role": "chief"})
    (tmp_path / "evil").mkdir()
    evil = compile_pack(load_pack(write(tmp_path / "evil", changed)))
    junk = {
        old: codec.encode(evil),
        "guancheng@0123456789abcdef": codec.encode(evil),
        "clock": b'{"speed":0,"start_at":0,"origin_at":0}',
        "current": b"null",
        "x@y": b"\xff",
    }
    await put(settings, junk)
    await put(settings, {"clock": b"[" * 50_000, "current": codec.encode(CurrentPack("guancheng@0123456789abcdef"))})
    after = await reference_of(settings)
    assert (after.current, after.clock, after.bundles) == (before.current, before.clock, before.bundles)
    assert (after.foreign, after.spoilt) == (7, {old})
    assert await start_clock(settings, None, 1) == before.clock
    assert await publish(settings, "guancheng") == old  # writes its bundle again: the stranger's stood last
    assert not (await reference_of(settings)).spoilt
    with pytest.raises(InvalidSettings, match="chief:chief-1"):
        await publish(settings, str(tmp_path / "evil"), "chief:me")
    assert await publish(settings, str(tmp_path / "evil"), "chief:chief-1") == pack_ref(evil)


def test_the_current_record_is_what_intake_reads() -> None:
    """Its key and shape are the contract's."""
    assert CURRENT_KEY == "current"
    assert codec.decode(codec.encode(CurrentPack("a@b")), CurrentPack).ref == "a@b"
