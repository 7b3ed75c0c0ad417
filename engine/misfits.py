"""Settings that contradict each other, each told with its mend."""

from typing import TYPE_CHECKING

from engine.server_addresses import (
    DATABASE_FORM,
    REDIS_FORM,
    address_amiss,
    is_database_url,
    is_loopback,
    is_redis_url,
    keeps_secret,
)

if TYPE_CHECKING:
    from engine.settings import Settings

SASL_OVER_TLS = frozenset({"PLAIN", "OAUTHBEARER"})
"""They hand the secret over as it is: whoever listens would have it."""

Rules = tuple[tuple[bool, str], ...]
"""Whether it is so, and what is said then."""


def misfits(s: "Settings") -> list[str]:
    """What contradicts itself."""
    return [text for holds, text in (*_of_servers(s), *_of_ours(s)) if holds]


def _of_servers(s: "Settings") -> Rules:
    """Where servers are, and how they are spoken to."""
    amiss = address_amiss(s.kafka)
    wants_password = s.kafka_sasl in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
    return (
        (amiss is not None, f"KAFKA={amiss!r} must be HOST:PORT, several with commas between, e.g. broker-1:9092"),
        # it is not repeated: it may hold a password anywhere
        (not is_redis_url(s.redis_url), f"REDIS_URL {REDIS_FORM}"),
        (bool(s.database_url) and not is_database_url(s.database_url), f"DATABASE_URL {DATABASE_FORM}"),
        (
            s.kafka_sasl in SASL_OVER_TLS and not s.kafka_tls,
            f"KAFKA_SASL={s.kafka_sasl} without KAFKA_TLS=true would send the secret in plain text",
        ),
        (
            wants_password and not (s.kafka_user and s.kafka_password),
            f"KAFKA_SASL={s.kafka_sasl} needs KAFKA_USER and KAFKA_PASSWORD or KAFKA_PASSWORD_FILE",
        ),
        (s.kafka_sasl == "OAUTHBEARER" and s.kafka_token_file is None, "KAFKA_SASL=OAUTHBEARER needs KAFKA_TOKEN_FILE"),
        (
            bool(s.kafka_user or s.kafka_password) and not wants_password,
            "KAFKA_USER and KAFKA_PASSWORD say nothing without KAFKA_SASL",
        ),
        (
            bool(s.kafka_ca_file or s.kafka_cert_file) and not s.kafka_tls,
            "KAFKA_CA_FILE and KAFKA_CERT_FILE say nothing without KAFKA_TLS=true",
        ),
        ((s.kafka_cert_file is None) != (s.kafka_key_file is None), "KAFKA_CERT_FILE and KAFKA_KEY_FILE go together"),
        ((s.redis_cert_file is None) != (s.redis_key_file is None), "REDIS_CERT_FILE and REDIS_KEY_FILE go together"),
        (
            bool(s.redis_ca_file or s.redis_cert_file) and not s.redis_url.startswith("rediss://"),
            "REDIS_CA_FILE and REDIS_CERT_FILE need a REDIS_URL of rediss://",
        ),
    )


def _of_ours(s: "Settings") -> Rules:
    """Copies, and what our own processes answer on."""
    return (
        (
            s.min_insync_replicas > s.replication_factor,
            "MIN_INSYNC_REPLICAS is more than REPLICATION_FACTOR: nothing could ever be written",
        ),
        (bool(s.crash_at) and not s.faults, "CRASH_AT is for tests; unset it, or set FAULTS=allow in a test"),
        (s.gateway_address[1] > 65_535, f"GATEWAY_BIND={s.gateway_bind} has no port below 65536"),
        (
            bool(s.gateway_seats) and not is_loopback(s.gateway_address[0]),
            f"GATEWAY_SEATS=open on GATEWAY_BIND={s.gateway_bind} would let everybody who reaches it be the chief; bind"
            " it to 127.0.0.1, or make keys with 'gridwhistle keys add'",
        ),
        (
            bool(s.gateway_oidc_issuer) and not (s.gateway_oidc_client and s.gateway_url),
            "GATEWAY_OIDC_ISSUER needs GATEWAY_OIDC_CLIENT, and GATEWAY_URL to come back to",
        ),
        (
            bool(s.gateway_oidc_issuer) and not (keeps_secret(s.gateway_oidc_issuer) and keeps_secret(s.gateway_url)),
            "GATEWAY_OIDC_ISSUER and GATEWAY_URL are https://, or http:// on this machine: a login is read by whoever"
            " listens",
        ),
        (s.http_address is not None and s.http_address[1] > 65_535, f"HTTP_BIND={s.http_bind} has no port below 65536"),
    )
