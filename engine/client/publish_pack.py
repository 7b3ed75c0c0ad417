"""Publishing a pack: verified, written to ``reference`` under its hash, then adopted by every partition through the
log."""

from engine.client.command_batches import give_many
from engine.client.commands import actor_of
from engine.errors import InvalidRulePack, InvalidSettings
from engine.kafka import topic_admin
from engine.kafka.broker_time import engine_now
from engine.kafka.reference import Reference, put
from engine.settings import Settings
from rules.law.compiled import Law
from rules.rulepack.compiler import bundle_bytes, compile_pack, pack_ref
from rules.rulepack.loader import PackUnreadable, folder_of, read_members
from rules.rulepack.model import PackSource
from rules.rulepack.salvage import salvage
from rules.rulepack.shape import Lines
from rules.rulepack.standards import CatalogueSource, is_catalogue, load_catalogue
from rules.rulepack.standards import faults as catalogue_faults
from rules.rulepack.validation.run_all import faults
from rules.state.duty_rights import MAY_ADOPT, may_not_adopt
from topics import codec
from topics.command import Actor, Command
from topics.pack import PackBundle
from topics.reference import CURRENT_KEY, CurrentPack
from topics.vocabulary import REFUSALS, CommandKind, Role

ANSWER_SECONDS = 3.0
"""How long a publisher waits for a partition's answer: at the first start nobody is there to give one."""


def prove(name_or_path: str) -> PackBundle:
    """Read, verify and compile a pack.

    Raises:
        InvalidRulePack: It has faults; all of them are listed, and whatever runs stays.
    """
    if is_catalogue(name_or_path):
        raise InvalidRulePack(
            f"{name_or_path} is a catalogue without homes, people and ladders: it cannot be run; take its categories"
            " into a city's pack"
        )
    found, source = check(name_or_path)
    if found or source is None:
        raise InvalidRulePack(
            f"pack {name_or_path} has {len(found)} fault{'' if len(found) == 1 else 's'}:\n  " + "\n  ".join(found)
        )
    return compile_pack(source)


def check(name_or_path: str) -> tuple[list[str], PackSource | None]:
    """List every fault of a pack, of shape and of law at once, each with file, line where it has one, and mend; and the
    pack, if it can be read."""
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


def _acting(reference: Reference, acting: str | None) -> Actor:
    """Name who puts a pack in force: whoever is said, else the first of those who may by the pack in force; the first
    pack founds the stack.

    Raises:
        InvalidSettings: The roster in force does not know them as one who may.
    """
    if reference.current is None:
        return Actor(Role.SOURCE, "pack publish")
    law = Law(reference.current, reference.in_force())
    able = [entry for role in MAY_ADOPT for entry in law.people.in_role(role) if not entry.nodes]
    if acting is None and able:
        return Actor(Role(able[0].role), able[0].person)
    actor = actor_of(acting or "nobody")
    if may_not_adopt(law, actor, law) is not None:
        names = ", ".join(f"{entry.role}:{entry.person}" for entry in able[:5])
        raise InvalidSettings(
            f"--as {acting} may not put a pack in force; by the one in force these may: {names} (and whom 'gridwhistle"
            " duty' added)"
        )
    return actor


async def _adopt(
    settings: Settings, ref: str, actor: Actor, *, at: int, within: float, reason: str | None = None
) -> None:
    """Ask every partition to adopt; a refusal is an error, and no answer within a moment means that dispatch does not
    run yet.

    Raises:
        InvalidSettings: A partition refused.
    """
    commands = [
        (
            p,
            Command(
                id=f"adopt:{ref}:{p}:{at}",
                kind=CommandKind.ADOPT_PACK,
                actor=actor,
                accepted_at=at,
                pack=ref,
                reason=reason,
            ),
        )
        for p in range(settings.partitions)
    ]
    refused = [decision async for decision in give_many(settings, commands, within) if decision.reason in REFUSALS]
    if refused:
        told = ", ".join(sorted({decision.reason for decision in refused}))
        raise InvalidSettings(
            f"{len(refused)} of {settings.partitions} partitions do not let {actor.role}:{actor.person} put {ref} in"
            f" force: {told}"
        )


async def publish(settings: Settings, name_or_path: str, acting: str | None = None, reason: str | None = None) -> str:
    """Make a pack current; answers its ``<name>@<hash>``. Publishing the current one again changes nothing, and mends
    its record. The reason stands in each partition's decision.

    Raises:
        InvalidRulePack: It has faults.
        InvalidSettings: The prefix belongs to another city's stack.
    """
    bundle = prove(name_or_path)
    ref = pack_ref(bundle)
    reference = Reference(settings)
    await reference.refresh()
    if reference.clock is None:
        raise InvalidSettings(
            f"prefix {settings.prefix!r} has no clock yet; bring the stack up with 'gridwhistle up', or 'gridwhistle"
            " topics apply'"
        )
    if reference.current is not None and reference.current.split("@")[0] != bundle.name:
        raise InvalidSettings(
            f"prefix {settings.prefix!r} runs the pack {reference.current}; {bundle.name!r} is another city: "
            "use a data folder and prefix of its own, or 'gridwhistle reset'"
        )
    if reference.current == ref and ref not in reference.spoilt:
        return ref
    _acting(reference, acting)
    await topic_admin.apply(settings, [department.code for department in bundle.departments])
    await put(settings, {ref: bundle_bytes(bundle)})
    if reference.current == ref:
        return ref
    await _adopt(
        settings,
        ref,
        _acting(reference, acting),
        at=engine_now(reference.clock),
        within=ANSWER_SECONDS if reference.current else 0,
        reason=reason,
    )
    # last, so that a publisher that died halfway is simply run again: adopting a pack twice changes nothing
    await put(settings, {CURRENT_KEY: codec.encode(CurrentPack(ref))})
    return ref
