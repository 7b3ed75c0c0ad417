"""The gateway's part of the settings: where it answers, how much, whom it shows what."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr


def networks(text: str) -> str:
    """Read addresses and networks with commas between.

    Raises:
        ValueError: One is neither.
    """
    return ",".join(
        str(ip_network(one.strip())).removesuffix("/32").removesuffix("/128") for one in text.split(",") if one.strip()
    )


class GatewaySettings(BaseModel):
    """What the gateway alone is told; every process reads it, so that one environment serves all."""

    gateway_bind: str = Field(
        default="127.0.0.1:27005",
        pattern=r"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]+):\d{1,5}$",
        description="`HOST:PORT` on which the gateway answers people and programs; it has no TLS, so beyond the"
        " loopback put one in front that has.",
    )
    gateway_body_bytes: int = Field(
        default=1024 * 1024,
        ge=1024,
        le=64 * 1024 * 1024,
        description="Largest body that the gateway reads; a report alone may have 512 KiB.",
    )
    gateway_requests_per_second: int = Field(
        default=50,
        ge=1,
        le=100_000,
        description="Requests of one client in a second, over ten seconds; what comes beyond is answered 429.",
    )
    gateway_keys_file: Path | None = Field(
        default=None,
        description="The gateway's keys, hashed (`gridwhistle keys`); `gateway.keys` of the data folder by default. It"
        " is read anew when it changes.",
    )
    gateway_accounts_file: Path | None = Field(
        default=None,
        description="The accounts of people, their passwords hashed (`gridwhistle accounts`); `gateway.accounts` of the"
        " data folder by default. It is read anew when it changes.",
    )
    gateway_seats: Literal["", "open"] = Field(
        default="",
        description="`open`: whoever reaches the gateway chooses a seat of the roster without a password. For a"
        " demonstration, on the loopback alone.",
    )
    gateway_url: str = Field(
        default="",
        pattern=r"^(|https?://[^/?#@\s]+/?)$",
        description="The address by which browsers reach the gateway, `https://dispatch.example`; the login sends them"
        " back to it.",
    )
    gateway_proxies: Annotated[str, AfterValidator(networks)] = Field(
        default="",
        description="Addresses or networks of the proxies before the gateway, with commas between, whose"
        " `X-Forwarded-For` and `X-Forwarded-Proto` are believed: `127.0.0.1,10.1.0.0/16`. Empty: nobody's, and"
        " whoever comes by a proxy is counted as one.",
    )
    gateway_oidc_issuer: str = Field(
        default="",
        pattern=r"^(|https?://[^?#@\s]+)$",
        description="The city's own login (OpenID Connect): its issuer, by HTTPS or on this machine. Empty: there is"
        " none, and people come by name and password.",
    )
    gateway_oidc_client: str = Field(default="", description="The gateway's name (client id) at the city's login.")
    gateway_oidc_secret: SecretStr = Field(
        default=SecretStr(""), description="Its secret there; without one it comes as a public client, by PKCE alone."
    )
    gateway_oidc_claim: str = Field(
        default="preferred_username",
        pattern=r"^\w{1,50}$",
        description="What of a login's token names the person: a name of the roster, or of an account outside of it.",
    )
    reveals_per_day: int = Field(
        default=30,
        ge=0,
        le=100_000,
        description="So many reporters may one person be shown in a day of the pack's zone; whoever handles a U1 is not"
        " counted.",
    )
    lookups_per_day: int = Field(
        default=200,
        ge=0,
        le=100_000,
        description="So often may one person ask in a day for the earlier tickets of a reporter.",
    )
    notices_file: Path | None = Field(
        default=None,
        description="How people are told (`docs/notices.md`); `notices.yaml` of the data folder by default. Whoever is"
        " not in it, or all where there is none, has a folder in `mailbox` of the data folder.",
    )
    webhook_reach: Literal["public", "private", "loopback"] = Field(
        default="public",
        description="Where webhooks may lead: `public` (the internet), `private` (networks of one's own as well), or"
        " `loopback` (this machine as well, by plain HTTP too; what `up` sets). Never link-local addresses.",
    )
    webhook_ca_file: Path | None = Field(
        default=None,
        description="Certificates (PEM) of who signs the receivers' of webhooks; the system's where none is given.",
    )
    webhook_first_pause_seconds: float = Field(
        default=5.0,
        ge=0.01,
        le=3600,
        description="After so long a webhook's message that did not arrive is sent again; each further pause is four"
        " times as long, up to 12 hours.",
    )
