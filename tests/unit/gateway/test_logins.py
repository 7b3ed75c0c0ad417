"""Keys and sessions: a secret is kept by nobody, and a page of somebody else's can do nothing with a cookie."""

import os
import stat
import time
from pathlib import Path

import httpx
import pytest

from engine.errors import InvalidSettings
from engine.gateway.keys import Keys
from engine.settings import Settings
from tests.support.house import house

SEAT = {"role": "desk", "person": "desk-1"}


def test_a_key_is_kept_as_a_hash_and_ends(tmp_path: Path) -> None:
    """Shown once, 0600, dead at the next request once it is revoked or over."""
    keys = Keys(tmp_path / "gateway.keys")
    assert keys.all() == [] and keys.caller("gwk_a_b") is None
    key, text = keys.add("source", "hotline", 30)
    assert text.rpartition("_")[2] not in keys.path.read_text()
    assert stat.S_IMODE(os.stat(keys.path).st_mode) == 0o600
    other = Keys(keys.path)
    found = other.caller(text)
    assert found is not None and (found.kind, found.name) == ("source", "hotline")
    for wrong in (text[:-1], text + "0", text.replace(key.id, "0" * 12), "Bearer", "", "a_b_c", "gwk__"):
        assert other.caller(wrong) is None
    _, over = keys.add("source", "old", 1, now=time.time() - 2 * 86_400)
    assert other.caller(over) is None and other.caller(text) is not None
    assert keys.revoke(key.id) and not keys.revoke(key.id)
    assert other.caller(text) is None


def test_a_spoilt_file_of_keys_is_said(tmp_path: Path) -> None:
    """And lets nobody in."""
    (tmp_path / "gateway.keys").write_text("{")
    with pytest.raises(InvalidSettings, match="holds no keys"):
        Keys(tmp_path / "gateway.keys").caller("gwk_a_b")


def test_open_seats_are_for_the_loopback() -> None:
    """Bound to anything else the gateway does not start."""
    for bind in ("0.0.0.0:80", "10.0.0.1:80", "[::]:80", "host.example:80"):
        with pytest.raises(ValueError, match="would let everybody"):
            Settings(gateway_seats="open", gateway_bind=bind)
    assert Settings(gateway_seats="open", gateway_bind="[::1]:80").gateway_address == ("::1", 80)


async def begun(client: httpx.AsyncClient) -> dict[str, str]:
    """Sit down; the cookie that comes of it."""
    found = await client.post("/v1/session", json=SEAT)
    assert found.status_code == 201
    set_cookie = found.headers["set-cookie"]
    assert "HttpOnly" in set_cookie and "SameSite=strict" in set_cookie
    client.cookies.clear()
    return {"cookie": set_cookie.partition(";")[0]}


async def test_a_seat_is_taken_and_left(redis_url: str, tmp_path: Path) -> None:
    """The cookie is worth nothing after; Redis knows no token."""
    async with house(redis_url, tmp_path) as (here, client):
        seats = (await client.get("/v1/seats")).json()["seats"]
        assert any(SEAT.items() <= one.items() for one in seats)
        cookie = await begun(client)
        assert (await client.get("/v1/session", headers=cookie)).json()["name"] == "desk-1"
        kept = [key async for key in here.world.view.redis.scan_iter(f"{here.settings.prefix}gateway:session:*")]
        assert len(kept) == 1 and cookie["cookie"].partition("=")[2] not in kept[0]
        assert (await client.delete("/v1/session", headers=cookie)).status_code == 204
        assert (await client.get("/v1/session", headers=cookie)).status_code == 401
        for wrong in ({}, {"role": "desk"}, {"role": "king", "person": "desk-1"}, SEAT | {"person": "chief-1"}):
            assert (await client.post("/v1/session", json=wrong)).status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_another_page_cannot_use_a_session(redis_url: str, tmp_path: Path, headers: dict[str, str]) -> None:
    """What the browser says of where it comes from is believed; a key is no cookie."""
    async with house(redis_url, tmp_path) as (here, client):
        cookie = await begun(client)
        assert (await client.post("/v1/incidents", json={}, headers=cookie | headers)).status_code == 403
        own = cookie | {"origin": "http://127.0.0.1"}
        assert (
            await client.post("/v1/incidents", json={"location": {"grid": "east1"}}, headers=own)
        ).status_code == 202
        assert len(here.raw()) == 1


async def test_seats_are_closed_unless_opened_and_to_other_names(redis_url: str, tmp_path: Path) -> None:
    """A page whose own name means the loopback finds nothing either."""
    async with house(redis_url, tmp_path) as (_, client):
        for name in ("evil.example", "127.0.0.1.evil.example:80", "", "[::1"):
            found = await client.post("/v1/session", json=SEAT, headers={"host": name})
            assert found.status_code == (400 if name == "[::1" else 404), name
    async with house(redis_url, tmp_path, gateway_seats="") as (_, client):
        assert (
            (await client.get("/v1/seats")).status_code
            == (await client.post("/v1/session", json=SEAT)).status_code
            == 404
        )


async def test_a_seat_ends_when_seats_are_closed(redis_url: str, tmp_path: Path) -> None:
    """A session begun in an open seat is worth nothing on a gateway whose seats are closed."""
    async with house(redis_url, tmp_path) as (here, client):
        cookie = await begun(client)
        here.world.settings = here.settings.model_copy(update={"gateway_seats": ""})
        assert (await client.get("/v1/session", headers=cookie)).status_code == 401


async def test_guesses_of_a_key_are_counted(redis_url: str, tmp_path: Path) -> None:
    """As requests of nobody are, by address."""
    async with house(redis_url, tmp_path, gateway_requests_per_second=1) as (here, client):
        guess = {"authorization": "Bearer gwk_a_b"}
        answers = [(await client.get("/v1/queues", headers=guess)).status_code for _ in range(12)]
        assert answers[:10] == [401] * 10 and answers[-1] == 429
        assert (await client.get("/v1/queues", headers=here.key("source", "app"))).status_code == 404


async def test_a_wrong_key_is_told_apart_from_none(redis_url: str, tmp_path: Path) -> None:
    """401 both; who sends a wrong one is not let in by a cookie beside it."""
    async with house(redis_url, tmp_path) as (_, client):
        cookie = await begun(client)
        for given in ("Bearer gwk_a_b", "Basic YTpi", "Bearer", ""):
            found = await client.get("/v1/queues", headers=cookie | {"authorization": given})
            assert (found.status_code, found.headers["www-authenticate"][:6]) == (401, "Bearer")
