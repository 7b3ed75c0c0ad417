"""The city's login by OpenID Connect: where it is, what it is asked (code with PKCE), whether what it says holds."""

import asyncio
import base64
import hashlib
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

import msgspec

from engine.errors import DependencyDown
from engine.security.bounded_answers import read_into
from engine.server_addresses import keeps_secret
from topics.errors import GridwhistleError
from topics.unreadable import UNREADABLE

if TYPE_CHECKING:
    from engine.settings import Settings

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by a key that only the provider has; never ``none``, never one that its public key could make."""
ANSWER_BYTES = 256 * 1024
ASK_SECONDS = 5.0
KEPT_SECONDS = 600.0
AGAIN_SECONDS = 30.0
"""A key that is not known is asked for anew, no more often than that."""
LEEWAY = 60
"""Seconds by which two clocks may differ."""


class NotProven(GridwhistleError):
    """What came back from the login proves nothing; it never says what came."""


class Provider:
    """One issuer, as its own description has it; read when it is first needed."""

    def __init__(self, issuer: str, client: str, secret: str) -> None:
        """Ask nobody yet. Some end their own name with a slash and some do not: their description says which."""
        self.issuer, self.client, self._secret = issuer.rstrip("/"), client, secret
        self._described: dict[str, Any] | None = None
        self._keys: Any = None
        self._at = {"described": float("-inf"), "keys": float("-inf")}

    async def address(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Say where a browser is sent to log in, and comes back from."""
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code", "client_id": self.client, "redirect_uri": back, "scope": "openid profile",
            "state": state, "nonce": nonce, "code_challenge_method": "S256",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        }  # fmt: skip
        where = (await self._description())["authorization_endpoint"]
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    async def claims(self, code: str, back: str, nonce: str, verifier: str) -> dict[str, Any]:
        """Turn a code into what the provider says of who logged in.

        Raises:
            NotProven: The code, or the token it gave, proves nothing.
            DependencyDown: The provider is away.
        """
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        told = await self._asked((await self._description())["token_endpoint"], given)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise NotProven("the login gave no token for this code")
        return await self._proven(token, nonce)

    async def _proven(self, token: str, nonce: str) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwt import JWTClaimsRegistry

        rules = JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": (await self._description())["issuer"]},
            aud={"essential": True, "value": self.client},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            try:
                read = jwt.decode(token, await self._key_set(), algorithms=list(ALGORITHMS))
            except (JoseError, ValueError):  # its keys may have changed
                read = jwt.decode(token, await self._key_set(anew=True), algorithms=list(ALGORITHMS))
            rules.validate(read.claims)
        except (JoseError, ValueError, TypeError, KeyError) as exc:
            raise NotProven("the login's token does not hold") from exc
        if (
            isinstance(read.claims["aud"], list)
            and len(read.claims["aud"]) > 1
            and read.claims.get("azp") != self.client
        ):
            raise NotProven("the login's token is for another client as well")
        return dict(read.claims)

    async def _description(self) -> dict[str, Any]:
        if self._described is None or time.monotonic() - self._at["described"] > KEPT_SECONDS:
            found = await self._asked(f"{self.issuer}/.well-known/openid-configuration")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if str(found.get("issuer")).rstrip("/") != self.issuer or not all(
                keeps_secret(found.get(one)) for one in needed
            ):
                raise DependencyDown("the login's description is of another issuer, or names addresses without TLS")
            self._described, self._at["described"] = found, time.monotonic()
        return self._described

    async def _key_set(self, anew: bool = False) -> Any:
        from joserfc.jwk import KeySet

        age = time.monotonic() - self._at["keys"]
        if self._keys is None or age > KEPT_SECONDS or (anew and age > AGAIN_SECONDS):
            found = await self._asked((await self._description())["jwks_uri"])
            keys = [one for one in found.get("keys", ()) if isinstance(one, dict) and one.get("kty") != "oct"]
            self._keys, self._at["keys"] = KeySet.import_key_set({"keys": keys}), time.monotonic()
        return self._keys

    def _basic(self) -> str:
        """Name and secret as RFC 6749 (2.3.1) wants them."""
        return base64.b64encode(f"{quote_plus(self.client)}:{quote_plus(self._secret)}".encode()).decode()

    async def _asked(self, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        """Ask the provider: no longer and no further than it should need, and nobody whom it refers us to."""
        import aiohttp

        from engine.security.early_words import Answered

        head = {"Authorization": f"Basic {self._basic()}"} if form is not None and self._secret else {}
        data = form if form is None or self._secret else form | {"client_id": self.client}
        body = bytearray()
        try:
            async with (
                asyncio.timeout(ASK_SECONDS),
                aiohttp.ClientSession(trust_env=False, response_class=Answered) as session,
                session.request("GET" if form is None else "POST", url, data=data, headers=head,
                                allow_redirects=False) as answer,
            ):  # fmt: skip
                await read_into(body, answer.content, ANSWER_BYTES + 1)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as exc:
            raise DependencyDown("the login (OpenID Connect) does not answer") from exc
        if answer.status >= 500 or (form is None and answer.status != 200) or len(body) > ANSWER_BYTES:
            raise DependencyDown(f"the login (OpenID Connect) answered {answer.status}")
        try:
            return msgspec.json.decode(body, type=dict[str, Any])
        except UNREADABLE as exc:
            raise DependencyDown("the login (OpenID Connect) answers what is no JSON") from exc


def provider_of(settings: "Settings") -> Provider | None:
    """Give the login that the settings name, if any."""
    if not settings.gateway_oidc_issuer:
        return None
    secret = settings.gateway_oidc_secret.get_secret_value()
    return Provider(settings.gateway_oidc_issuer, settings.gateway_oidc_client, secret)
