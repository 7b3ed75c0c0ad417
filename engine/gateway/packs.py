"""Trying a pack before it is the law: its faults, and how it differs from the one in force."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.by_process import program, told_by
from engine.gateway.callers import Caller
from engine.gateway.http import answer, body_of, object_of
from engine.gateway.problems import Problem
from engine.gateway.world import World
from rules.rulepack.loader import FILES
from topics import codec

TRIAL_SECONDS = 60
_AT_ONCE = 2
"""Trials of one gateway at a time."""


async def check(world: World, request: Request, caller: Caller) -> Response:
    """List every fault of a pack at once, each with its file and mend; nothing is published."""
    found = await looked_at(world, files_of(object_of(await body_of(world, request))))
    return answer({name: found[name] for name in ("ref", "faults", "split_bound") if name in found})


async def diff(world: World, request: Request, caller: Caller) -> Response:
    """Say how a pack differs from the law in force."""
    found = await looked_at(world, files_of(object_of(await body_of(world, request))))
    return answer({"in_force": world.law().ref} | found)


def files_of(given: dict[str, Any]) -> dict[str, str]:
    """Read the files of a pack out of a body.

    Raises:
        Problem: They are none.
    """
    files = given.get("files")
    if not isinstance(files, dict) or not files or any(not isinstance(text, str) for text in files.values()):
        raise Problem("invalid", f"the text of each YAML file: {', '.join(FILES)}", field="files")
    if any(name not in FILES for name in files) or given.keys() != {"files"}:
        raise Problem("invalid", f"of {', '.join(FILES)}", field="files")
    return files


async def looked_at(world: World, files: dict[str, str]) -> dict[str, Any]:
    """Put the files that were sent into a folder of their own and have them read.

    Raises:
        Problem: Too many packs are being tried.
    """
    async with trying(world):
        with tempfile.TemporaryDirectory(prefix="gridwhistle-pack-") as folder:
            write(Path(folder), files)
            (Path(folder) / "in-force.json").write_bytes(codec.encode(world.law().bundle))
            return await _tried(folder)


@asynccontextmanager
async def trying(world: World) -> AsyncIterator[None]:
    """Hold one of the few places for packs that are being tried.

    Raises:
        Problem: None is free.
    """
    if world.trials >= _AT_ONCE:
        raise Problem("too-many", "other packs are being tried; ask again", headers={"Retry-After": "5"})
    world.trials += 1
    try:
        yield
    finally:
        world.trials -= 1


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write a pack's files: their names are ours."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8", errors="replace")


async def _tried(folder: str) -> dict[str, Any]:
    try:
        told = await told_by(program("engine.client.pack_trial"), folder, TRIAL_SECONDS)
    except TimeoutError:
        raise Problem(
            "invalid", f"it was not proved within {TRIAL_SECONDS} s; try 'pack check'", field="files"
        ) from None
    found: dict[str, Any] = msgspec.json.decode(told)
    return found
