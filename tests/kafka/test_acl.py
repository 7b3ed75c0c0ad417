"""Rights at a real broker with its authorizer on: each user by each topic, to write and to read, as the registry has
it; and nothing else."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import TopicAuthorizationFailedError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.produce import ProduceRequest
from pydantic import SecretStr

from engine.client import publish_pack
from engine.errors import InvalidSettings
from engine.kafka import access, topic_admin
from engine.kafka.reference import Reference, start_clock
from engine.security.connections import kafka_arguments
from engine.settings import Settings
from rules.rulepack.loader import PACKS
from tests.support import secure
from tests.support.batches import batch
from tests.support.stacks import both, run
from topics.registry import REFERENCE, TOPICS, TopicSpec, department_topics
from topics.strimzi import DOORS, STAGES

DEPARTMENTS = ("ranqi", "chengguan")
PREFIX = "gw."
AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:{secure.USER};User:ANONYMOUS",  # the controller's own listener, which is no client's
    "allow.everyone.if.no.acl.found": "false",
}
FORBIDDEN = TopicAuthorizationFailedError.errno


def specs() -> list[TopicSpec]:
    """Every topic."""
    return [*TOPICS, *(spec for code in DEPARTMENTS for spec in department_topics(code))]


def may(user: str, spec: TopicSpec, what: str) -> bool:
    """Whether somebody may, by the columns of the registry alone."""
    if user == "operator":
        return True
    if user.startswith("dept."):
        tasks, replies = department_topics(user[5:])
        return spec.name == (tasks.name if what == "read" else replies.name)
    if spec.name.startswith("dept."):  # by prefix: a new pack's departments stop no partition
        return (user, what) in (("fanout", "write"), ("replies", "read"))
    if what == "write":
        return user in spec.written_by
    return user in spec.read_by or user in spec.written_by or spec is REFERENCE


@asynccontextmanager
async def asking(settings: Settings) -> AsyncIterator[AIOKafkaClient]:
    """A connection of one user."""
    client = AIOKafkaClient(**kafka_arguments(settings))
    await client.bootstrap()
    try:
        yield client
    finally:
        await client.close()


async def code_of(client: AIOKafkaClient, topic: str, what: str) -> int:
    """What the broker says to a record, or to a question for one."""
    if what == "write":
        request = ProduceRequest(None, 1, 5000, [(topic, [(0, batch([b"x"]))])])
        answer = await client.send(client.get_random_node(), request)
        return int(answer.topics[0][1][0][1])
    request = FetchRequest(0, 0, 1 << 16, 0, [(topic, [(0, 0, 1 << 16)])])
    answer = await client.send(client.get_random_node(), request)
    return int(answer.topics[0][1][0][1])


def as_user(settings: Settings, user: str, password: str) -> Settings:
    """The settings of one of them."""
    return settings.model_copy(update={"kafka_user": user, "kafka_password": SecretStr(password)})


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One broker for the file."""
    folder = tmp_path_factory.mktemp("acl")
    ca, server = secure.certificates(folder)
    (folder / "kafka").mkdir()
    with secure.kafka(folder / "kafka", ca, server, AUTHORIZER) as kafka:
        yield Settings(
            kafka=kafka,
            kafka_tls=True,
            kafka_ca_file=ca,
            kafka_sasl="SCRAM-SHA-512",
            kafka_user=secure.USER,
            kafka_password=SecretStr(secure.PASSWORD),
            prefix=PREFIX,
            partitions=1,
            replication_factor=1,
            min_insync_replicas=1,
            data_dir=folder,
        )


async def test_each_user_by_each_topic(stack: Settings, tmp_path: Path) -> None:
    """Every cell is as the registry says; made once, nothing is left to change; what is too much is taken away."""
    await topic_admin.apply(stack, DEPARTMENTS)
    change = await access.difference(stack, DEPARTMENTS)
    assert len(change.users) == len(STAGES) + len(DOORS) + 1 + len(DEPARTMENTS) and not change.surplus
    passwords = access.kept_passwords(change.users, tmp_path)
    await access.apply(stack, change, passwords)
    assert (await access.difference(stack, DEPARTMENTS)).lines() == []
    cells = dict[bool, int]()
    for user, password in passwords.items():
        async with asking(as_user(stack, user, password)) as client:
            for spec in specs():
                for what in ("write", "read"):
                    allowed = await code_of(client, PREFIX + spec.name, what) != FORBIDDEN
                    assert allowed is may(user.removeprefix(PREFIX), spec, what), (user, spec.name, what)
                    cells[allowed] = cells.get(allowed, 0) + 1
    assert sum(cells.values()) == len(passwords) * len(specs()) * 2 and min(cells.values()) >= 60, cells
    extra = access.Grant(f"{PREFIX}archive", kind="topic", name=f"{PREFIX}vault", pattern="literal", operation="Read")
    await access.apply(stack, access.Difference([extra], surplus=[], users=[]), {})
    left = await access.difference(stack, DEPARTMENTS)
    assert left.lines() == [f"- {PREFIX}archive: Read topic {PREFIX}vault"]
    await access.apply(stack, left, {})
    async with asking(as_user(stack, f"{PREFIX}archive", passwords[f"{PREFIX}archive"])) as client:
        assert await code_of(client, f"{PREFIX}vault", "read") == FORBIDDEN


def with_one_more_department(folder: Path) -> Path:
    """The demonstration's city, in which sport has an office of its own."""
    city = folder / "guancheng"
    shutil.copytree(PACKS / "guancheng", city)
    for name, behind, line in (
        ("categories.yaml", "  - {code: minzheng,", '  - {code: tiyu, label: "Sport", label_zh: 体育}'),
        ("roster.yaml", "  - {person: minzheng-1,", "  - {person: tiyu-1, name: 马丽华, role: department, org: tiyu}"),
    ):
        text = (city / name).read_text(encoding="utf-8")
        assert behind in text
        (city / name).write_text(text.replace(behind, f"{line}\n{behind}"), encoding="utf-8")
    return city


async def test_the_law_desk_puts_a_pack_in_force_with_the_gateways_rights(stack: Settings, tmp_path: Path) -> None:
    """One that brings a department too: its topics are made, and the command to adopt it stands on every partition;
    other topics the gateway may not make."""
    city = stack.model_copy(update={"prefix": "desk."})
    departments = [one.code for one in publish_pack.prove("guancheng").departments]
    await topic_admin.apply(city, departments)
    await start_clock(city, None, 1)
    first = await publish_pack.publish(city, "guancheng")
    change = await access.difference(city, departments)
    passwords = access.kept_passwords(change.users, tmp_path)
    await access.apply(city, change, passwords)
    gateway = as_user(city, "desk.gateway", passwords["desk.gateway"])
    second = await publish_pack.publish(gateway, str(with_one_more_department(tmp_path)), "chief:chief-1", "an office")
    found = Reference(city)
    await found.refresh()
    assert first != second == found.current
    assert {"desk.dept.tiyu.tasks", "desk.dept.tiyu.replies"} <= await topic_admin.existing(city)
    with pytest.raises(InvalidSettings, match="did not make these topics"):
        await topic_admin.apply(gateway.model_copy(update={"prefix": "else."}), [])


class Cut(BaseException):
    """A kill, as far as a process can tell its own."""


async def test_killed_anywhere_no_user_is_left_whose_password_nobody_has(
    stack: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the broker is asked, after it made the users, after the first right: whoever is there logs in by what was
    kept, and given again all are and may do the same as ever."""
    city = stack.model_copy(update={"prefix": "cut."})
    demand, asked = access._demand, list[int]()

    def cut(at: int) -> None:
        asked.clear()

        def demanded(answers: Any) -> None:
            demand(answers)
            asked.append(1)
            if len(asked) == at + 2:  # 'difference' asks twice before
                raise Cut

        monkeypatch.setattr(access, "_demand", demanded)

    async def given() -> access.Difference:
        change = await access.difference(city, DEPARTMENTS)
        await access.apply(city, change, access.kept_passwords(change.users, tmp_path))
        return change

    there = set[str]()
    access.kept_passwords(["cut.intake"], tmp_path)
    for at in (0, 1, 2):
        cut(at)
        with pytest.raises(Cut):
            await given()
        monkeypatch.setattr(access, "_demand", demand)
        left = await access.difference(city, DEPARTMENTS)
        there = {grant.user for grant in access.wanted(DEPARTMENTS, "cut.")} - set(left.users)
        assert bool(there) is (at > 0) and left.lines()
        for user in there:
            async with asking(as_user(city, user, (tmp_path / f"{user}.password").read_text())):
                pass
    await given()
    assert (await access.difference(city, DEPARTMENTS)).lines() == [] and len(list(tmp_path.iterdir())) == len(there)


def test_the_command_says_what_it_would_do_and_does_it(stack: Settings, tmp_path: Path) -> None:
    """On another prefix: plan, apply, plan; passwords are files of their owner's alone."""
    password = tmp_path / "password"
    password.write_text(secure.PASSWORD)
    environ: dict[str, Any] = {
        "GRIDWHISTLE_KAFKA": stack.kafka,
        "GRIDWHISTLE_KAFKA_TLS": "true",
        "GRIDWHISTLE_KAFKA_CA_FILE": str(stack.kafka_ca_file),
        "GRIDWHISTLE_KAFKA_SASL": "SCRAM-SHA-512",
        "GRIDWHISTLE_KAFKA_USER": secure.USER,
        "GRIDWHISTLE_KAFKA_PASSWORD_FILE": str(password),
        "GRIDWHISTLE_DATA_DIR": str(tmp_path / "d"),
        "GRIDWHISTLE_PREFIX": "other.",
        "GRIDWHISTLE_REPLICATION_FACTOR": "1",
        "GRIDWHISTLE_MIN_INSYNC_REPLICAS": "1",
    }
    folder = tmp_path / "secrets"
    planned = run("acl", "plan", "--pack", "guancheng", **environ)
    assert planned.returncode == 1 and "+ other.intake: Write topic other.incidents" in planned.stdout, both(planned)
    done = run("acl", "apply", "--pack", "guancheng", "--passwords", str(folder), **environ)
    assert done.returncode == 0 and done.stdout == planned.stdout, both(done)
    again = run("acl", "plan", "--pack", "guancheng", **environ)
    assert again.returncode == 0 and "as the registry wants" in again.stdout, both(again)
    files = sorted(folder.iterdir())
    assert len(files) > 9 and all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert not any(file.read_text() in both(done) for file in files)
