"""The settings of a process: one frozen model, read from ``GRIDWHISTLE_*``. ``docs/settings.md`` is drawn from it."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, SecretStr, ValidationError, model_validator

from engine.errors import InvalidSettings
from engine.gateway_settings import GatewaySettings
from engine.misfits import misfits
from engine.server_addresses import shown_url

ENVIRONMENT = "GRIDWHISTLE_"
NOT_SETTINGS = frozenset({"CACHE_DIR", "PROMETHEUS", "GATEWAY", "API_KEY", "API_KEY_FILE", "COMPILE"})
"""Variables of this prefix that are read elsewhere: where downloaded jars are kept, which Prometheus ``up --watch``
starts; by which gateway and key ``subscribe`` asks; whether building a wheel compiles the law."""

TEST_ONLY = frozenset({"faults", "crash_at"})
"""Of no use but to tests: refused unless ``FAULTS=allow`` says that this is one."""

SECRETS = frozenset(
    {
        "gateway_oidc_secret",
        "kafka_password",
        "kafka_key_password",
        "redis_password",
        "redis_url",
        "database_password",
        "database_url",
    }
)
"""May be given as ``..._FILE``, the path of a file that holds it: a mounted secret, systemd's credentials."""

RENAMED = {"metrics_host": "HTTP_BIND=HOST:PORT", "metrics_port": "HTTP_BIND=HOST:PORT"}


def home(instead: str) -> Path:
    """Name the user's home.

    Raises:
        InvalidSettings: There is none, as for a user id of a container; says what to set ``instead``.
    """
    try:
        return Path.home()
    except RuntimeError:
        raise InvalidSettings(f"user {os.getuid()} has no home folder here; set {instead}, or HOME") from None


def default_data_dir() -> Path:
    """Name the folder a stack lives in unless ``--data`` names another."""
    return home(f"{ENVIRONMENT}DATA_DIR") / ".local" / "share" / "gridwhistle"


class Settings(GatewaySettings):
    """How this process finds its servers and what it insists on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka: str = Field(default="127.0.0.1:27000", description="The brokers, `HOST:PORT` with commas between.")
    kafka_tls: bool = Field(
        default=False,
        description="Whether to speak TLS with the brokers; their names are checked against their certificates,"
        " always.",
    )
    kafka_ca_file: Path | None = Field(
        default=None, description="Certificates (PEM) of who signs the brokers'; the system's where none is given."
    )
    kafka_cert_file: Path | None = Field(
        default=None, description="Our own certificate (PEM), for brokers that ask for one (mTLS)."
    )
    kafka_key_file: Path | None = Field(default=None, description="Its key.")
    kafka_key_password: SecretStr | None = Field(default=None, description="What the key is locked with.")
    kafka_sasl: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = Field(
        default="",
        description="How to log on. `PLAIN` and `OAUTHBEARER` hand the secret over as it is and are refused without"
        " TLS.",
    )
    kafka_user: str = Field(default="", description="Who logs on by `PLAIN` or SCRAM.")
    kafka_password: SecretStr | None = Field(default=None, description="With what.")
    kafka_token_file: Path | None = Field(
        default=None,
        description="File with the token for `OAUTHBEARER`, read anew for each connection: whoever renews tokens"
        " writes it.",
    )
    redis_url: str = Field(
        default="redis://127.0.0.1:27002/0",
        repr=False,
        description="`redis://`, `rediss://` (TLS) or `unix://`. A password in it is never shown; better"
        " `REDIS_PASSWORD_FILE`.",
    )
    redis_user: str = Field(default="", description="Who logs on to Redis; its default user where none is given.")
    redis_password: SecretStr | None = Field(default=None, description="With what.")
    redis_ca_file: Path | None = Field(
        default=None, description="Certificates (PEM) of who signs Redis'; the system's where none is given."
    )
    redis_cert_file: Path | None = Field(
        default=None, description="Our own certificate (PEM), for a Redis that asks for one."
    )
    redis_key_file: Path | None = Field(default=None, description="Its key.")
    database_url: str = Field(
        default="",
        repr=False,
        description="The archive's PostgreSQL, `postgresql://user@host/database?sslmode=verify-full`; empty: there is"
        " no archive. A password in it is never shown; better `DATABASE_PASSWORD_FILE`.",
    )
    database_password: SecretStr | None = Field(default=None, description="With what its user logs on.")
    archive_days: int = Field(
        default=400,
        ge=180,
        le=36_500,
        description="How long the archive keeps decisions and ended tickets, in days of engine time; whole months are"
        " dropped.",
    )
    prefix: str = Field(
        default="gw.",
        pattern=r"^[A-Za-z0-9_.-]{0,64}$",
        description="Begins every topic, group and transactional id: one for each stack of a broker.",
    )
    partitions: int = Field(
        default=24,
        ge=1,
        le=1000,
        description="Of each topic of ours, frozen once made: the most processes of one stage that share the work.",
    )
    replication_factor: int = Field(
        default=3,
        ge=1,
        description="Copies of each record; with fewer than 3 the loss of a broker may lose or stop everything.",
    )
    min_insync_replicas: int = Field(
        default=2,
        ge=1,
        description="Copies that must stand before a record counts as written; 1 loses what a broker takes with it.",
    )
    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="The folder of keys, ready-files, logs and checkpoints; `~/.local/share/gridwhistle` by default.",
    )
    master_key_file: Path | None = Field(
        default=None,
        description="The vault's master key (0600); `master.key` of the data folder by default. Without it nobody's"
        " name can be revealed.",
    )
    chain_key_file: Path | None = Field(
        default=None,
        description="The key (0600) that signs checkpoints of the log; `chain.key` of the data folder by default.",
    )
    chain_hash: Literal["sha256", "sm3"] = Field(
        default="sha256",
        description="By what the log is summed up; another one begins the chain anew.",
    )
    checkpoint_seconds: int = Field(
        default=300, ge=1, le=3600, description="How often the archive's stage signs where the log stands."
    )
    checkpoints_file: Path | None = Field(
        default=None,
        description="A file, better on another machine's disk, to which each checkpoint is appended as well.",
    )
    accept_key: str = Field(
        default="",
        pattern=r"^([0-9a-f]{16})?$",
        description="Id of a new master key that intake may seal under from now on; the former one lies beside it as"
        " `<file>.<its id>`.",
    )
    http_bind: str = Field(
        default="",
        pattern=r"^(|(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+):\d{1,5})$",
        description="`HOST:PORT` on which a stage answers `/livez`, `/readyz` and `/metrics`; empty: nowhere. In a"
        " container `0.0.0.0:9464`; it has no TLS and no password, so let only probes and Prometheus reach it.",
    )
    watchdog_seconds: int = Field(
        default=120,
        ge=10,
        le=86_400,
        description="A stage whose loop or step has not come to an end for so long is ended, and its log says where"
        " it hung; eight times as long for loading a partition.",
    )
    commits_per_second: int = Field(
        default=300,
        ge=1,
        le=10_000,
        description="Most transactions of one process in a second, in proportion more for more than 20 partitions;"
        " fewer, down to a third, while each takes longer than 10 ms, as on a busy machine, or carries more than one"
        " cause: each costs 2 ms of CPU.",
    )
    session_timeout_seconds: int = Field(
        default=6,
        ge=1,
        le=300,
        description="After so long without a sign of life the group gives a process' partitions to others.",
    )
    faults: Literal["", "allow"] = Field(default="", description="Tests only: allows `CRASH_AT`.")
    crash_at: str = Field(default="", description="Tests only: `STAGE:POINT:NTH`, where the process kills itself.")

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        """Say everything that does not fit at once."""
        found = list(misfits(self))
        if found:
            raise ValueError("; ".join(found))
        return self

    @property
    def key_file(self) -> Path:
        """Where the master key of the vault lies."""
        return self.master_key_file or self.data_dir / "master.key"

    @property
    def signing_key_file(self) -> Path:
        """Where the key lies that signs checkpoints."""
        return self.chain_key_file or self.data_dir / "chain.key"

    @property
    def keys_file(self) -> Path:
        """Where the gateway's keys lie."""
        return self.gateway_keys_file or self.data_dir / "gateway.keys"

    @property
    def accounts_file(self) -> Path:
        """Where the gateway's accounts lie."""
        return self.gateway_accounts_file or self.data_dir / "gateway.accounts"

    @property
    def gateway_address(self) -> tuple[str, int]:
        """Host and port of the gateway."""
        host, _, port = self.gateway_bind.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def http_address(self) -> tuple[str, int] | None:
        """Host and port to answer on, if any."""
        host, _, port = self.http_bind.rpartition(":")
        return (host.strip("[]"), int(port)) if self.http_bind else None


def shown(settings: Settings) -> dict[str, str]:
    """Give every setting fit to be shown: no password, and of a file with one its name alone."""
    found = {name: getattr(settings, name) for name in Settings.model_fields}
    return {
        name: "" if value is None else shown_url(value) if name in ("redis_url", "database_url") else str(value)
        for name, value in found.items()
    }


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        InvalidSettings: Unknown names or impossible values; all of them are listed.
    """
    given = {name.removeprefix(ENVIRONMENT): value for name, value in environ.items() if name.startswith(ENVIRONMENT)}
    values: dict[str, Any] = {name.lower(): value for name, value in given.items() if name not in NOT_SETTINGS}
    faults = [f"{ENVIRONMENT}{name.upper()} is now {ENVIRONMENT}{RENAMED[name]}" for name in values if name in RENAMED]
    values = {name: value for name, value in values.items() if name not in RENAMED}
    for name in sorted(SECRETS):
        file = values.pop(f"{name}_file", None)
        if file and name in values:
            faults.append(f"{ENVIRONMENT}{name.upper()} and {ENVIRONMENT}{name.upper()}_FILE are both set; unset one")
        elif file:
            try:
                values[name] = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, ValueError) as exc:
                faults.append(f"{ENVIRONMENT}{name.upper()}_FILE: {type(exc).__name__} at {file}")
    values = {name: None if value == "" and name in _EMPTY_IS_NONE else value for name, value in values.items()}
    try:
        found = Settings(**values)
    except ValidationError as exc:
        faults += [_worded(dict(error)) for error in exc.errors()]
    if faults:
        raise InvalidSettings("these settings cannot be used; mend or unset them:\n  " + "\n  ".join(faults))
    return found


def _worded(error: dict[str, Any]) -> str:
    """Say one fault of shape: the setting, what was found unless it is a secret, and what it must be."""
    if not error["loc"]:
        return f"{ENVIRONMENT}… {error['msg'].removeprefix('Value error, ')}"
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        known = [*map(str.upper, Settings.model_fields), *(f"{secret.upper()}_FILE" for secret in sorted(SECRETS))]
        near = difflib.get_close_matches(name.upper(), known, 1)
        return (
            f"{ENVIRONMENT}{name.upper()} is no setting;"
            f" {f'did you mean {ENVIRONMENT}{near[0]}? ' if near else ''}docs/settings.md has them"
        )
    found = "" if name in SECRETS else repr(error["input"])
    if error["type"] == "string_pattern_mismatch":
        return f"{ENVIRONMENT}{name.upper()}={found} does not fit: {Settings.model_fields[name].description}"
    return f"{ENVIRONMENT}{name.upper()}: {error['msg']}{f', not {found}' if found else ''}"


_EMPTY_IS_NONE = frozenset(name for name, field in Settings.model_fields.items() if field.default is None)
