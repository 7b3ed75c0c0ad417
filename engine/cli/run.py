"""``gridwhistle run STAGE``: one process of one stage, in the foreground, as the supervisor and containers start it."""

import errno
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from engine.errors import InvalidSettings
from engine.running import run_to_end
from engine.settings import Settings
from engine.stages import DOORS, NOTIFIER, STAGES


def run(
    stage: Annotated[str, typer.Argument(help=f"One of {', '.join((*STAGES, *DOORS))}.")],
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
    name: Annotated[str, typer.Option(help="Name of this process in logs and status, e.g. dispatch-2.")] = "",
) -> None:
    """Run one process of a stage until Ctrl-C or TERM; start more of them to share its partitions.

    Example: gridwhistle run dispatch --data ./mystack --name dispatch-2
    """
    from engine.local.folder import folder_of, settings_of, use_folder
    from engine.local.servers import port_holder
    from engine.observability.json_logging import set_up

    os.umask(0o077)
    settings = settings_of(data)
    use_folder(settings.data_dir)
    set_up(name or stage)
    ready = folder_of(data) / "run" / f"{name}.ready" if name else None
    try:
        run_to_end(_to_exit(_running(settings, stage, ready)), uvloop.new_event_loop)
    except OSError as exc:
        if exc.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
            raise
        if settings.http_address is None:
            raise
        holder = port_holder(settings.http_address[1])
        raise InvalidSettings(
            f"{settings.http_bind} for health and metrics cannot be had ({holder or exc.strerror}); set"
            " GRIDWHISTLE_HTTP_BIND"
        ) from exc


async def _to_exit(work: Coroutine[Any, Any, None]) -> None:
    await work
    os._exit(0)  # everything is committed and closed; the library's idle threads and tasks are not waited for


def _running(settings: Settings, stage: str, ready: Path | None) -> Coroutine[Any, Any, None]:
    """Choose what runs; a stage needs no web framework, the gateway no Faust, the notifier neither."""
    if stage == NOTIFIER:
        from engine.notifier.process import run_notifier

        return run_notifier(settings, ready)
    if stage in DOORS:
        from engine.gateway.process import run_gateway

        return run_gateway(settings, ready)
    from engine.app import run_stage

    return run_stage(settings, stage, ready)
