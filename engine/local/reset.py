"""Deleting what a stack made in its folder, and nothing else."""

import shutil
from pathlib import Path

from engine.errors import StackNotFound
from engine.local.folder import MARK, OURS
from engine.security.private_files import demand_folder


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
