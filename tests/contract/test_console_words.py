"""What the console says: both languages say the same things, nothing that the law can name is without a word, and no
word is asked for that no catalogue has."""

import json
import re
from pathlib import Path

import pytest

from engine.gateway.problems import KINDS
from topics.audit import Purpose
from topics.events.types import EventType
from topics.ticket_words import ChildStatus, OfferEnd, TicketTask
from topics.vocabulary import Channel, ClockKind, CommandKind, Party, Reason, Role, Status, Unit, Urgency

SOURCE = Path(__file__).parents[2] / "engine" / "console" / "src"
LISTS = {
    "status": Status, "role": Role, "command": CommandKind, "clock": ClockKind, "why": Reason, "event": EventType,
    "task": TicketTask, "child": ChildStatus, "offer_end": OfferEnd, "channel": Channel, "urgency": Urgency,
    "unit_kind": Unit, "purpose": Purpose,
}  # fmt: skip
OF_THE_PACK = {f"{name}.*" for name in ("party", "tier", "department", "category", "grid", "person", "actor")}
OF_COMMANDS = ("reason", "text", "proof", "category", "home", "grid", "target", "party", "departments", "case",
               "passed", "satisfied", "until", "score")  # fmt: skip


def catalogue(name: str) -> dict[str, str]:
    """One language."""
    found: dict[str, str] = json.loads((SOURCE / "i18n" / f"{name}.json").read_text())
    return found


@pytest.mark.parametrize("name", ["zh", "en"])
def test_every_word_of_the_law_has_one_on_the_screen(name: str) -> None:
    """A status, an event or a reason that is added needs its word in the same change."""
    words = catalogue(name)
    wanted = {f"{kind}.{member.value}" for kind, members in LISTS.items() for member in members}
    wanted |= {f"role.{party.value}" for party in Party} | {f"field.{field}" for field in OF_COMMANDS}
    wanted |= {f"problem.{kind}" for kind in KINDS}
    assert wanted - set(words) == set()
    assert [key for key, text in words.items() if not text.strip()] == []


def test_both_languages_say_the_same_and_fill_in_the_same() -> None:
    """Chinese stands first; English lacks nothing."""
    zh, en = catalogue("zh"), catalogue("en")
    assert set(zh) == set(en)
    for key in zh:
        assert set(re.findall(r"{(\w+)}", zh[key])) == set(re.findall(r"{(\w+)}", en[key])), key
    assert [key for key, text in zh.items() if not re.search(r"[\u4e00-\u9fff；：、]|^gridwhistle|^CSV", text)] == []


def test_no_word_is_asked_for_that_is_not_there() -> None:
    """Every literal key of the source; those that are put together end where the list begins."""
    words = catalogue("zh")
    asked = set[str]()
    for path in sorted(SOURCE.rglob("*.ts*")):
        asked |= set(re.findall(r'\bt\("([^"]+)"', path.read_text()))
        asked |= {key + "*" for key in re.findall(r"\bt\(`([a-z_]+\.)\$", path.read_text())}
        asked |= {key + ".*" for key in re.findall(r'\bword\("(\w+)"', path.read_text())}
    assert len(asked) > 100
    unknown = [
        one for one in asked - OF_THE_PACK if one not in words and not any(w.startswith(one.rstrip("*")) for w in words)
    ]
    assert unknown == []


def test_modules_of_the_console_are_small() -> None:
    """As all others: at most 300 lines."""
    sizes = {path.name: len(path.read_text().splitlines()) for path in SOURCE.rglob("*.ts*")}
    assert len(sizes) > 40 and {name: n for name, n in sizes.items() if n > 300} == {}
