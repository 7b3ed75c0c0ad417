"""Where servers are found: what an address looks like, and how one is shown."""

import re
from ipaddress import IPv4Address, ip_address, ip_network
from urllib.parse import urlsplit

ADDRESS = re.compile(r"^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9_.-]+):(\d{1,5})$")

DATABASE_FORM = (
    "must be a URL such as postgresql://user@host:5432/database or postgresql:///database?host=/path/to/socket"
)

REDIS_FORM = "must be a URL such as redis://host:6379/0, rediss://host:6379/0 (TLS) or unix:///path/to/socket"


def address_amiss(kafka: str) -> str | None:
    """Name the first broker that is no ``HOST:PORT``, if any."""
    for address in kafka.split(","):
        found = ADDRESS.match(address.strip())
        if found is None or not 0 < int(found[2]) < 65_536:
            return address
    return None


def is_redis_url(url: str) -> bool:
    """Whether Redis can be found by it."""
    try:
        parts = urlsplit(url)
        has_place = bool(parts.path) if parts.scheme == "unix" else bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return parts.scheme in ("redis", "rediss", "unix") and has_place and not re.search(r"\s", url)


def is_database_url(url: str) -> bool:
    """Whether a PostgreSQL database can be found by it."""
    try:
        parts = urlsplit(url)
        has_place = (bool(parts.hostname) and parts.port != 0) or "host=" in parts.query
    except ValueError:
        return False
    return parts.scheme in ("postgresql", "postgres") and has_place and not re.search(r"\s", url)


def shown_url(url: str) -> str:
    """Give a URL fit to be shown: without its password, wherever in it that stands."""
    return re.sub(r"(?i)(password=)[^&#]*", r"\1***", re.sub(r"(//[^/@:]*):[^/]*@", r"\1:***@", url))


def is_loopback(host: str) -> bool:
    """Whether what is sent there never leaves this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in ("localhost", "")


def keeps_secret(url: object) -> bool:
    """Whether what is sent there is read by nobody on the way: TLS, or this machine itself."""
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.username or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def counted_as(host: str) -> str:
    """Say under which name a client's address is counted: of IPv6 its network, for whoever has one address has 2 to the
    64th."""
    try:
        found = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(found, IPv4Address):
        return host
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
