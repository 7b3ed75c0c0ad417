"""``gridwhistle verify-chain``: whether decisions and audit are still those that were signed."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.chain.signing import load_signing_key, public_of
from engine.chain.verifying import Fault, Verified, checkpoints_of, pieces, unkept, verify
from engine.cli import run_async
from engine.errors import DependencyDown, InvalidSettings
from engine.kafka.kafka_log import KafkaLog
from engine.local.folder import settings_of
from engine.settings import Settings
from topics.registry import DECISIONS

if TYPE_CHECKING:
    from engine.archive.store import Archive

WORDS = {
    "changed": "CHANGED",
    "cut": "CUT OFF",
    "forged": "FORGED",
    "missing": "CHECKPOINT GONE",
}


def verify_chain(
    since: Annotated[int, typer.Option("--from", min=0, help="Begin at the first checkpoint at or behind it.")] = 0,
    key: Annotated[list[str] | None, typer.Option(help="A public key to trust, instead of this folder's.")] = None,
    file: Annotated[Path | None, typer.Option("--checkpoints", help="The file outside; its lines count too.")] = None,
    public_key: Annotated[bool, typer.Option("--public-key", help="Print this folder's public key, and end.")] = False,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Read decisions and audit again, sum them up, and compare with every signed checkpoint; exit 1 and the first bad
    offset where they differ.

    Example: gridwhistle verify-chain --key PUBLIC --checkpoints /mnt/safe/checkpoints
    """
    settings = settings_of(data)
    if public_key:
        print(public_of(load_signing_key(settings.signing_key_file)))
        return
    done = run_async(_verify(settings, key or [public_of(load_signing_key(settings.signing_key_file))], file, since))
    print(_json(done) if as_json else _text(done))
    if done.faults or not done.checkpoints:
        raise typer.Exit(1)


async def _verify(settings: Settings, publics: list[str], file: Path | None, since: int) -> Verified:
    log = KafkaLog(settings)
    values, lines = await checkpoints_of(log), list[bytes]()
    if file is not None:
        try:
            lines = [line for line in file.read_bytes().splitlines() if line]
        except OSError as exc:
            raise InvalidSettings(f"{file} cannot be read: {exc.strerror}") from exc
    done = await verify(log, [*((-1, line) for line in lines), *values], publics, since)
    done.unkept = unkept(lines, (value for _, value in values)) if file is not None else 0
    if settings.database_url:
        await _narrowed(settings, log, done)
    return done


async def _narrowed(settings: Settings, log: KafkaLog, done: Verified) -> None:
    """Ask the archive, a second copy, which record it is, and whether it has read further than the log now goes."""
    from engine.archive.store import Archive

    archive = Archive(settings)
    try:
        if not await archive.is_there():
            return
        for n, fault in enumerate(done.faults):
            if fault.kind == "changed" and fault.topic == DECISIONS.name:
                done.faults[n] = await _narrower(archive, log, fault)
        for partition, position in (await archive.positions()).items():
            end = done.ends.get(f"{DECISIONS.name}/{partition}", position)
            if end < position and not any(one.kind == "cut" and one.partition == partition for one in done.faults):
                text = f"ends at {end}, and the archive has read to {position}: its tail was cut"
                done.faults.append(Fault(DECISIONS.name, partition, kind="cut", first=end, end=position, text=text))
    except DependencyDown:
        return
    finally:
        await archive.close()


async def _narrower(archive: "Archive", log: KafkaLog, fault: Fault) -> Fault:
    from engine.archive.against_log import first_difference, records_between

    there = {
        record.offset: record.value or b""
        async for records in pieces(log, fault.topic, fault.partition, fault.first)
        for record in records
        if record.offset < fault.end
    }
    kept = await records_between(archive, fault.partition, fault.first, fault.end)
    at = first_difference(kept, there)
    if at is None:
        return fault
    what = "differs from" if at in there else "is missing, and stands in"
    return fault._replace(first=at, text=f"{fault.text}; the record at {at} {what} the archive")


def _text(done: Verified) -> str:
    lines = [
        f"{WORDS[one.kind]}  {one.topic}/{one.partition} from offset {one.first}: {one.text}" for one in done.faults
    ]
    lines += [f"{name}: sound from offset {begin}" for name, begin in done.begins.items() if not done.faults]
    lines.append(
        f"{done.checkpoints} checkpoints, {done.records} records summed up, {sum(done.since.values())} since the last"
        f" checkpoints; {len(done.faults)} faults"
    )
    if done.unkept:
        lines.append(
            f"{done.unkept} checkpoints are not in the file: it could not be written then (alarm"
            " checkpoints_not_outside); for these the brokers' own copy alone vouches"
        )
    if not done.checkpoints:
        lines.append("nothing is signed yet: the archive's stage signs every few minutes, by the key chain.key")
    return "\n".join(lines)


def _json(done: Verified) -> str:
    return json.dumps(
        {
            "faults": [one._asdict() for one in done.faults],
            "checkpoints": done.checkpoints,
            "records": done.records,
            "unkept": done.unkept,
            "since": done.since,
            "begins": done.begins,
        }
    )
