"""The settings of a process: one frozen model, read from ``GRIDWHISTLE_*``."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import InvalidSettings

ENVIRONMENT = "GRIDWHISTLE_"
NOT_SETTINGS = frozenset({"CACHE_DIR"})
"""Variables of this prefix that are read elsewhere: where downloaded jars are kept."""


def default_data_dir() -> Path:
    """Name the folder a stack lives in unless ``--data`` names another."""
    return Path.home() / ".local" / "share" / "gridwhistle"


class Settings(BaseModel):
    """How this process finds its servers and what it insists on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka: str = "127.0.0.1:27000"
    redis_url: Annotated[str, Field(repr=False)] = "redis://127.0.0.1:27002/0"
    """May hold a password: shown by ``shown_url`` alone."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,64}$")] = "gw."
    partitions: Annotated[int, Field(ge=1, le=1000)] = 24
    replication_factor: Annotated[int, Field(ge=1)] = 3
    min_insync_replicas: Annotated[int, Field(ge=1)] = 2
    data_dir: Path = Field(default_factory=default_data_dir)
    master_key_file: Path | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    commits_per_second: Annotated[int, Field(ge=1, le=10_000)] = 100
    session_timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 6
    faults: Literal["", "allow"] = ""
    crash_at: str = ""

    @property
    def key_file(self) -> Path:
        """Where the master key of the vault lies."""
        return self.master_key_file or self.data_dir / "master.key"


def shown_url(url: str) -> str:
    """Give a URL fit to be shown: without its password, wherever in it that stands."""
    return re.sub(r"(?i)(password=)[^&#]*", r"\1***", re.sub(r"(//[^/@:]*):[^/]*@", r"\1:***@", url))


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises:
        InvalidSettings: Unknown names or impossible values; all of them are listed.
    """
    given = {name.removeprefix(ENVIRONMENT): value for name, value in environ.items() if name.startswith(ENVIRONMENT)}
    values = {name.lower(): value for name, value in given.items() if name not in NOT_SETTINGS}
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as exc:
        faults = [f"{ENVIRONMENT}{str(error['loc'][0]).upper()}: {error['msg']}" for error in exc.errors()]
        raise InvalidSettings("these settings cannot be used; mend or unset them:\n  " + "\n  ".join(faults)) from exc
