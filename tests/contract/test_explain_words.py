"""An explanation is told in the reader's words: no event, fact, reason or code of the law's own stands raw on the
console, in either language."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.console import build
from rules.history.explain import explain
from rules.law.compiled import Law
from tests.contract.test_console_words import catalogue
from tests.support.city import REF, city_bundle
from topics.decision import Decision, Event, Why
from topics.events.catalogue import FACTS
from topics.ids import DecisionId
from topics.ticket_words import OfferEnd
from topics.vocabulary import ClockKind, CommandKind, Reason

RULES = Path(__file__).parents[2] / "rules"
GIVEN = re.compile(r"v\d+|toytown\S*|Asia/\w+|calendar-\S+")
"""Values of the test's own, which stand as they are: ids, texts, names of packs."""
SCRIPT = """
import { readFileSync } from "node:fs";
import { inChinese, inEnglish } from "./src/lib/ledger-words.js";
const { lines, words } = JSON.parse(readFileSync(0, "utf8"));
const lists = (catalogue) => ({
  word: (list, code) => catalogue[`${list}.${code}`] ?? code,
  has: (list, code) => catalogue[`${list}.${code}`] !== undefined,
});
const told = { zh: inChinese, en: inEnglish };
const found = Object.entries(words).map(([lang, all]) => [lang, lines.map((line) => told[lang](line, lists(all)))]);
console.log(JSON.stringify(Object.fromEntries(found)));
"""


def refusals() -> set[str]:
    """Why a candidate was not taken, as the law writes it."""
    said = "\n".join(path.read_text() for path in sorted(RULES.rglob("*.py")))
    found = set(re.findall(r'(?:others|refused)\.append\(\([^"()]*(?:\([^()]*\))?[^"()]*"(\w+)"\)\)', said))
    assert {"skill_missing", "nobody_on_roster", "nobody_for_the_team"} <= found
    return found | {OfferEnd.SKIPPED.value}


def causes() -> set[str]:
    """Why a ticket moved, as the law writes it."""
    said = "\n".join(path.read_text() for path in sorted(RULES.rglob("*.py")))
    found = set(re.findall(r'(?:move_up|move_on|move_to|moved|take_up)\([^"\n]*"(\w+)"', said))
    assert {"limit_breached", "leg_ended", "sent_back"} <= found
    return found | {"manual-2"}


def endings() -> set[str]:
    """How a ticket ends, as the law writes it."""
    said = "\n".join(path.read_text() for path in sorted(RULES.rglob("*.py")))
    found = set(re.findall(r'\bclose\(case, draft, "(\w+)"', said))
    assert {"satisfied", "no_answer", "checked"} <= found
    return found


def event(kind: str, **more: Any) -> Event:
    """One with every fact it may have."""
    numbers = {"int": 7_200_000, "Instant": 1_772_413_200_000, "bool": True}
    facts: dict[str, Any] = {}
    for number, (name, given) in enumerate(FACTS[kind].__annotations__.items()):
        word = str(getattr(given, "__name__", given))
        plain = next((value for known, value in numbers.items() if word.startswith(known)), None)
        facts[name] = plain if plain is not None else [f"v{number}"] if "list" in word else f"v{number}"
    return Event(kind, "v0", facts | more)


def lines() -> list[str]:
    """What is explained of all that can happen, and of all that can be refused."""
    law = Law(REF, city_bundle())
    happened = [event(kind) for kind in FACTS] + [event("TicketMoved", cause=one) for one in sorted(causes())]
    happened += [event("TicketClosed", reason=one) for one in sorted(endings())]
    passed = tuple((f"v{n}", one) for n, one in enumerate(sorted({*refusals(), *(reason.value for reason in Reason)})))
    looked_at = {"placed_by": "point", "placing_pack": "v1", "effective_at": 1, "said_of": "v1", "field": "v1"}
    own = [f"law6:{kind.value}" for kind in CommandKind] + [f"law4:{kind.value}.80" for kind in ClockKind]
    why = Why(
        pack=REF, rules=("category:v1", "rule:v2", "rule_error:v3", "alike:v4", *own), facts=looked_at, refused=passed
    )
    found = list[str]()
    for one in happened:
        decision = Decision(
            id=DecisionId("v0"), at=1, cause="clock", reason="reported", home="v1", events=(one,), why=why
        )
        found += explain(decision, None, law, law)[0]
    return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Language -> the lines as the console says them, by its own code and catalogues."""
    build.build()
    folder, by = tmp_path_factory.mktemp("explained"), build.node()
    path = f"{by.folder}{os.pathsep}{os.environ['PATH']}" if by.folder is not None else os.environ["PATH"]
    tsc = build.HERE / "node_modules" / "typescript" / "bin" / "tsc"
    words = ["node", str(tsc), "-p", str(build.HERE / "tsconfig.test.json"), "--outDir", str(folder)]
    compiled = subprocess.run(words, capture_output=True, text=True, env=os.environ | {"PATH": path}, check=False)
    assert compiled.returncode == 0, compiled.stdout
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "say.js").write_text(SCRIPT)
    given = json.dumps({"lines": lines(), "words": {lang: catalogue(lang) for lang in ("zh", "en")}})
    ran = subprocess.run(
        ["node", "say.js"], cwd=folder, input=given, capture_output=True, text=True, env=os.environ | {"PATH": path},
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found: dict[str, list[str]] = json.loads(ran.stdout)
    return found


def test_nothing_raw_is_left(told: dict[str, list[str]]) -> None:
    """Every event with its facts, every reason, every rule: in Chinese no Latin word, in English no code."""
    assert len(told["zh"]) == len(told["en"]) >= len(FACTS) + len(Reason)
    raw = {line for line in told["zh"] if re.search(r"[A-Za-z]{2,}", GIVEN.sub("", line))}
    assert raw == set()
    coded = {line for line in told["en"] if re.search(r"\w_\w|[a-z][A-Z]", GIVEN.sub("", line))}
    assert coded == set()
