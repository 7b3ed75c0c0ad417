"""The console's files over HTTP: read once, the page never kept by a browser, what it loads by its hash for ever."""

import gzip
import mimetypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.callers import Caller
from engine.gateway.problems import not_found
from engine.gateway.world import World

DIST = Path(__file__).parents[1] / "console" / "dist"
"""What Vite made of ``engine/console``; not under version control, in the wheel."""
CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from elsewhere, nothing written into the page itself: text that people sent can at most be text."""
HEADERS = {"content-security-policy": CSP, "cross-origin-opener-policy": "same-origin"}
FOR_EVER = "public, max-age=31536000, immutable"
"""A file whose name holds its hash never changes."""
WORTH_PACKING = 1024
"""Bytes from which on gzip saves a packet."""

PATHS = (
    "/",
    "/queues/{view}",
    "/tickets/{id:path}",
    "/desk",
    "/approvals",
    "/whistles",
    "/numbers",
    "/law",
    "/map",
    "/score",
    "/records",
    "/offers",
    "/callbacks",
    "/duty",
    "/handover",
    "/notices",
    "/webhooks",
    "/wall",
    "/sign-in",
)
"""Where the console's own pages lie; all of them are one file."""

NOT_BUILT = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>gridwhistle</title>
<h1>控制台尚未构建</h1><p>接口照常工作（<a href="/openapi.json">/openapi.json</a>）。构建控制台：
<code>make install</code> 或 <code>python -m engine.console.build</code>，然后重启网关。</p>
<h1 lang="en">The console was not built</h1><p lang="en">The API works all the same. To build it:
<code>make install</code>, or <code>python -m engine.console.build</code>, then start the gateway again.</p></html>
"""


class File(NamedTuple):
    """One file as it is sent."""

    content: bytes
    packed: bytes | None
    kind: str


@cache
def files(folder: Path = DIST) -> dict[str, File]:
    """Read all there is, by its path: a request chooses among these and never names a file of the disk."""
    return {path.relative_to(folder).as_posix(): _read(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _read(path: Path) -> File:
    content = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind.endswith(("javascript", "json", "svg+xml"))
    return File(
        content,
        gzip.compress(content, mtime=0) if text and len(content) >= WORTH_PACKING else None,
        f"{kind}; charset=utf-8" if text else kind,
    )


async def page(world: World, request: Request, caller: Caller) -> Response:
    """Give the console."""
    found = files().get("index.html")
    if found is None:
        return Response(NOT_BUILT, 503, HEADERS, "text/html; charset=utf-8")
    return _sent(request, found, "no-cache")


async def asset(world: World, request: Request, caller: Caller) -> Response:
    """Give a file that the console loads."""
    found = files().get(f"assets/{request.path_params['name']}")
    if found is None:
        raise not_found()
    return _sent(request, found, FOR_EVER)


def _sent(request: Request, file: File, kept: str) -> Response:
    packs = file.packed is not None and "gzip" in request.headers.get("accept-encoding", "")
    headers = HEADERS | {"cache-control": kept, "vary": "accept-encoding"}
    if packs:
        headers |= {"content-encoding": "gzip"}
    return Response(file.packed if packs else file.content, 200, headers, file.kind)
