"""Deleting what a stack made in its folder, and nothing else."""

import shutil
from pathlib import Path

from engine.errors import StackNotFound
from engine.security.private_files import demand_folder

MARK = ".gridwhistle"
"""Lies in each folder that was empty, or not there, when we took it: all in it under our names is ours to delete."""

_FILES = (
    "stack.json",
    "master.key",
    "chain.key",
    "redis.password",
    "postgres.password",
    "gateway.keys",
    "gateway.accounts",
    "first-passwords",
    "up.log",
    "reveals.jsonl",  # of before the audit was a topic
    "audit.signed-off.json",
    "lock",
    MARK,
)
_FOLDERS = (
    "run", "logs", "journals", "kafka", "valkey", "postgres", "prometheus", "faust", "checkpoints", "mailbox",
)  # fmt: skip

OURS = (*_FOLDERS, *_FILES, *(f"{name}.new" for name in _FILES))
"""Everything a stack makes in its folder, what a kill left half written too; ``reset`` deletes these and nothing
else."""


def demand_ours(folder: Path) -> None:
    """Refuse a folder that no stack was made in.

    Raises:
        StackNotFound: There is none.
        InvalidSettings: A link, or another user's.
    """
    if not folder.is_dir() or not any((folder / name).exists() for name in (MARK, "stack.json")):
        raise StackNotFound(f"there is no stack in {folder}; nothing is deleted")
    demand_folder(folder)


def clear(folder: Path, keep: tuple[str, ...] = ()) -> list[str]:
    """Delete what is ours; a link is removed, never followed. Answers the names of what stays, which somebody else put
    there."""
    demand_ours(folder)
    for name in [*(name for name in OURS if name not in (MARK, "lock", *keep)), MARK]:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return sorted(path.name for path in folder.iterdir() if path.name != "lock")
