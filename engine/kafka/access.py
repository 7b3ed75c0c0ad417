"""Who may do what at the broker: rights and SCRAM users as the registry's table wants them, against what is there."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from engine.errors import InvalidSettings
from engine.kafka import clients
from engine.kafka.scram_protocol import AlterUsers, DescribeUsers
from engine.security.private_files import make_missing, read_whole, write_once
from engine.settings import Settings
from topics import departments, strimzi

ANY, ALLOW, CLUSTER = 1, 3, "kafka-cluster"
KINDS = {"topic": 2, "group": 3, "cluster": 4, "transactionalId": 5}
PATTERNS = {"literal": 3, "prefix": 4}
OPERATIONS = {
    "All": 2, "Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8, "DescribeConfigs": 10,
    "IdempotentWrite": 12,
}  # fmt: skip
SECURITY_DISABLED = 54
ROUNDS = 8192
"""Of SCRAM-SHA-512; Kafka's own tools take 4,096."""


class Grant(NamedTuple):
    """One right of one user; from any host."""

    user: str
    kind: str
    name: str
    pattern: str
    operation: str

    def told(self) -> str:
        """Write it as a line."""
        star = "*" if self.pattern == "prefix" else ""
        return f"{self.user}: {self.operation} {self.kind} {self.name}{star}"


class Difference(NamedTuple):
    """What is missing, and what is there of ours and should not be."""

    grants: list[Grant]
    surplus: list[Grant]
    users: list[str]

    def lines(self) -> list[str]:
        """Say each change in a line: ``+`` is made, ``-`` is taken away."""
        return [
            *(f"+ user {user} (SCRAM-SHA-512, a password of its own)" for user in self.users),
            *(f"+ {grant.told()}" for grant in self.grants),
            *(f"- {grant.told()}" for grant in self.surplus),
        ]


def wanted(departments: Sequence[str], prefix: str) -> list[Grant]:
    """Give every right of every user, from the one table that Kubernetes' resources are written from."""
    users = [one for one in strimzi.manifest(departments, prefix) if one["kind"] == "KafkaUser"]
    return sorted(
        {
            Grant(
                user["metadata"]["name"],
                kind=acl["resource"]["type"],
                name=acl["resource"].get("name", CLUSTER),
                pattern=acl["resource"].get("patternType", "literal"),
                operation=operation,
            )
            for user in users
            for acl in user["spec"]["authorization"]["acls"]
            for operation in acl["operations"]
        }
    )


def of_ours(there: Iterable[Grant], users: Collection[str], prefix: str) -> set[Grant]:
    """Give the rights of the table's users, and of departments that are no more.

    Nobody else's: a prefix may be empty, or begin another stack's (``gw.`` that of ``gw.test.``), and whoever takes
    rights away by it takes those of all that the broker serves.
    """
    begins = strimzi.named(f"{prefix}{departments.PREFIX}x").removesuffix("x")
    return {grant for grant in there if grant.user in users or grant.user.startswith(begins)}


async def difference(settings: Settings, departments: Sequence[str]) -> Difference:
    """Hold what is wanted against what is there; who is neither of the table nor a department is none of ours.

    Raises:
        InvalidSettings: The broker asks nobody for rights.
    """
    admin = clients.admin(settings)
    await admin.start()
    try:
        needed, there = wanted(departments, settings.prefix), await _there(admin)
        users = {grant.user for grant in needed}
        ours = of_ours(there, users, settings.prefix)
        known = await _users(admin)
        return Difference(
            [one for one in needed if one not in there],
            surplus=sorted(ours - set(needed)),
            users=sorted(users - known),
        )
    finally:
        await admin.close()


def kept_passwords(users: Iterable[str], folder: Path) -> dict[str, str]:
    """Give each user's password of a folder, drawn and kept there where there is none.

    That is done before there are such users: whoever is at the broker then has a password that somebody has, wherever
    this is killed, and the next time takes the same.
    """
    make_missing(folder)
    found = {}
    for user in users:
        path = folder / f"{user}.password"
        write_once(path, secrets.token_urlsafe(32).encode())
        found[user] = read_whole(path).decode().strip()
    return found


async def apply(settings: Settings, change: Difference, passwords: Mapping[str, str]) -> None:
    """Make it so: users first, with passwords that are kept already, then rights, then take away."""
    admin = clients.admin(settings)
    await admin.start()
    try:
        if change.users:
            made = [_salted(user, passwords[user]) for user in change.users]
            answer = await admin._send_to_controller(AlterUsers(made))
            _demand((code, text) for _, code, text, _ in answer.results)
        for grant in change.grants:
            answer = await admin._send_request(CreateAclsRequest(*_numbers(grant)))
            _demand(answer.creation_responses)
        for grant in change.surplus:
            answer = await admin._send_request(DeleteAclsRequest(*_numbers(grant)))
            _demand((code, text) for code, text, _ in answer.filter_responses)
    finally:
        await admin.close()


async def _there(admin: AIOKafkaAdminClient) -> set[Grant]:
    answer = await admin._send_request(DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY))
    if answer.error_code == SECURITY_DISABLED:
        raise InvalidSettings("this broker asks nobody for rights; set its authorizer.class.name (docs/deploy.md)")
    _demand([(answer.error_code, answer.error_message)])
    kinds, patterns, operations = ({n: name for name, n in one.items()} for one in (KINDS, PATTERNS, OPERATIONS))
    return {
        Grant(
            principal.removeprefix("User:"),
            kind=kinds[kind],
            name=name,
            pattern=patterns[pattern],
            operation=operations[operation],
        )
        for kind, name, pattern, acls in answer.resources
        for principal, host, operation, permission in acls
        if permission == ALLOW and host == "*" and kind in kinds and pattern in patterns and operation in operations
    }


async def _users(admin: AIOKafkaAdminClient) -> set[str]:
    answer = await admin._send_request(DescribeUsers())
    _demand([(answer.error_code, answer.error_message)])
    return {user for user, code, _, infos, _ in answer.results if code == 0 and infos}


def _numbers(grant: Grant) -> tuple[Any, ...]:
    kind, pattern, operation = KINDS[grant.kind], PATTERNS[grant.pattern], OPERATIONS[grant.operation]
    return kind, grant.name, pattern, f"User:{grant.user}", "*", operation, ALLOW


def _salted(user: str, password: str) -> tuple[str, int, bytes, bytes]:
    salt = secrets.token_bytes(32)
    return user, ROUNDS, salt, hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)


def _demand(answers: Iterable[tuple[int, str | None]]) -> None:
    for code, text in answers:
        if code:
            raise for_code(code)(text or "")
