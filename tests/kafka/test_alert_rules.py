"""Rules, alerts and their pages hold together: what they name exists, promtool takes them, each alert fires and keeps
quiet as it says."""

import itertools
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from typer.main import get_command

from engine.cli import COMMANDS, command_of
from engine.observability.metric_names import AUDIT, COUNTERS, GAUGES, HISTOGRAMS, PREFIX, PROCESS
from engine.observability.metrics import StageMetrics
from tests.faults.alert_kinds import LONG, QUICK
from tests.support.prometheus import hasty
from tests.support.watching import tool

DEPLOY = Path(__file__).parents[2] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
RULES = [PROMETHEUS / "recording.yml", PROMETHEUS / "alerts.yml"]


def rules() -> list[dict[str, Any]]:
    """Every rule, recording and alerting."""
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    """Alert -> its rule."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def known() -> set[str]:
    """Every series that there is: ours, the client library's, and what recording rules make of them."""
    ours = {f"{PREFIX}{name}_total" for name in COUNTERS} | {PREFIX + name for name in (*GAUGES, *AUDIT)}
    ours |= {f"{PREFIX}{name}_{end}" for name in HISTOGRAMS for end in ("bucket", "sum", "count")}
    return ours | set(PROCESS) | {rule["record"] for rule in rules() if "record" in rule}


def said(tool_name: str, *words: str | Path, stdin: bytes | None = None) -> str:
    """Run a checker; answers what it said, and fails with that unless it is content."""
    done = subprocess.run(
        [tool(tool_name), *map(str, words)], input=stdin, cwd=PROMETHEUS, capture_output=True, timeout=120, check=False
    )
    text = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, text
    return text


NAMED = re.compile(r"\b(?:\w+:)?gridwhistle_\w+(?::\w+)?|\bgridwhistle:\w+:\w+|\bprocess_\w+")


def test_every_metric_that_is_named_exists() -> None:
    """In rules, dashboards, pages and tests of rules; a name that nobody tells is an alert that never fires."""
    files = [path for path in DEPLOY.rglob("*") if path.suffix in (".yml", ".yaml", ".json", ".md")]
    found = {(path.name, word) for path in files for word in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert len({word for _, word in found}) > 30
    assert sorted((file, word) for file, word in found if word not in known()) == []


def test_rules_in_haste_ask_for_the_same_series() -> None:
    """A test of an alert at a test's pace shortens lengths of time, and no name: one that is misspelt never fires."""
    quick = [rule for path in RULES for group in hasty(path)["groups"] for rule in group["rules"]]
    assert [NAMED.findall(rule["expr"]) for rule in quick] == [NAMED.findall(rule["expr"]) for rule in rules()]
    assert [rule["expr"] for rule in quick] != [rule["expr"] for rule in rules()]  # it does shorten


def test_promtool_takes_rules_and_configurations() -> None:
    """Syntax, names, templates, durations."""
    assert "SUCCESS" in said("promtool", "check", "rules", *RULES)
    for name in ("prometheus.yml", "compose.yml"):
        assert "SUCCESS" in said("promtool", "check", "config", name)


def test_each_alert_fires_and_keeps_quiet_as_its_test_says() -> None:
    """``promtool test rules`` on ``alerts.test.yml``, which has both for every alert."""
    assert "SUCCESS" in said("promtool", "test", "rules", "alerts.test.yml")
    tests = yaml.safe_load((PROMETHEUS / "alerts.test.yml").read_text())["tests"]
    fires = {name for test in tests for name, samples in _asked(test) if samples}
    quiet = {name for test in tests for name, samples in _asked(test) if not samples}
    assert fires == set(alerts()) and quiet == set(alerts())


def _asked(test: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(re.findall(r'alertname="(\w+)"', one["expr"])[0], one["exp_samples"]) for one in test["promql_expr_test"]]


def test_each_alert_is_shown_live() -> None:
    """In ``make test`` or in ``make alerts``; none twice, none of old names, and the page of results has them all."""
    live = [name for kind in LONG for name in (*kind.alerts, *kind.afterwards)]
    assert sorted([*QUICK, *live]) == sorted(alerts())
    quick = (Path(__file__).parent / "test_alerts.py").read_text(encoding="utf-8")
    assert all(f'"{name}"' in quick for name in QUICK)


HEAD = (
    "`gridwhistle` stands for the operator's command of your installation:"
    " [deploy](../../docs/deploy.md#commands-of-the-operator)."
)


def test_each_alert_has_a_page_and_says_all_that_it_must() -> None:
    """A severity that the routes know, summary, description, and a page that is there; no page is of no alert."""
    for name, alert in alerts().items():
        assert alert["labels"]["severity"] in ("critical", "warning", "info"), name
        assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}, name
        assert alert["annotations"]["runbook_url"] == f"deploy/runbooks/{name}.md"
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (DEPLOY / "runbooks").glob("*.md")}
    assert set(pages) == set(alerts())
    for name, page in pages.items():
        assert page.startswith(f"# {name} ({alerts()[name]['labels']['severity']})"), name
        assert page.splitlines()[2] == HEAD, f"{name} does not say for what 'gridwhistle' stands"
        assert all(word in page for word in ("**What it means.**", "**Look.**", "**Do.**", "**Lost?**")), name
        assert [link for link in re.findall(r"\]\((\w+)\.md\)", page) if link not in pages] == []


def test_pages_name_commands_that_exist() -> None:
    """At three in the morning a command that was renamed helps nobody."""
    there = {command for group in COMMANDS.values() for command in group}
    files = [*(DEPLOY / "runbooks").glob("*.md"), DEPLOY.parent / "docs" / "deploy.md"]
    named = {
        (path.name, word)
        for path in files
        if path.exists()
        for word in re.findall(r"\bgridwhistle (\w[\w-]*)", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert sorted((file, word) for file, word in named if word not in there) == []


def test_commands_of_pages_are_whole() -> None:
    """Copied as it stands, a command lacks no argument: 'pack show' without a name says how it is used, and nothing
    else."""
    found = [
        (path.stem, line)
        for path in (DEPLOY / "runbooks").glob("*.md")
        for line in re.findall(r"gridwhistle (\w[^`\n#|]*)", path.read_text(encoding="utf-8"))
    ]
    assert len(found) > 30
    assert [(page, line.strip(), lacks) for page, line in found if (lacks := lacking(line.split()))] == []
    # it does look
    assert (
        lacking(["pack", "show"]) == 1
        and lacking(["held", "retry", "ID", "--reason", "..."]) == 1
        and lacking(["status"]) == 0
    )


def lacking(words: list[str]) -> int:
    """How many of its arguments and needed options a command lacks."""
    modules = {name: module for group in COMMANDS.values() for name, (module, _) in group.items()}
    command: Any = get_command(command_of(words[0], modules[words[0]]))
    rest = words[1:]
    while hasattr(command, "commands") and rest:
        command, rest = command.commands[rest[0]], rest[1:]
    needed = [one for one in command.params if one.required]
    arguments = list(itertools.takewhile(lambda word: not word.startswith("-"), rest))
    options = [one for one in needed if one.param_type_name == "option" and not set(one.opts) & set(rest)]
    lacks: int = max(0, sum(one.param_type_name == "argument" for one in needed) - len(arguments)) + len(options)
    return lacks


@pytest.mark.parametrize("stage", ["intake", "dispatch"])
def test_promtool_takes_what_a_stage_tells(stage: str) -> None:
    """Every metric with a figure: help, types, names and base units."""
    metrics = StageMetrics(stage)
    for name, spec in COUNTERS.items():
        metrics.count(name, *spec.labels)
    for gauge, spec in GAUGES.items():
        metrics.gauge(gauge, 1.0, *spec.labels)
    registry = CollectorRegistry()
    registry.register(metrics)
    said("promtool", "check", "metrics", stdin=generate_latest(registry))


ROUTES = [
    ("severity=critical alertname=StageDown stage=dispatch", "on-call"),
    ("severity=warning alertname=Lag", "today"),
    ("severity=info alertname=WhistlesTooFew", "weekly"),
    ("alertname=Unknown", "today"),
    ("alertname=WaterHigh gridwhistle=incident severity=critical", "incidents"),
]


def test_amtool_takes_the_configuration_and_its_routes() -> None:
    """Who is told what; whatever is new falls to the working day's list, a city's sensor never wakes us."""
    file = DEPLOY / "alertmanager" / "alertmanager.yml"
    assert "SUCCESS" in said("amtool", "check-config", file)
    for labels, receiver in ROUTES:
        said(
            "amtool",
            "config",
            "routes",
            "test",
            f"--config.file={file}",
            f"--verify.receivers={receiver}",
            *labels.split(),
        )


def test_what_inhibits_and_is_inhibited_exists() -> None:
    """A misspelt alert would inhibit nothing, silently; nothing inhibits itself."""
    for rule in yaml.safe_load((DEPLOY / "alertmanager" / "alertmanager.yml").read_text())["inhibit_rules"]:
        (sources,), (targets,) = (_named(rule[f"{end}_matchers"]) for end in ("source", "target"))
        assert (sources | targets) <= set(alerts()) and not sources & targets


def _named(matchers: list[str]) -> list[set[str]]:
    return [set(re.findall(r'"(.*)"', one)[0].split("|")) for one in matchers]
