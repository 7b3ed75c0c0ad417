"""What a production must not have, and what it should think over: ``gridwhistle settings --check``."""

import stat
import time
from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import urlsplit

from engine.errors import InvalidSettings
from engine.security.connections import certificates_end, kafka_arguments
from engine.server_addresses import is_loopback, shown_url
from engine.settings import ENVIRONMENT, SECRETS, Settings

Finding = tuple[Literal["refused", "warned"], str, str]
"""How bad, which setting, and the mend."""

RENEW_SECONDS = 14 * 86_400


def findings(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Look at every setting as an operator of a city would."""
    yield from _kafka(settings)
    yield from _redis(settings)
    yield from _database(settings)
    yield from _log(settings)
    yield from _secrets(settings, environ)
    yield from _http(settings)
    yield from _gateway(settings)
    if settings.faults:
        yield "refused", "FAULTS", "test switches are allowed; unset it"


def _kafka(s: Settings) -> Iterator[Finding]:
    if not s.kafka_tls and not all(is_loopback(address.rpartition(":")[0]) for address in s.kafka.split(",")):
        yield (
            "refused",
            "KAFKA_TLS",
            (
                f"{s.kafka} is spoken to in plain text over a network: reports, names and passwords can be read; set"
                " KAFKA_TLS=true and KAFKA_CA_FILE"
            ),
        )
    if not s.kafka_sasl and s.kafka_cert_file is None:
        yield (
            "warned",
            "KAFKA_SASL",
            (
                "nobody is asked who it is: whoever reaches the broker may write decisions; give each stage a user and"
                " its topics' ACLs"
            ),
        )
    try:
        kafka_arguments(s)
    except InvalidSettings as exc:
        yield "refused", "KAFKA_CA_FILE", str(exc)


def _redis(s: Settings) -> Iterator[Finding]:
    parts = urlsplit(s.redis_url)
    if parts.scheme == "redis" and not is_loopback(parts.hostname or ""):
        yield (
            "refused",
            "REDIS_URL",
            f"{shown_url(s.redis_url)} is spoken to in plain text over a network; use rediss:// and REDIS_CA_FILE",
        )
    if parts.scheme != "unix" and s.redis_password is None and parts.password is None:
        yield (
            "warned",
            "REDIS_PASSWORD",
            (
                "Redis asks for no password: whoever reaches it reads every queue; give it users (ACL) and"
                " REDIS_PASSWORD_FILE"
            ),
        )


def _database(s: Settings) -> Iterator[Finding]:
    parts = urlsplit(s.database_url)
    if parts.hostname and not is_loopback(parts.hostname) and "sslmode=verify-full" not in parts.query:
        yield (
            "refused",
            "DATABASE_URL",
            f"{shown_url(s.database_url)} may be spoken to in plain text over a network, or with whoever answers; add"
            " ?sslmode=verify-full&sslrootcert=FILE",
        )


def _log(s: Settings) -> Iterator[Finding]:
    if s.replication_factor < 3:
        yield (
            "refused",
            "REPLICATION_FACTOR",
            f"{s.replication_factor}: the loss of one broker loses the log or stops it; 3",
        )
    if s.min_insync_replicas < 2:
        yield (
            "refused",
            "MIN_INSYNC_REPLICAS",
            (
                f"{s.min_insync_replicas}: what one broker has acknowledged may go with it, although we always ask for"
                " acks=all; 2"
            ),
        )
    if s.min_insync_replicas >= s.replication_factor > 1:
        yield (
            "warned",
            "MIN_INSYNC_REPLICAS",
            "as many as there are copies: one broker away stops everything; one fewer",
        )
    if s.prefix == Settings.model_fields["prefix"].default:
        yield (
            "warned",
            "PREFIX",
            (
                "it is the default: a second stack on this broker would be the same one; name the city and the purpose,"
                " e.g. guancheng."
            ),
        )
    if s.partitions < 12:
        yield (
            "warned",
            "PARTITIONS",
            f"{s.partitions}: it is the most processes that can ever share a stage, and is frozen once topics are made",
        )


def _secrets(s: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in sorted(SECRETS - {"redis_url", "database_url"}):
        if f"{ENVIRONMENT}{name.upper()}" in environ:
            yield (
                "warned",
                name.upper(),
                f"it stands in the environment, which tools print and child processes inherit; use {name.upper()}_FILE",
            )
    if urlsplit(s.database_url).password is not None and f"{ENVIRONMENT}DATABASE_URL" in environ:
        yield (
            "warned",
            "DATABASE_URL",
            "its password stands in the environment, which child processes inherit; DATABASE_PASSWORD_FILE",
        )
    if urlsplit(s.redis_url).password is not None and f"{ENVIRONMENT}REDIS_URL" in environ:
        yield "warned", "REDIS_URL", "it holds a password; use REDIS_PASSWORD_FILE"
    try:
        mode = stat.S_IMODE(s.key_file.stat().st_mode)
        if mode & 0o077:
            yield "refused", "MASTER_KEY_FILE", f"{s.key_file} may be read by others (mode {mode:o}); chmod 600"
    except OSError:
        yield (
            "warned",
            "MASTER_KEY_FILE",
            f"there is no key at {s.key_file} yet: 'topics apply' makes one; back it up apart from the topics",
        )
    yield from _chain(s)
    for name, ends in certificates_end(s).items():
        if ends < time.time() + RENEW_SECONDS:
            yield (
                "refused" if ends < time.time() else "warned",
                name.upper(),
                "a certificate has ended, or ends within 14 days; renew it",
            )


def _http(s: Settings) -> Iterator[Finding]:
    if s.http_address is None:
        yield (
            "warned",
            "HTTP_BIND",
            "a stage answers no probe and no Prometheus; nobody would notice that it stands still",
        )
    elif not is_loopback(s.http_address[0]):
        yield (
            "warned",
            "HTTP_BIND",
            "it has neither TLS nor a password; let only probes and Prometheus reach it (a network policy, a firewall)",
        )


def _gateway(s: Settings) -> Iterator[Finding]:
    if s.gateway_seats:
        yield "refused", "GATEWAY_SEATS", "everybody on this machine may be the chief; unset it and make keys instead"
    if not is_loopback(s.gateway_address[0]):
        yield "warned", "GATEWAY_BIND", "it has no TLS: let only a proxy that has reach it"
    if s.webhook_reach == "loopback":
        yield "refused", "WEBHOOK_REACH", "a webhook could ask what runs on this machine; set 'private' or 'public'"


def _chain(s: Settings) -> Iterator[Finding]:
    if not s.database_url:
        return  # it is the archive's stage that signs
    try:
        mode = stat.S_IMODE(s.signing_key_file.stat().st_mode)
    except OSError:
        yield "warned", "CHAIN_KEY_FILE", f"there is no key at {s.signing_key_file}: an archive here signs nothing"
    else:
        if mode & 0o077:
            yield "refused", "CHAIN_KEY_FILE", f"{s.signing_key_file} may be read by others (mode {mode:o}); chmod 600"
    if s.checkpoints_file is None:
        why = "who owns the brokers can take checkpoints away; name a file on another machine's disk"
        yield "warned", "CHECKPOINTS_FILE", why
