"""Every type of event with the Struct of its facts, by theme: the schemas are made from it, and by ``python -m
topics.events.catalogue`` the closed list ``topics/events/types.py`` and the table of ``docs/concepts.md``."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from msgspec import inspect

from topics.events import changes, clocks, departments, endings, filing, offers, partition, work
from topics.events.facts import Facts

THEMES: tuple[ModuleType, ...] = (filing, offers, work, clocks, endings, changes, departments, partition)


def _within(theme: ModuleType) -> Iterator[type[Facts]]:
    return (one for one in vars(theme).values() if isinstance(one, type) and one.__module__ == theme.__name__)


FACTS: Mapping[str, type[Facts]] = {one.__name__: one for theme in THEMES for one in _within(theme)}
"""The closed list: whoever adds a Struct has added its type."""

TYPES = Path(__file__).with_name("types.py")
HEAD = '''"""The closed list of what can happen, by theme: made by ``python -m topics.events.catalogue`` from the
Structs beside it."""

from enum import StrEnum


class EventType(StrEnum):
    """What a decision says has happened, in the past tense."""

'''

PAGE = Path(__file__).parents[2] / "docs" / "concepts.md"
BEGIN, END = "<!-- made by python -m topics.events.catalogue -->\n", "<!-- end -->\n"


def types() -> str:
    """Write the list: a name that is none fails the type check."""
    names = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper() for name in FACTS}
    return HEAD + "".join(f'    {member} = "{name}"\n' for name, member in names.items())


def table() -> str:
    """Write the table of events: by theme what each says, and its facts; those in brackets may be missing."""
    lines: list[str] = []
    for theme in THEMES:
        lines += [f"**{(theme.__doc__ or '').splitlines()[0]}**", "", "| event | said when | facts |", "|---|---|---|"]
        for one in _within(theme):
            said = " ".join((one.__doc__ or "").split()).replace("``", "`").removesuffix(".")
            lines.append(f"| {one.__name__} | {said} | {', '.join(_named(one))} |")
        lines.append("")
    return "\n".join(lines)


def _named(facts: type[Facts]) -> Iterator[str]:
    kind = inspect.type_info(facts)
    for member in kind.fields if isinstance(kind, inspect.StructType) else ():
        yield member.name if member.required else f"[{member.name}]"


def page(former: str) -> str:
    """Put the table into its place on the page."""
    before, _, rest = former.partition(BEGIN)
    return before + BEGIN + "\n" + table() + END + rest.partition(END)[2]


if __name__ == "__main__":
    TYPES.write_text(types(), encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
