"""Every type of event with the Struct of its facts, by theme: the schemas are made from it, and by ``python -m
topics.events.catalogue`` the table of ``docs/concepts.md``."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

from msgspec import inspect

from topics.events import changes, clocks, departments, endings, filing, offers, partition, work
from topics.events.facts import Facts
from topics.events.types import EventType

THEMES: tuple[ModuleType, ...] = (filing, offers, work, clocks, endings, changes, departments, partition)


def _within(theme: ModuleType) -> Iterator[type[Facts]]:
    return (one for one in vars(theme).values() if isinstance(one, type) and one.__module__ == theme.__name__)


FACTS: Mapping[EventType, type[Facts]] = {EventType(one.__name__): one for theme in THEMES for one in _within(theme)}
"""The closed list: whoever adds a type adds its Struct, and the other way round."""

PAGE = Path(__file__).parents[2] / "docs" / "concepts.md"
BEGIN, END = "<!-- made by python -m topics.events.catalogue -->\n", "<!-- end -->\n"


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
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
