"""The city's own login: a browser is sent there and comes back as somebody of the roster; whatever does not hold lets
nobody in."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from engine.settings import Settings
from tests.support.house import House, house
from tests.support.provider import CLIENT, SECRET, Login, provider
from tests.support.servers import free_ports
from tests.unit.gateway.test_menu import OF_DESK

BACK = "/v1/session/oidc/callback"


@asynccontextmanager
async def city(redis_url: str, folder: Path) -> AsyncIterator[tuple[House, httpx.AsyncClient, Login]]:
    """A gateway whose people come by a login of their own."""
    port = free_ports(1)
    more = {"gateway_oidc_issuer": f"http://127.0.0.1:{port}", "gateway_oidc_client": CLIENT,
            "gateway_oidc_secret": SECRET, "gateway_url": "http://127.0.0.1", "gateway_seats": ""}  # fmt: skip
    async with provider(port) as login, house(redis_url, folder, **more) as (here, client):
        yield here, client, login


async def sent_away(client: httpx.AsyncClient, **query: str) -> dict[str, str]:
    """Begin; what the login is asked."""
    found = await client.get("/v1/session/oidc", params=query)
    assert found.status_code == 302, found.text
    assert "HttpOnly" in found.headers["set-cookie"] and "SameSite=lax" in found.headers["set-cookie"]
    return dict(parse_qsl(urlsplit(found.headers["location"]).query))


async def came_back(client: httpx.AsyncClient, login: Login, **query: str) -> httpx.Response:
    """Log in and come back."""
    asked = await sent_away(client, **query)
    return await client.get(BACK, params={"state": asked["state"], "code": login.login(asked)})


async def test_who_logs_in_is_a_person_of_the_roster(redis_url: str, tmp_path: Path) -> None:
    """With a session as by password; it leads to one place, and ends with the account or the login."""
    async with city(redis_url, tmp_path) as (here, client, login):
        found = await came_back(client, login)
        assert (found.status_code, found.headers["location"]) == (303, "/")
        assert "SameSite=strict" in found.headers["set-cookie"]
        assert (await client.get("/v1/session")).json() == {
            "kind": "person", "name": "desk-1", "role": "desk", "org": None, "pages": OF_DESK,
        }  # fmt: skip
        assert (await client.get("/v1/session/ways")).json()["oidc"] is True
        here.world.openid, kept = None, here.world.openid
        assert (await client.get("/v1/session/ways")).json()["oidc"] is False
        assert (await client.get("/v1/session")).status_code == 401
        assert (await client.get("/v1/session/oidc")).status_code == 404
        here.world.openid, login.name = kept, "watcher"
        assert (await client.get("/v1/session")).status_code == 200
        here.world.accounts.add("desk-1", "auditor")  # nobody is two things
        assert (await client.get("/v1/session")).status_code == 401
        client.cookies.clear()
        assert (await came_back(client, login)).status_code == 401  # on no roster, and no account
        here.world.accounts.add("watcher", "auditor")
        assert (await came_back(client, login)).status_code == 303
        assert (await client.get("/v1/session")).json()["kind"] == "auditor"
        here.world.accounts.disable("watcher")
        assert (await client.get("/v1/session")).status_code == 401
        assert (await came_back(client, login)).status_code == 401


LIES: dict[str, Callable[[Login], None]] = {
    "another's key": lambda login: setattr(login, "signs", type(login.key).generate_key(2048)),
    "another key of the same name": lambda login: by_another(login),
    "no signature": lambda login: setattr(login, "raw", lambda claims: packed({"alg": "none"}, claims) + "."),
    "a signature made of the public key": lambda login: setattr(login, "raw", by_the_public_key(login)),
    "another issuer": lambda login: login.claims.update(iss="https://evil.example"),
    "another client": lambda login: login.claims.update(aud="other"),
    "two clients": lambda login: login.claims.update(aud=[CLIENT, "other"]),
    "over": lambda login: login.claims.update(exp=int(time.time()) - 3600),
    "without an end": lambda login: login.claims.update(exp=None),
    "of another login": lambda login: login.claims.update(nonce="x"),
    "of no login": lambda login: login.claims.update(nonce=None),
    "not yet": lambda login: login.claims.update(nbf=int(time.time()) + 3600),
    "no token": lambda login: setattr(login, "raw", lambda claims: "..."),
    "nothing but letters": lambda login: setattr(login, "raw", lambda claims: "token"),
    "of nobody's name": lambda login: login.claims.update(preferred_username=""),
    "a name that is a list": lambda login: login.claims.update(preferred_username=["desk-1"]),
    "a stranger": lambda login: login.claims.update(preferred_username="mallory"),
}  # fmt: skip


def by_another(login: Login) -> None:
    """A key that calls itself as the provider's does."""
    login.signs = login.other
    login.header["alg"] = "ES256"


def packed(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """What is signed of a token."""
    parts = (base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in (header, claims))
    return ".".join(parts)


def by_the_public_key(login: Login) -> Callable[[dict[str, Any]], str]:
    """What everybody may read, taken for a secret."""

    def sign(claims: dict[str, Any]) -> str:
        text = packed({"alg": "HS256", "kid": "k1"}, claims)
        mac = hmac.new(login.key.as_pem(private=False), text.encode(), "sha256").digest()
        return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"

    return sign


async def test_what_does_not_hold_lets_nobody_in(redis_url: str, tmp_path: Path) -> None:
    """Each lie alone; then the truth, which is let in."""
    async with city(redis_url, tmp_path) as (_, client, login):
        truth = dict(login.header), login.signs
        for name, lie in LIES.items():
            lie(login)
            found = await came_back(client, login)
            assert found.status_code == 401 and "gridwhistle_session" not in str(found.headers), name
            login.header, login.signs, login.raw = dict(truth[0]), truth[1], None
            login.claims.clear()
        assert (await came_back(client, login)).status_code == 303


async def test_a_login_is_of_one_browser_and_once(redis_url: str, tmp_path: Path) -> None:
    """Another browser's, one that was used, one of no state or code, one in a role that is not theirs."""
    async with city(redis_url, tmp_path) as (_, client, login):
        asked = await sent_away(client)
        good, mine = {"state": asked["state"], "code": login.login(asked)}, client.cookies["gridwhistle_login"]
        client.cookies.clear()
        assert (await client.get(BACK, params=good)).status_code == 401  # a login that another began for them
        cookie = {"cookie": f"gridwhistle_login={mine}"}
        for wrong in ({}, {"state": ""}, {"code": good["code"]}, good | {"state": "x"}, good | {"state": "ÿ"}):
            assert (await client.get(BACK, params=wrong, headers=cookie)).status_code == 401, wrong
        assert (await client.get(BACK, params=good, headers=cookie)).status_code == 303
        assert (await client.get(BACK, params=good, headers=cookie)).status_code == 401
        client.cookies.clear()
        assert (await came_back(client, login, role="chief")).status_code == 422
        assert (await came_back(client, login, role="desk")).status_code == 303


@pytest.mark.parametrize(("ends_by", "in_pieces"), [("/", False), ("", True)])
async def test_a_login_is_taken_as_it_speaks(redis_url: str, tmp_path: Path, ends_by: str, in_pieces: bool) -> None:
    """Under a name that ends with a slash, as some have it, and in as many packets as it likes."""
    async with city(redis_url, tmp_path) as (_, client, login):
        login.ends_by, login.in_pieces = ends_by, in_pieces
        found = await came_back(client, login)
        assert found.status_code == 303, found.text


async def test_a_login_that_is_away_is_said(tmp_path: Path, redis_url: str) -> None:
    """503, and again later; sessions that stand go on."""
    async with city(redis_url, tmp_path) as (here, client, login):
        assert (await came_back(client, login)).status_code == 303
        assert here.world.openid is not None
        here.world.openid._described, here.world.openid.issuer = None, "http://127.0.0.1:1"
        found = await client.get("/v1/session/oidc")
        assert (found.status_code, "retry-after" in found.headers) == (503, True)
        assert (await client.get("/v1/session")).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"gateway_oidc_issuer": "https://login.example"},
        {"gateway_oidc_issuer": "https://login.example", "gateway_oidc_client": "x"},
        {"gateway_oidc_issuer": "http://login.example", "gateway_oidc_client": "x", "gateway_url": "https://a.example"},
        {"gateway_oidc_issuer": "https://login.example", "gateway_oidc_client": "x", "gateway_url": "http://a.example"},
        {"gateway_oidc_issuer": "ftp://login.example"},
        {"gateway_url": "https://a.example/x"},
    ],
)
def test_a_login_that_could_be_read_on_the_way_is_refused(more: dict[str, Any]) -> None:
    """At the start, with the mend."""
    with pytest.raises(ValueError, match="GATEWAY_OIDC|pattern"):
        Settings(**more)
