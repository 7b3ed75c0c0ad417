"""The documents name everything there is: each metric, each reason, each event."""

import re
from pathlib import Path

from engine import handbook
from engine.observability.metric_names import AUDIT, COUNTERS, GAUGES, HISTOGRAMS
from engine.pages import PAGES
from rules.commands import lifecycle_diagram
from topics import bounds
from topics.events import catalogue
from topics.events.types import EventType
from topics.task import Reply, TaskEvent, TaskRole
from topics.vocabulary import Reason

ROOT = Path(__file__).parents[2]


def text(name: str) -> str:
    """One document."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_every_metric_is_in_operations() -> None:
    """What a bad value means stands beside each metric."""
    operations = text("operations.md")
    assert [name for name in (*COUNTERS, *GAUGES, *HISTOGRAMS, *AUDIT) if f"`{name}" not in operations] == []


def test_the_drawn_pages_are_as_the_code_has_them() -> None:
    """'python -m engine.pages' was run after the last change."""
    assert [name for name, draw in PAGES.items() if text(name) != draw()] == []


def test_every_reason_and_event_is_in_concepts() -> None:
    """An operator who meets a word finds it."""
    concepts = set(re.findall(r"\w+", text("concepts.md")))
    assert sorted(({reason.value for reason in Reason} | set(EventType)) - concepts) == []
    assert text("concepts.md") == catalogue.page(text("concepts.md")), "run 'python -m topics.events.catalogue'"


def test_the_list_of_events_is_made_from_their_facts() -> None:
    """'python -m topics.events.catalogue' was run after the last change."""
    assert catalogue.TYPES.read_text(encoding="utf-8") == catalogue.types()


def test_every_rule_module_names_its_source() -> None:
    """LAW, DESIGN or FIELD, at its head."""
    heads = {
        str(path.relative_to(ROOT)): " ".join(path.read_text(encoding="utf-8").splitlines()[:12])
        for path in (ROOT / "rules").rglob("*.py")
        if path.stem != "__init__"
    }
    assert len(heads) > 60
    assert [name for name, head in heads.items() if not re.search(r"LAW|DESIGN|FIELD", head)] == []


def test_the_lifecycle_page_is_drawn_from_the_table() -> None:
    """'python -m rules.commands.lifecycle_diagram' was run after the last change."""
    assert text("lifecycle.md") == lifecycle_diagram.document()


def test_every_decision_page_is_numbered_and_whole() -> None:
    """Context, options, outcome, cost."""
    pages = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    assert [
        page.name
        for page in pages
        if not all(word in page.read_text(encoding="utf-8") for word in ("Context", "Outcome", "Cost", "cost")[:3])
    ] == []


def test_the_page_of_bounds_is_written_from_the_constants() -> None:
    """'python -m topics.bounds' was run after the last change."""
    assert text("bounds.md") == bounds.document()


def test_every_field_of_a_pack_is_in_its_page() -> None:
    """'python -m engine.handbook' was run after the last change, and every field says what it is."""
    assert text("packs.md") == handbook.page()
    lines = [line for line in text("packs.md").splitlines() if line.startswith("| `")]
    assert len(lines) > 150 and [line for line in lines if line.split("|")[2].strip() == ""] == []


def test_the_page_for_departments_has_every_word_a_task_may_say() -> None:
    """Events, roles, the members of a reply, and every member of a task that tells where and what."""
    page = text("departments.md")
    words = [
        *TaskEvent,
        *TaskRole,
        *Reply.model_fields,
        "read_committed",
        "child",
        "grid",
        "asks",
        "call",
        "report_in_by",
        "answers",
        "mend",
    ]
    assert [word for word in words if f"`{word}" not in page and word != "version" and word not in page] == []


def test_every_place_that_is_named_is_there() -> None:
    """Documents and code name modules by their path, and commands by the module: each leads somewhere."""
    named = re.compile(r"(?<![\w/.])(?:rules|engine|topics|deploy)/[\w/.-]+\.(?:py|md|ya?ml|json)\b")
    run = re.compile(r"python -m ((?:rules|engine|topics|tests)\.[\w.]+\w)")
    told = [
        ROOT / "README.md",
        *(
            path
            for top in ("docs", "deploy", "rules", "engine", "topics")
            for path in (ROOT / top).rglob("*")
            if path.suffix in (".md", ".py")
        ),
    ]
    places = {place for path in told for place in named.findall(path.read_text(encoding="utf-8"))}
    modules = {place.replace(".", "/") for path in told for place in run.findall(path.read_text(encoding="utf-8"))}
    assert len(places) > 50
    assert sorted(place for place in places if not (ROOT / place).exists()) == []
    assert (
        sorted(
            place
            for place in modules
            if not (ROOT / f"{place}.py").exists() and not (ROOT / place / "__main__.py").exists()
        )
        == []
    )


def test_every_source_that_is_cited_has_its_heading() -> None:
    """LAW, DESIGN and FIELD are pages of ours; nothing outside the repository is cited as a rule's source."""
    headings = {
        " ".join(found)
        for page in ("law", "design", "field")
        for found in re.findall(r"^## (LAW|DESIGN|FIELD) (\d+)\.", text(f"{page}.md"), re.MULTILINE)
    }
    cited, strangers = set[str](), []
    for path in (
        path
        for top in ("rules", "engine", "topics", "tests", "docs", "deploy")
        for path in (ROOT / top).rglob("*")
        if path.suffix in (".py", ".md", ".yaml", ".lua")
    ):
        for name, numbers in re.findall(
            r"\b(LAW|DESIGN|FIELD) (\d+(?:\.\d)?(?:, \d+(?:\.\d)?)*)", path.read_text(encoding="utf-8")
        ):
            cited |= {f"{name} {number.split('.')[0]}" for number in numbers.split(", ")}
        if (
            re.search(
                r"\b(?:STYLE \d|[Ss]eeds? 0\d\d|(?:domain|performance) research)", path.read_text(encoding="utf-8")
            )
            and path.name != "test_docs.py"
        ):
            strangers.append(str(path.relative_to(ROOT)))
    assert len(cited) > 20
    assert sorted(cited - headings) == []
    assert strangers == []
