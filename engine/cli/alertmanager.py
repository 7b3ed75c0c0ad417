"""``gridwhistle alertmanager FILE``: a webhook payload of Alertmanager becomes incidents, by the door that everybody
takes."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from engine.cli import run_async
from engine.errors import InvalidSettings
from engine.feed.alertmanager import SOURCE, Payload, Report, reports
from engine.feed.showing import fault_of
from engine.kafka import clients
from engine.local.folder import settings_of
from engine.settings import Settings
from topics.codec import encode
from topics.envelope import incident_message
from topics.hostile_json import EnvelopeFault, parse
from topics.ids import identity, murmur2
from topics.registry import RAW

MOST_BYTES = 8 * 1024 * 1024
"""A payload of 300 alerts with long texts has about one."""


def alertmanager(
    file: Annotated[str, typer.Argument(help="The payload as JSON; - reads it from standard input.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the incidents and send nothing. Needs no stack.")
    ] = False,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
) -> None:
    """Report each burning alert with the label gridwhistle="incident". Labels grid, lat, lon, address, category say
    where and what.

    The same outbreak again is a duplicate. Exit code 0: all are with the broker; 2: it is no such payload, or they are
    not.

    Example: curl -s HOOK | gridwhistle alertmanager -
    """
    payload = _read(file)
    found = reports(payload)
    if dry_run:
        for report in found:
            print(encode({"source": SOURCE, "id": report.external_id, "data": report.data}).decode())
    else:
        for report, position in zip(found, run_async(_send(settings_of(data), found)) if found else [], strict=True):
            print(f"{identity(SOURCE, report.external_id)} {position}")
    left = len(payload.alerts) - len(found)
    print(
        f"{len(found)} reported, {left} resolved or no incident"
        + (f"; {payload.truncated_alerts} were cut off by Alertmanager" if payload.truncated_alerts else ""),
        file=sys.stderr,
    )


def _read(file: str) -> Payload:
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES + 1) if file == "-" else Path(file).read_bytes()
        if len(raw) > MOST_BYTES:
            raise InvalidSettings(f"more than {MOST_BYTES} bytes; set max_alerts in Alertmanager's webhook_configs")
        return Payload.model_validate(parse(raw))
    except OSError as error:
        raise InvalidSettings(f"{file} cannot be read: {error.strerror}") from error
    except EnvelopeFault as error:
        raise InvalidSettings(f"no payload of Alertmanager: {error}") from error
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, one['loc']))}: {fault_of(one, Payload)}" for one in error.errors(include_url=False)
        ]
        raise InvalidSettings("no payload of Alertmanager, version 4:\n  " + "\n  ".join(faults[:20])) from error


async def _send(settings: Settings, found: list[Report]) -> list[str]:
    """Send all; answers their positions once the broker has every one."""
    producer = clients.sender(settings)
    try:
        await producer.start()
        sent = []
        for report in found:
            key, value, headers = incident_message(SOURCE, report.external_id, report.data)
            partition = (murmur2(key) & 0x7FFFFFFF) % settings.partitions
            sent.append(
                await producer.send(settings.prefix + RAW.name, value, key=key, headers=headers, partition=partition)
            )
        return [f"{RAW.name}:{ack.partition}:{ack.offset}" for ack in [await future for future in sent]]
    finally:
        await producer.stop()
