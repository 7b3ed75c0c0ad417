"""How every client of ours proves who it is and whom it talks to: one place for Kafka, one for Redis, one
for PostgreSQL."""

import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka.abc import AbstractTokenProvider

from engine.errors import InvalidSettings
from engine.security.tls_close import let_go_at_once
from engine.settings import ENVIRONMENT, Settings

if TYPE_CHECKING:  # most commands and stages need neither, and both are large
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis
    from sqlalchemy.ext.asyncio import AsyncEngine

CERTIFICATES = ("kafka_ca_file", "kafka_cert_file", "redis_ca_file", "redis_cert_file")


class TokenFile(AbstractTokenProvider):  # type: ignore[misc]
    """A bearer token that somebody else renews in a file; read for each connection."""

    def __init__(self, path: Path) -> None:
        """Keep the path."""
        self._path = path

    async def token(self) -> str:
        """Give the token."""
        return self._path.read_text(encoding="ascii").strip()


def kafka_arguments(settings: Settings) -> dict[str, Any]:
    """Give what every consumer, producer and admin client is made with: the brokers, and how to talk to them.

    Raises:
        InvalidSettings: A certificate or key cannot be used.
    """
    found: dict[str, Any] = {"bootstrap_servers": settings.kafka}
    if not settings.kafka_tls and not settings.kafka_sasl:
        return found
    found["security_protocol"] = ("SASL_" if settings.kafka_sasl else "") + (
        "SSL" if settings.kafka_tls else "PLAINTEXT"
    )
    if settings.kafka_tls:
        let_go_at_once()
        password = settings.kafka_key_password.get_secret_value() if settings.kafka_key_password else None
        files = settings.kafka_ca_file, settings.kafka_cert_file, settings.kafka_key_file
        found["ssl_context"] = _context("KAFKA", *files, password)
    if settings.kafka_sasl:
        found["sasl_mechanism"] = settings.kafka_sasl
    if settings.kafka_sasl == "OAUTHBEARER":
        assert settings.kafka_token_file is not None
        found["sasl_oauth_token_provider"] = TokenFile(settings.kafka_token_file)
    elif settings.kafka_sasl:
        assert settings.kafka_password is not None
        found |= {
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return found


def _written(path: Path | None) -> int:
    try:
        return 0 if path is None else path.stat().st_mtime_ns
    except OSError:
        return -1  # reading it will say what is wrong


_CONTEXTS: dict[tuple[Path | None, ...], tuple[tuple[int, ...], ssl.SSLContext]] = {}
"""Files -> when they were written, and what was made of them."""


def _context(whose: str, ca: Path | None, cert: Path | None, key: Path | None, password: str | None) -> ssl.SSLContext:
    """Read the certificates; once, until a file is written anew: the system's alone take 15 ms, and clients are made
    all the time.

    What was renewed goes into the context that is there: a client that runs takes it at its next connection.
    """
    paths, written = (ca, cert, key), tuple(map(_written, (ca, cert, key)))
    before, context = _CONTEXTS.get(paths, ((), None))
    if context is not None and before == written:
        return context
    try:
        if context is None:
            context = ssl.create_default_context(cafile=str(ca) if ca else None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        elif ca is not None:
            context.load_verify_locations(str(ca))
        if cert is not None:
            context.load_cert_chain(str(cert), str(key), lambda: password or "")
    except (
        OSError,
        ValueError,
    ) as exc:  # ssl's own errors are OSErrors; the password's callback keeps it from asking the terminal
        raise InvalidSettings(f"{ENVIRONMENT}{whose}_CA_FILE, _CERT_FILE or _KEY_FILE cannot be used: {exc}") from exc
    _CONTEXTS[paths] = written, context
    return context


def redis_arguments(settings: Settings, **more: Any) -> dict[str, Any]:
    """Give what beside its URL every Redis client is made with."""
    found: dict[str, Any] = dict(more)
    if settings.redis_user:
        found["username"] = settings.redis_user
    if settings.redis_password is not None:
        found["password"] = settings.redis_password.get_secret_value()
    if settings.redis_url.startswith("rediss://"):
        found |= {"ssl_cert_reqs": "required", "ssl_check_hostname": True, "ssl_min_version": ssl.TLSVersion.TLSv1_2}
        for name, path in (
            ("ssl_ca_certs", settings.redis_ca_file),
            ("ssl_certfile", settings.redis_cert_file),
            ("ssl_keyfile", settings.redis_key_file),
        ):
            if path is not None:
                found[name] = str(path)
    return found


def new_redis(settings: Settings, **more: Any) -> "Redis":
    """Make a Redis client."""
    from redis import Redis

    return Redis.from_url(settings.redis_url, **redis_arguments(settings, **more))


def new_async_redis(settings: Settings, **more: Any) -> "AsyncRedis":
    """Make a Redis client for the event loop."""
    from redis.asyncio import Redis as AsyncRedis

    from engine.security.redis_faults import told_as_lost

    told_as_lost()
    return AsyncRedis.from_url(settings.redis_url, **redis_arguments(settings, **more))


def new_database(settings: Settings, schema: str, **options: str) -> "AsyncEngine":
    """Make the clients of the archive's PostgreSQL; every name without a schema is one of ``schema``.

    What is written is not waited for on the disk: rows and the position that vouches for them come in one transaction
    and go in one, so a power cut costs nothing that is not folded again.
    """
    from sqlalchemy import make_url
    from sqlalchemy.ext.asyncio import create_async_engine

    url = make_url(settings.database_url).set(drivername="postgresql+psycopg")
    if settings.database_password is not None:
        url = url.set(password=settings.database_password.get_secret_value())
    known = {"search_path": f'"{schema}"', "synchronous_commit": "off", "timezone": "UTC", **options}
    return create_async_engine(
        url,
        pool_size=4,
        max_overflow=4,
        pool_timeout=10,
        pool_pre_ping=True,
        hide_parameters=True,  # a fault's text goes into the log, and a statement's values are secrets and reports
        connect_args={
            "options": " ".join(f"-c {name}={value}" for name, value in known.items()),
            "connect_timeout": 5,
            "application_name": "gridwhistle",
        },
    )


_ENDS: dict[Path, tuple[float, float]] = {}
"""File -> when it was written, and when the first of its certificates ends."""


def certificates_end(settings: Settings) -> dict[str, float]:
    """Tell when each certificate of the settings ends, in seconds since 1970; one that cannot be read has ended."""
    given = {name: path for name in CERTIFICATES if (path := getattr(settings, name)) is not None}
    if not given:
        return {}
    from cryptography import x509

    found = {}
    for name, path in given.items():
        try:
            written = path.stat().st_mtime
            if _ENDS.get(path, (0.0, 0.0))[0] != written:
                _ENDS[path] = (
                    written,
                    min(
                        one.not_valid_after_utc.timestamp()
                        for one in x509.load_pem_x509_certificates(path.read_bytes())
                    ),
                )
            found[name] = _ENDS[path][1]
        except (OSError, ValueError):
            found[name] = 0.0
    return found
