"""A small OpenID Connect provider on the loopback: it lets in whoever it is told, and can be made to lie."""

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "gridwhistle", "s3cret"


class Login:
    """The provider, and what it says of whoever logs in."""

    def __init__(self, issuer: str) -> None:
        """Say the truth."""
        self.issuer, self.name = issuer, "desk-1"
        self.key, self.other = RSAKey.generate_key(2048, {"kid": "k1"}), ECKey.generate_key("P-256", {"kid": "k1"})
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "k1"}
        self.signs: Any = self.key
        self.claims: dict[str, Any] = {}
        """In place of what it would say."""
        self.raw: Callable[[dict[str, Any]], str] | None = None
        """In place of the whole token."""
        self.ends_by = ""
        """After its own name: some write a slash there."""
        self.in_pieces = False
        """Whether what it answers comes in two."""
        self.codes: dict[str, dict[str, str]] = {}

    async def _told(self, request: web.Request, what: dict[str, Any]) -> web.StreamResponse:
        """Answer, as a busy server does, whose second packet comes later than its first."""
        if not self.in_pieces:
            return web.json_response(what)
        body, answer = json.dumps(what).encode(), web.StreamResponse(headers={"content-type": "application/json"})
        await answer.prepare(request)
        for piece in (body[:20], body[20:]):
            await answer.write(piece)
            await asyncio.sleep(0.02)
        return answer

    async def described(self, request: web.Request) -> web.StreamResponse:
        """Where it is."""
        places = {"authorization_endpoint": "login", "token_endpoint": "token", "jwks_uri": "keys"}
        found = {name: f"{self.issuer}/{path}" for name, path in places.items()}
        return await self._told(request, {"issuer": self.issuer + self.ends_by} | found)

    async def keys(self, request: web.Request) -> web.StreamResponse:
        """By which its word is known."""
        return await self._told(request, {"keys": [self.key.as_dict(private=False)]})

    def login(self, asked: dict[str, str]) -> str:
        """Somebody logs in; answers the code their browser comes back with."""
        assert asked["code_challenge_method"] == "S256" and asked["client_id"] == CLIENT
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return code

    async def token(self, request: web.Request) -> web.StreamResponse:
        """A code for a token, once, for who began the login."""
        given = await request.post()
        asked = self.codes.pop(str(given.get("code")), None)
        digest = hashlib.sha256(str(given.get("code_verifier")).encode()).digest()
        proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        known = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        fits = asked is not None and asked["code_challenge"] == proof and asked["redirect_uri"] == given["redirect_uri"]
        if asked is None or not fits or request.headers.get("authorization") != known:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {"iss": self.issuer + self.ends_by, "aud": CLIENT, "sub": "u1", "iat": now, "exp": now + 300,
                  "nonce": asked["nonce"], "preferred_username": self.name} | self.claims  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        algorithms = ["RS256", "HS256", "ES256", "none"]
        sign = self.raw or (lambda claims: jwt.encode(self.header, claims, self.signs, algorithms=algorithms))
        return await self._told(request, {"access_token": "x", "token_type": "Bearer", "id_token": sign(claims)})


@asynccontextmanager
async def provider(port: int) -> AsyncIterator[Login]:
    """Answer on a port of the loopback."""
    login = Login(f"http://127.0.0.1:{port}")
    app = web.Application()
    app.add_routes([
        web.get("/.well-known/openid-configuration", login.described),
        web.get("/keys", login.keys),
        web.post("/token", login.token),
    ])  # fmt: skip
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield login
    finally:
        await runner.cleanup()
