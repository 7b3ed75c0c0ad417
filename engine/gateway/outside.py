"""By which address browsers see the gateway. TLS ends at a proxy before it, so its own socket cannot tell: a setting
does (``GATEWAY_URL``), else a proxy that is believed (``GATEWAY_PROXIES``)."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.world import World
from engine.server_addresses import counted_as, is_loopback

PORTS = {"http": 80, "https": 443}


def is_by_tls(world: World, request: Request) -> bool:
    """Whether browsers come by TLS. Beyond the loopback they must: there a proxy that has it stands in front."""
    settings = world.settings
    return (
        settings.gateway_url.startswith("https://")
        or request.url.scheme == "https"
        or not is_loopback(settings.gateway_address[0])
    )


def address(world: World, request: Request) -> str:
    """Give the address that others are told, without a slash at its end."""
    return (world.settings.gateway_url or str(request.base_url)).rstrip("/")


def came_from(request: Request) -> str:
    """Name whoever asks by their address, for what is counted."""
    return counted_as(request.client.host) if request.client else "-"


def is_own(world: World, request: Request, origin: str) -> bool:
    """Whether a page's origin is the gateway's own: the address in the settings, whatever name a proxy asks us by, or
    the name it was asked by; never one without TLS where browsers come by TLS, which somebody in between may write."""
    given, own = _site(origin), _site(world.settings.gateway_url)
    if given is None:
        return False
    if given == own:
        return True
    if given[0] != "https" and is_by_tls(world, request):
        return False
    return given == _site(f"{given[0]}://{request.headers.get('host', '')}")


def _site(address: str) -> tuple[str, str, int] | None:
    """Read scheme, host and port; ``None``: it is no address."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or PORTS[parts.scheme]


def put_cookie(world: World, request: Request, response: Response, name: str, value: str, **how: object) -> None:
    """Set a cookie that no script reads, and that goes by TLS alone where browsers come by TLS."""
    response.set_cookie(name, value, httponly=True, secure=is_by_tls(world, request), **how)  # type: ignore[arg-type]
