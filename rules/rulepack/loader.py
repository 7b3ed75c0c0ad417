"""Reads a pack from its YAML files, its parent below it, and names every fault of shape with its file and field (LAW
8)."""

from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from rules.rulepack import yaml_reading
from rules.rulepack.model import PackSource
from rules.rulepack.shape import NAMING, Lines, meant, unreadable, worded
from topics import bounds
from topics.errors import GridwhistleError

PACKS = Path(__file__).parents[1] / "packs"
"""Where the shipped packs lie."""

FILES = ("pack", "grid", "categories", "roster")
"""The YAML files of a pack; each holds some of the members of ``PackSource``."""


class PackUnreadable(GridwhistleError, ValueError):
    """The files of a pack cannot be read as a pack; ``faults`` lists each with its file and field."""

    def __init__(self, faults: list[str]) -> None:
        """Keep all faults."""
        super().__init__("\n".join(faults))
        self.faults = faults


def load_pack(name_or_path: str | Path) -> PackSource:
    """Read a shipped pack by its name, or any by the path of its folder.

    Raises:
        PackUnreadable: Files are missing, are no YAML, or have members of the wrong kind; all faults at once.
    """
    members, files, faults = _members(name_or_path, ())
    if faults:
        raise PackUnreadable(faults)
    try:
        source = PackSource(**members)
    except ValidationError as exc:
        raise PackUnreadable(_said(exc, members, files, Lines(folder_of(name_or_path)))) from exc
    source._files.update(files)
    return source


class Reading(NamedTuple):
    """A pack as it was found: its members, the file of each, and every fault of shape."""

    members: dict[str, Any]
    files: dict[str, str]
    faults: list[str]
    is_lost: bool
    """A file could not be read at all."""


def read_members(name_or_path: str | Path) -> Reading:
    """Read a pack that may have faults of shape, for a proof that lists these and those of law at once."""
    members, files, faults = _members(name_or_path, ())
    is_lost = bool(faults)
    try:
        PackSource(**members)
    except ValidationError as exc:
        faults = faults + _said(exc, members, files, Lines(folder_of(name_or_path)), is_lost)
    return Reading(members, files, faults, is_lost=is_lost)


def _said(
    exc: ValidationError, members: dict[str, Any], files: dict[str, str], lines: Lines, is_lost: bool = False
) -> list[str]:
    """Every fault of shape in words; what is missing because a file is lost, or is only misspelt, is not said again."""
    errors = exc.errors(include_url=False)[: bounds.FAULTS]
    misspelt = {meant(PackSource, e["loc"]) for e in errors if e["type"] == "extra_forbidden" and len(e["loc"]) == 1}
    said = [
        e
        for e in errors
        if not (e["type"] == "missing" and len(e["loc"]) == 1 and (is_lost or e["loc"][0] in misspelt))
    ]
    return [
        lines.said(files.get(str(e["loc"][0]), "pack.yaml"), _where(members, e["loc"]), worded(e, PackSource))
        for e in said
    ]


def folder_of(name_or_path: str | Path) -> Path:
    """The folder of a shipped pack, or the one named."""
    return PACKS / str(name_or_path) if is_shipped(name_or_path) else Path(name_or_path)


def is_shipped(name_or_path: str | Path) -> bool:
    """Whether a shipped pack is meant: by its name alone, never by a path of dots or by nothing."""
    name = str(name_or_path)
    return name not in ("", ".", "..") and Path(name).name == name and (PACKS / name).is_dir()


def _members(name_or_path: str | Path, children: tuple[Path, ...]) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Read the members of a pack, its parent's below its own; answers them, the file of each, and the faults.

    ``extends: NAME`` takes every member of that pack that this one does not have; ``more_categories`` and the like add
    to a parent's list instead of taking its place.
    """
    folder = folder_of(name_or_path)
    if not str(name_or_path).strip() or not folder.is_dir():
        shipped = ", ".join(sorted(p.name for p in PACKS.iterdir() if p.is_dir()))
        return {}, {}, [f"{name_or_path or repr('')}: no such pack or folder; shipped are {shipped}"]
    if folder.resolve() in children:
        circle = " -> ".join(p.name for p in (*children, folder))
        return {}, {}, [f"pack.yaml: extends: runs in a circle: {circle}; cut it"]
    own, files, faults = _own_members(folder)
    parent = own.pop("extends", None)
    if parent is None:
        return own, files, faults
    beside = folder / str(parent)
    above = beside.resolve() if beside.is_dir() else str(parent)
    members, of, more_faults = _members(above, (*children, folder.resolve()))
    for name, value in own.items():
        base = name.removeprefix("more_")
        added = name != base and isinstance(value, list) and isinstance(members.get(base), list)
        members[base if added else name] = [*members[base], *value] if added else value
    return members, {**{name: f"{parent}/{file}" for name, file in of.items()}, **files}, faults + more_faults


def _own_members(folder: Path) -> tuple[dict[str, Any], dict[str, str], list[str]]:
    """Read what a pack's own files say; where it extends another, a file may be missing."""
    own: dict[str, Any] = {}
    files: dict[str, str] = {}
    faults: list[str] = []
    for file in FILES:
        path = folder / f"{file}.yaml"
        if "extends" in own and not path.exists():
            continue  # its parent has it
        try:
            found = read_yaml(path)
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
            faults.append(f"{file}.yaml: {unreadable(exc, path)}")
            continue
        faults += [
            f"{file}.yaml: {member}: stands in {files[member]} already; keep one" for member in found if member in files
        ]
        own |= found
        files |= dict.fromkeys(found, f"{file}.yaml")
    return own, files, faults


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one file of a pack; an empty one has no members.

    Raises:
        yaml.YAMLError: It is no YAML, has a key twice, is beyond a bound, or is no mapping.
    """
    found = yaml_reading.load(path)
    if not isinstance(found, dict | None):
        raise yaml.YAMLError("the file must hold members with names, like 'title: ...'")
    return {str(name): value for name, value in (found or {}).items()}


def _where(members: Any, loc: tuple[int | str, ...]) -> str:
    """Name the place of a fault by the codes people know: ``categories.gas_leak.limit``, not ``categories.3.limit``."""
    names = []
    for part in loc:
        try:
            members = members[part]
        except (LookupError, TypeError):  # a missing member, or a part of pydantic's own
            members = None
        known = members if isinstance(members, dict) and isinstance(part, int) else {}
        names.append(str(next((known[key] for key in NAMING if known.get(key)), part)))
    return ".".join(names)
