"""Kubernetes starts each stage as it is declared here: resources, scaling, topics and the rights of users."""

from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest
from typer.main import get_command

from engine.cli import command_of
from engine.client.publish_pack import prove
from engine.gateway.what_if_job import MOST_BYTES
from engine.kafka.topic_admin import made_as, wanted
from engine.stages import DOORS, STAGES
from tests.contract.test_deploy import BASE, KUBERNETES, OURS, SETTINGS, deployments, documents
from tests.support.kinds import MODELS, Kustomization
from topics import strimzi
from topics.registry import TOPICS

# -- kubernetes --------------------------------------------------------------------------------------------------------


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
    assert set(found) == {f"gridwhistle-{stage}" for stage in OURS}
    assert {
        one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/component"]
        for one in documents(BASE / "disruption.yaml")
    } == set(OURS)
    for stage in OURS:
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


def test_gateway_and_notifier_have_room_and_files_for_what_they_do() -> None:
    """A what-if may take its 2 GiB beside the gateway, what both write goes to a disk and not to the small /tmp; the
    notifier finds its address book."""
    found = {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in deployments()}
    for stage, name in (("gateway", "TMPDIR"), ("notifier", "GRIDWHISTLE_NOTICES_FILE")):
        (container,) = found[f"gridwhistle-{stage}"]["containers"]
        path = next(one["value"] for one in container["env"] if one["name"] == name)
        assert any(
            path == one["mountPath"] or path.startswith(f"{one['mountPath']}/") for one in container["volumeMounts"]
        )
    limit = found["gridwhistle-gateway"]["containers"][0]["resources"]["limits"]["memory"]
    assert limit.endswith("Gi") and int(limit.removesuffix("Gi")) * 2**30 > MOST_BYTES
    volumes = {one["name"]: one for one in found["gridwhistle-gateway"]["volumes"]}
    assert "medium" not in volumes["scratch"]["emptyDir"] and "sizeLimit" in volumes["scratch"]["emptyDir"]


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
        assert {key: str(value) for key, value in there[name]["config"].items()} == made_as(SETTINGS, spec)
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
        *(f"gw.{stage}" for stage in OURS),
        "gw.operator",
        "gw.dept.ranqi",
        "gw.dept.xiao-fang",
    } and ({*strimzi.STAGES}, strimzi.DOORS) == ({*STAGES}, DOORS)
    for spec in TOPICS:
        for stage in OURS:
            assert _may(users[f"gw.{stage}"], "Write", spec.name) == (stage in spec.written_by), (stage, spec.name)
            assert stage not in spec.read_by or _may(users[f"gw.{stage}"], "Read", spec.name)
        assert not any(_may(users["gw.dept.ranqi"], right, spec.name) for right in ("Read", "Write"))
    assert [name for name in users if _may(users[name], "Read", "vault")] == ["gw.intake", "gw.gateway", "gw.operator"]
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
