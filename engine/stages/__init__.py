"""The stages: what each reads, decides or brings about. The partition loop carries them all."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from engine.errors import InvalidSettings
from engine.kafka.port import Reader
from engine.settings import Settings
from topics import registry
from topics.departments import ANY_REPLIES
from topics.registry import TopicSpec

if TYPE_CHECKING:
    from engine.app import Host
    from engine.stream.contracts import Record
    from engine.stream.partition_loop import PartitionLoop

STAGES = ("intake", "dispatch", "fanout", "replies", "projector", "archive")
"""In the order of the picture in README."""

DOORS = ("gateway", "notifier")
"""Processes of a stack that answer people and programs, and that send to them: no partitions are theirs, and no
group."""

ARCHIVE, NOTIFIER = "archive", "notifier"
"""Those that a stack can do without."""


def stages_of(settings: Settings) -> tuple[str, ...]:
    """Name the stages that a stack has: without a database there is nothing to archive into."""
    return STAGES if settings.database_url else tuple(stage for stage in STAGES if stage != ARCHIVE)


def doors_of(settings: Settings) -> tuple[str, ...]:
    """Name the doors that a stack has: what is sent to subscribers lies in the database."""
    return DOORS if settings.database_url else tuple(door for door in DOORS if door != NOTIFIER)


async def nothing() -> None:
    """Close nothing."""


@dataclass
class Built:
    """A stage, ready to run."""

    loop: "PartitionLoop"
    subscribe: Callable[[Reader, "PartitionLoop"], None]
    close: Callable[[], Awaitable[None]] = nothing


def plan(stage: str) -> Callable[["Host"], Awaitable[Built]]:
    """Find how a stage is built, by its name.

    Raises:
        InvalidSettings: There is no such stage.
    """
    plans = {"intake": _intake, "dispatch": _dispatch, "fanout": _fanout, "replies": _replies, "projector": _projector}
    plans[ARCHIVE] = _archive
    if stage not in plans:
        raise InvalidSettings(f"no stage {stage!r}; there are {', '.join(STAGES)}")
    return plans[stage]


def _subscriber(host: "Host", inputs: tuple[TopicSpec, ...]) -> Callable[[Reader, "PartitionLoop"], None]:
    names = [host.settings.prefix + spec.name for spec in inputs]
    return lambda consumer, loop: consumer.subscribe(names, listener=loop)


def _by_number(tp: TopicPartition) -> int:
    """Inputs of a critical stage are co-located: the partition's number names the slot."""
    return int(tp.partition)


async def _dispatch(host: "Host") -> Built:
    from engine.stages.dispatch import INPUTS, DispatchCore
    from engine.stages.pack_cache import Laws

    laws = Laws(host.reference)
    await laws.refresh()
    speed = host.reference.clock.speed if host.reference.clock else 1

    async def prepare(records: Iterable["Record"]) -> None:
        """A pack travels on ``reference`` before it is adopted: read on when a command names one, or we have none to
        decide by."""
        if not laws.laws or any(
            b'"adopt_pack"' in record.value
            for record in records
            if record.topic == registry.COMMANDS.name and record.value
        ):
            await laws.refresh()

    make = host.partitions(
        INPUTS,
        registry.STATE,
        lambda number: DispatchCore(
            number, host.settings.partitions, laws.laws, metrics=host.metrics, speed=speed, trail=host.tracing.trail()
        ),
        prepare,
        laws.have,
    )
    return Built(host.loop(make, _by_number), _subscriber(host, INPUTS))


async def _fanout(host: "Host") -> Built:
    from engine.stages.fanout import INPUTS, FanoutCore

    make = host.partitions(
        INPUTS,
        registry.FANOUT_STATE,
        lambda number: FanoutCore(number, host.metrics, host.tracing.trail()),
        _no_preparation,
        _no_packs,
    )
    return Built(host.loop(make, _by_number), _subscriber(host, INPUTS))


async def _no_preparation(records: Iterable["Record"]) -> None:
    """This stage looks nothing up."""


async def _no_packs(refs: Iterable[str]) -> None:
    """This stage rests on no pack."""


async def _intake(host: "Host") -> Built:
    from engine.security.vault import load_vault
    from engine.stages.intake import IntakeCore
    from engine.stages.pack_cache import Laws
    from engine.stream.pinned_key import demand_pinned_key

    laws = Laws(host.reference)
    await laws.refresh()
    settings = host.settings
    vault = load_vault(settings.key_file)
    await demand_pinned_key(settings, vault)

    async def prepare(records: Iterable["Record"]) -> None:
        await laws.refresh_sometimes()

    make = host.partitions(
        (registry.RAW,),
        registry.INTAKE_STATE,
        lambda number: IntakeCore(
            number,
            settings.partitions,
            laws.places,
            laws=laws.laws,
            current=laws.current,
            vault=vault,
            metrics=host.metrics,
            trail=host.tracing.trail(),
        ),
        prepare,
        laws.have,
        vault,
    )
    return Built(host.loop(make, _by_number), _subscriber(host, (registry.RAW,)))


def _edge_maker(host: "Host", edge: Any) -> Callable[[Any], Any]:
    from engine.stream.edge_partition import EdgePartition

    prefix = host.settings.prefix

    def make(tp: TopicPartition) -> EdgePartition:
        slot = f"{tp.topic[len(prefix) :]}:{tp.partition}"
        return EdgePartition(
            edge, slot, tp, prefix=prefix, consumer=host.consumer, time=host.new_time(), metrics=host.metrics
        )

    return make


async def _replies(host: "Host") -> Built:
    import re

    from engine.stages.replies import Replies

    edge = Replies(host.settings, host.tracing.trail())
    await edge.start()
    pattern = f"^{re.escape(host.settings.prefix)}{ANY_REPLIES}$"
    return Built(
        host.loop(_edge_maker(host, edge), lambda tp: tp),
        lambda consumer, loop: consumer.subscribe(pattern=pattern, listener=loop),
        edge.stop,
    )


async def _projector(host: "Host") -> Built:
    from engine.stages.pack_cache import Laws
    from engine.stages.projector import Projector
    from engine.views.figures import ViewFigures

    edge = Projector(host.settings, host.metrics, laws=Laws(host.reference, placing=False))
    if host.reference.clock is not None:
        host.metrics.when_asked.append(ViewFigures(host.settings, host.reference.clock, host.metrics).look)
    return Built(
        host.loop(_edge_maker(host, edge), lambda tp: tp), _subscriber(host, (registry.DECISIONS,)), edge.close
    )


async def _archive(host: "Host") -> Built:
    from engine.stages.archive import Archivist
    from engine.stages.pack_cache import Laws

    edge = Archivist(host.settings, host.metrics, Laws(host.reference, placing=False))
    return Built(
        host.loop(_edge_maker(host, edge), lambda tp: tp), _subscriber(host, (registry.DECISIONS,)), edge.close
    )
