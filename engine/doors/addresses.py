"""Where a webhook may lead: an address that strangers give must not make us talk to machines of our own (SSRF)."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from engine.errors import InvalidSettings

Reach = Literal["public", "private", "loopback"]
"""``public``: the internet; ``private``: a network of one's own as well; ``loopback``: this machine as well, over plain
HTTP too."""

LONGEST = 500
_NAT64 = IPv6Network("64:ff9b::/96")
Address = IPv4Address | IPv6Address


_NUMBER = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?", re.IGNORECASE)
"""A host that ends in a number is an IPv4 address to many a resolver: ``127.1``, ``2130706433``, ``0x7f000001``."""


def checked(url: str, reach: Reach) -> SplitResult:
    """Read an address, as far as can be said without asking the name service.

    Raises:
        InvalidSettings: It is none of those that may be reached.
    """
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidSettings(f"an address has at most {LONGEST} characters of printable ASCII, and no space")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise InvalidSettings("this is no address") from exc
    host = parts.hostname
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise InvalidSettings("an address is https://HOST[:PORT]/PATH")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidSettings(
            "an address has no user, password or fragment; what proves it is from us is its signature"
        )
    literal = literal_of(host)
    if literal is None and _NUMBER.fullmatch(host):
        raise InvalidSettings("an IP address is written in full: four numbers with dots, or IPv6 in brackets")
    is_here = host == "localhost" or (literal is not None and literal.is_loopback)
    if is_here and literal is None and reach != "loopback":
        raise InvalidSettings("this machine cannot be reached by webhooks (GRIDWHISTLE_WEBHOOK_REACH)")
    if literal is not None and not reachable(literal, reach):
        raise InvalidSettings("an address of this network cannot be reached by webhooks (GRIDWHISTLE_WEBHOOK_REACH)")
    if parts.scheme == "http" and not (is_here and reach == "loopback"):
        raise InvalidSettings("an address is https://; http:// only to this machine itself, in a local stack")
    return parts


def literal_of(host: str) -> Address | None:
    """Read a host that is an IP address; ``None``: it is a name, which has to be resolved first."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def reachable(address: Address, reach: Reach) -> bool:
    """Whether messages may go there: what lies within another address counts as that. Never: link-local (there clouds
    tell their secrets), multicast, unspecified."""
    address = _innermost(address)
    if address.is_loopback:
        return reach == "loopback"
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and address.is_site_local:  # given up, and routed still within many a network
        return False
    return address.is_global or (address.is_private and reach in ("private", "loopback"))


def _innermost(address: Address) -> Address:
    """Unwrap an IPv4 address that goes as an IPv6 one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo is not None else None) or address
