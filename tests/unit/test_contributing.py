"""What CONTRIBUTING and the hooks name is there, and a day's work has at most four places."""

import re
from pathlib import Path

import pytest
import yaml

from engine.observability.metric_names import COUNTERS, GAUGES, HISTOGRAMS
from rules.commands.lifecycle_table import CHILD_TABLE, TABLE
from rules.commands.registry import CHILD_HANDLERS, FAMILIES, HANDLERS
from tests.support import trees
from topics.vocabulary import CommandKind

ROOT = Path(__file__).parents[2]
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "docs/README.md")
OF_TWO_TICKETS = {CommandKind.DUPLICATE_OF, CommandKind.UNMERGE}


def text(name: str) -> str:
    """One page or file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def makes() -> set[str]:
    """The targets of the Makefile."""
    return set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))


@pytest.mark.parametrize("name", PAGES)
def test_every_place_it_names_is_there(name: str) -> None:
    """Files and folders, what make and python run, and links."""
    page = text(name)
    places = set(re.findall(r"`((?:topics|rules|engine|deploy|docs|tests)/[\w/.-]*)`", page))
    places |= set(re.findall(r"`([\w.-]+\.(?:md|lock))`", page))
    modules = {f"{m.replace('.', '/')}.py" for m in re.findall(r"`python -m ([\w.]+)`", page)}
    links = {str(Path(name).parent / link) for link in re.findall(r"\]\(([\w/.-]+\.\w+)", page)}
    assert len(places | links) >= 8
    assert sorted(place for place in places | modules | links if not (ROOT / place).exists()) == []
    assert set(re.findall(r"`make ([a-z]+)`", page)) <= makes()


def test_a_links_heading_is_there() -> None:
    """Where the page of questions points into another page."""
    for page, heading in re.findall(r"\]\(([\w/.-]+)#([^)]+)\)", text("docs/README.md")):
        said = [line.lstrip("# ") for line in text(f"docs/{page}").splitlines() if line.startswith("#")]
        assert heading in [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in said], heading


def test_a_days_work_has_at_most_four_places() -> None:
    """A command, an event, a metric, a pack."""
    works = re.findall(r"^## (Add an? \w+)\n(.*?)(?=^## )", text("CONTRIBUTING.md"), re.MULTILINE | re.DOTALL)
    assert [name for name, _ in works] == ["Add a command", "Add an event", "Add a metric", "Add a pack"]
    for name, body in works:
        assert 2 <= len(re.findall(r"^\d\. ", body, re.MULTILINE)) <= 4, name


def test_a_command_is_its_name_its_row_and_one_function() -> None:
    """Each kind of the table is carried out by exactly one family, and none by two."""
    assert set(HANDLERS) == set(TABLE) - OF_TWO_TICKETS
    assert set(CHILD_HANDLERS) == set(CHILD_TABLE)
    assert sum(len(family) for family in FAMILIES) == len(HANDLERS)


@pytest.mark.parametrize(
    ("kind", "event", "family"),
    [
        ("CONTACT", "ReporterContacted", "work"),
        ("SPOT_FIX", "TicketSpotFixed", "field_verification"),
    ],
)
def test_a_command_with_its_event_has_four_places(kind: str, event: str, family: str) -> None:
    """Its name, its row, its function and its event; the list of events is drawn."""
    said = re.compile(rf"CommandKind\.{kind}\b|\bK\.{kind}\b|^    {kind} = |\b{event}\b", re.MULTILINE)
    touched = {trees.name(path) for path in trees.paths(*trees.PRODUCT) if said.search(trees.text(path))}
    assert touched == {
        "topics/vocabulary.py",
        "rules/commands/lifecycle_table.py",
        f"rules/commands/{family}.py",
        "topics/events/work.py",
        "topics/events/types.py",
    }


def test_every_metric_is_named_in_the_closed_type_alone() -> None:
    """The type checker refuses another; at run time tests/unit/engine/test_metrics.py does."""
    assert len({*COUNTERS, *GAUGES, *HISTOGRAMS}) == len(COUNTERS) + len(GAUGES) + len(HISTOGRAMS)


def test_hooks_call_the_pinned_tools_and_fetch_nothing() -> None:
    """What make check calls, out of .venv."""
    repos = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    entries = [hook["entry"] for hook in repos[0]["hooks"]]
    assert all(entry.startswith(".venv/bin/") for entry in entries)
    said = text("Makefile").replace("$(BIN)", ".venv/bin").replace(" --check --quiet .", "")
    assert [entry for entry in entries if entry not in said] == []


def test_the_public_run_makes_what_the_readme_says() -> None:
    """make check on every push, make test on main; an action is pinned by its whole commit."""
    jobs = yaml.safe_load(text(".github/workflows/check.yml"))["jobs"]
    steps = {name: [step.get("run") for step in job["steps"] if "run" in step] for name, job in jobs.items()}
    assert steps == {"check": ["make check", "make coverage"], "test": ["make test"]}
    assert jobs["test"]["if"] == "github.ref == 'refs/heads/main'" and "if" not in jobs["check"]
    used = [step["uses"] for job in jobs.values() for step in job["steps"] if "uses" in step]
    assert used and all(re.fullmatch(r"actions/checkout@[0-9a-f]{40}", one) for one in used)


@pytest.mark.parametrize("form", ["fault.yml", "wish.yml"])
def test_a_template_asks_for_what_is_needed(form: str) -> None:
    """Fields with a label, and some that must be filled in."""
    body = yaml.safe_load(text(f".github/ISSUE_TEMPLATE/{form}"))["body"]
    asked = [field for field in body if field["type"] != "markdown"]
    assert all(field["attributes"]["label"] for field in asked)
    assert len([field for field in asked if field.get("validations", {}).get("required")]) >= 2
