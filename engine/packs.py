"""Publishing a pack: verified, written to ``reference`` under its hash, then adopted by every partition through the log."""

from aiokafka import AIOKafkaProducer

from engine import topic_admin
from engine.engine_clock import engine_now
from engine.errors import InvalidRulePack, InvalidSettings
from engine.reference import Reference, put
from engine.settings import Settings
from rules.pack import PackSource, PackUnreadable, bundle_bytes, compile_pack, folder_of, pack_ref, read_members
from rules.salvage import salvage
from rules.shape import Lines
from rules.standards import CatalogueSource, is_catalogue, load_catalogue
from rules.standards import faults as catalogue_faults
from rules.verify import faults
from topics import codec
from topics.command import Actor, Command
from topics.pack import PackBundle
from topics.reference import CURRENT_KEY, CurrentPack
from topics.registry import COMMANDS
from topics.vocabulary import CommandKind, Role


def prove(name_or_path: str) -> PackBundle:
    """Read, verify and compile a pack.

    Raises:
        InvalidRulePack: It has faults; all of them are listed, and whatever runs stays.
    """
    if is_catalogue(name_or_path):
        raise InvalidRulePack(f"{name_or_path} is a catalogue without homes, people and ladders: it cannot be run; take its categories into a city's pack")
    found, source = check(name_or_path)
    if found or source is None:
        raise InvalidRulePack(f"pack {name_or_path} has {len(found)} fault{'' if len(found) == 1 else 's'}:\n  " + "\n  ".join(found))
    return compile_pack(source)


def check(name_or_path: str) -> tuple[list[str], PackSource | None]:
    """List every fault of a pack, of shape and of law at once, each with file, line where it has one, and mend; and the pack, if it can be read."""
    reading = read_members(name_or_path)
    lines = Lines(folder_of(name_or_path))
    partly = salvage(reading.members, reading.is_lost) if reading.members else None
    if partly is None:
        return reading.faults, None
    source, unknown = partly
    source._files.update(reading.files)
    law = [lines.said(fault.file, fault.where, fault.text) for fault in faults(source, unknown)]
    return sorted(dict.fromkeys([*reading.faults, *law]), key=lambda line: line.split(":")[0]), source


def prove_catalogue(name_or_path: str) -> CatalogueSource:
    """Read and verify a catalogue; grids, rosters and ladders it has none.

    Raises:
        InvalidRulePack: It has faults; all of them are listed.
    """
    try:
        catalogue = load_catalogue(name_or_path)
    except PackUnreadable as exc:
        raise InvalidRulePack(f"catalogue {name_or_path} cannot be read:\n  " + "\n  ".join(exc.faults)) from exc
    found = catalogue_faults(catalogue)
    if found:
        raise InvalidRulePack(f"catalogue {name_or_path} has {len(found)} faults:\n  " + "\n  ".join(found))
    return catalogue


async def publish(settings: Settings, name_or_path: str) -> str:
    """Make a pack current; answers its ``<name>@<hash>``. Publishing the current one again changes nothing.

    Raises:
        InvalidRulePack: It has faults.
        InvalidSettings: The prefix belongs to another city's stack.
    """
    bundle = prove(name_or_path)
    ref = pack_ref(bundle)
    reference = Reference(settings)
    await reference.refresh()
    if reference.clock is None:
        raise InvalidSettings(f"prefix {settings.prefix!r} has no clock yet; bring the stack up with 'gridwhistle up', or 'gridwhistle topics apply'")
    if reference.current is not None and reference.current.split("@")[0] != bundle.name:
        raise InvalidSettings(
            f"prefix {settings.prefix!r} runs the pack {reference.current}; {bundle.name!r} is another city: "
            "use a data folder and prefix of its own, or 'gridwhistle reset'"
        )
    if reference.current == ref:
        return ref
    await topic_admin.apply(settings, [department.code for department in bundle.departments])
    await put(settings, {ref: bundle_bytes(bundle)})
    at = engine_now(reference.clock)
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for partition in range(settings.partitions):
            command = Command(f"adopt:{ref}:{partition}:{at}", CommandKind.ADOPT_PACK, Actor(Role.SOURCE, "pack publish"), at, pack=ref)
            await producer.send_and_wait(settings.prefix + COMMANDS.name, codec.encode(command), partition=partition)
    finally:
        await producer.stop()
    # last, so that a publisher that died halfway is simply run again: adopting a pack twice changes nothing
    await put(settings, {CURRENT_KEY: codec.encode(CurrentPack(ref))})
    return ref
