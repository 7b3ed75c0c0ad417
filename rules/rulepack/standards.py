"""Filing and closing standards as a catalogue: a table of a city becomes categories with limits; nothing is guessed
(LAW 8, national)."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from rules.rulepack.loader import PackUnreadable, folder_of, read_yaml
from rules.rulepack.parts import CategorySource, DepartmentSource, Source, Text
from rules.rulepack.shape import unreadable, worded
from topics.vocabulary import Unit, Urgency

FILE = "catalogue.yaml"
COLUMNS = (
    "kind",
    "big_code",
    "big_name",
    "small_code",
    "small_name",
    "handling_unit",
    "filing_condition",
    "closing_condition",
    "limit",
)
"""What the table must have; others are passed over."""

UNITS = {"紧急工作时": Unit.URGENT_HOUR, "紧急工作日": Unit.URGENT_DAY, "小时": Unit.WORK_HOUR, "天": Unit.WORK_DAY}
"""紧急 runs day and night, the others in working time. Source: LAW 8."""

_LIMIT = re.compile(rf"(\d+)({'|'.join(UNITS)})")
_BETWEEN = re.compile(r"[、，,\s]+")


class NotUnderstood(Source):
    """A row whose limit is no amount and unit: it has no category until a person decides."""

    row: int
    what: Text
    limit: str


class CatalogueSource(Source):
    """A catalogue: categories and the departments they name, without homes, people or ladders."""

    name: Text
    title: Text
    title_zh: str = ""
    catalogue: Literal[True]
    departments: list[DepartmentSource]
    categories: list[CategorySource]
    not_understood: list[NotUnderstood] = []


def limit_of(text: str) -> tuple[int, Unit] | None:
    """Read a limit such as ``2紧急工作时`` or ``5天``; ``None`` for anything else, a word behind it included."""
    found = _LIMIT.fullmatch(text.strip())
    return None if found is None or int(found[1]) < 1 else (int(found[1]), UNITS[found[2]])


def catalogue_of(rows: Iterable[Mapping[str, str]], name: str, title: str, title_zh: str = "") -> dict[str, Any]:
    """Make a catalogue of a table's rows, as ``catalogue.yaml`` has it.

    A category is a small class with one filing condition, numbered in the table's order within its class; the first
    unit named leads, the others help.

    Raises:
        PackUnreadable: The table lacks a column, or has no row.
    """
    units: dict[str, str] = {}
    numbers: Counter[str] = Counter()
    categories: list[dict[str, Any]] = []
    unclear: list[dict[str, Any]] = []
    for row, cells in enumerate(rows, 2):  # as a person counts the file's lines
        missing = [column for column in COLUMNS if cells.get(column) is None]
        if missing:
            raise PackUnreadable([f"row {row}: the table has no column {', '.join(missing)}"])
        code = f"{cells['kind']}_{cells['big_code']}_{cells['small_code']}"
        numbers[code] += 1
        what, limit = f"{cells['small_name']}：{cells['filing_condition']}", limit_of(cells["limit"])
        called = [units.setdefault(unit, f"unit_{len(units) + 1:03}") for unit in _units(cells["handling_unit"])]
        if limit is None:
            unclear.append({"row": row, "what": what, "limit": cells["limit"]})
        else:
            categories.append(_category(f"{code}_{numbers[code]}", what, limit, called, cells))
    if not numbers:
        raise PackUnreadable([f"the table has no row below its head; it needs the columns {', '.join(COLUMNS)}"])
    departments = [{"code": code, "label": code, "label_zh": unit} for unit, code in units.items()]
    return {
        "name": name,
        "title": title,
        "title_zh": title_zh,
        "catalogue": True,
        "departments": departments,
        "categories": categories,
        "not_understood": unclear,
    }


def _category(
    code: str, what: str, limit: tuple[int, Unit], called: list[str], cells: Mapping[str, str]
) -> dict[str, Any]:
    """Make a category; what runs day and night is U2, the rest U3: the table knows no other urgency."""
    return {
        "code": code,
        "label": code,
        "label_zh": what,
        "group": cells["big_name"],
        "urgency": str(Urgency.U2 if limit[1] in (Unit.URGENT_HOUR, Unit.URGENT_DAY) else Urgency.U3),
        "limit": f"{limit[0]} {limit[1]}",
        "lead": called[0] if called else None,
        "co": called[1:],
        "filing_standard": cells["filing_condition"],
        "closing_standard": cells["closing_condition"],
    }


def _units(text: str) -> list[str]:
    """Part the units of a cell; 及 before the last means "and"."""
    return [unit for unit in dict.fromkeys(part.removeprefix("及") for part in _BETWEEN.split(text)) if unit]


def text_of(catalogue: Mapping[str, Any], head: str) -> str:
    """Write a catalogue as YAML, one line for each department and category."""
    lines = [f"# {line}" for line in head.splitlines()]
    for member, value in catalogue.items():
        if isinstance(value, list):
            lines.append(f"{member}:" if value else f"{member}: []")
            lines += ["  - " + _line(entry) for entry in value]
        else:
            lines.append(f"{member}: {_line(value)}")
    return "\n".join(lines) + "\n"


def _line(value: Any) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**9)
    return text.removesuffix("...\n").strip()


def is_catalogue(name_or_path: str | Path) -> bool:
    """Whether a pack is a catalogue."""
    return (folder_of(name_or_path) / FILE).is_file()


def load_catalogue(name_or_path: str | Path) -> CatalogueSource:
    """Read a shipped catalogue by its name, or any by its folder.

    Raises:
        PackUnreadable: It is no YAML, or has members of the wrong kind; all faults at once.
    """
    try:
        return CatalogueSource(**read_yaml(folder_of(name_or_path) / FILE))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise PackUnreadable([f"{FILE}: {unreadable(exc, folder_of(name_or_path) / FILE)}"]) from exc
    except ValidationError as exc:
        raise PackUnreadable(
            [f"{FILE}: {'.'.join(map(str, e['loc']))}: {worded(e, CatalogueSource)}" for e in exc.errors()]
        ) from exc


def faults(catalogue: CatalogueSource) -> list[str]:
    """List what is wrong with a catalogue: codes and words that stand twice, departments nobody knows."""
    known = [department.code for department in catalogue.departments]
    found = [f"departments: {code!r} stands {n} times" for code, n in Counter(known).items() if n > 1]
    found += [
        f"departments.{code}: must match [a-z0-9_]{{1,32}}"
        for code in known
        if not re.fullmatch(r"[a-z0-9_]{1,32}", code)
    ]
    words = Counter(
        word for category in catalogue.categories for word in {category.code, category.label, category.label_zh} - {""}
    )
    found += [f"categories: {word!r} names {n} categories" for word, n in words.items() if n > 1]
    for category in catalogue.categories:
        called = [code for code in (category.lead, *category.co) if code is not None]
        found += [f"categories.{category.code}: unknown department {code!r}" for code in called if code not in known]
        found += [] if category.lead else [f"categories.{category.code}: names no lead"]
    return found
