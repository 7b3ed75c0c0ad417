"""TLS ends before the gateway: cookies go by TLS alone, the page's origin is the one that browsers see, and a proxy is
believed where it is named."""

from pathlib import Path

import httpx
import pytest

from engine.gateway import logins
from engine.gateway.process import config_of
from engine.settings import Settings
from tests.support.house import House, house

SEAT = {"role": "desk", "person": "desk-1"}
FORWARDED = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}
URL = {"gateway_url": "https://dispatch.example/"}
PROXY = {"gateway_proxies": "127.0.0.1, 10.1.0.0/16"}


def behind(here: House) -> httpx.AsyncClient:
    """A client of the whole server, proxy's headers and all, whose socket is on the loopback."""
    config = config_of(here.world)
    config.load()
    transport = httpx.ASGITransport(app=config.loaded_app, client=("127.0.0.1", 1))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@pytest.mark.parametrize(
    ("more", "headers", "secure"),
    [
        ({}, {}, False),
        ({}, FORWARDED, False),
        (URL, {}, True),
        (PROXY, FORWARDED, True),
        (PROXY, {}, False),
        ({"gateway_proxies": "10.1.0.0/16"}, FORWARDED, False),
        ({"gateway_bind": "0.0.0.0:80", "gateway_seats": ""}, {}, True),
    ],
)
async def test_cookies_go_by_tls_alone_where_browsers_come_by_tls(
    redis_url: str, tmp_path: Path, more: dict[str, str], headers: dict[str, str], secure: bool
) -> None:
    """That which begins a session, and that which ends it; whatever the gateway's own socket is."""
    async with house(redis_url, tmp_path, **more) as (here, _), behind(here) as client:
        given = (
            SEAT
            if "gateway_seats" not in more
            else {"name": "aud", "password": here.world.accounts.add("aud", "auditor")}
        )
        begun = await client.post("/v1/session", json=given, headers=headers)
        assert begun.status_code == 201, begun.text
        ended = await client.delete("/v1/session", headers=headers)
        for found in (begun, ended):
            kept = found.headers["set-cookie"]
            assert ("secure" in kept.lower()) is secure and "HttpOnly" in kept and "SameSite=strict" in kept


@pytest.mark.parametrize(
    ("more", "host", "origin", "status"),
    [
        (URL, "gateway:8080", "https://dispatch.example", 202),
        (URL, "gateway:8080", "https://dispatch.example:443", 202),
        (URL, "dispatch.example", "http://dispatch.example", 403),
        (URL, "gateway:8080", "https://evil.example", 403),
        (URL, "gateway:8080", "https://dispatch.example.evil.example", 403),
        (URL, "gateway:8080", "https://dispatch.example:8443", 403),
        (PROXY, "dispatch.example", "https://dispatch.example", 202),
        (PROXY, "dispatch.example", "http://dispatch.example", 403),
        ({}, "dispatch.example", "https://dispatch.example", 202),
        ({}, "dispatch.example", "https://dispatch.example@evil.example", 403),
        ({}, "127.0.0.1", "null", 403),
        ({}, "", "null", 403),
    ],
)
async def test_a_pages_origin_is_the_address_that_browsers_see(
    redis_url: str, tmp_path: Path, more: dict[str, str], host: str, origin: str, status: int
) -> None:
    """Whatever name the proxy asks by; and none without TLS where they come by TLS."""
    async with house(redis_url, tmp_path, **more) as (here, _), behind(here) as client:
        await client.post("/v1/session", json=SEAT)
        cookie = {"cookie": "gridwhistle_session=" + (client.cookies.get("gridwhistle_session") or "")}
        client.cookies.clear()
        forwarded = FORWARDED if more == PROXY else {}
        head = {**cookie, **forwarded, "host": host, "origin": origin}
        found = await client.post("/v1/incidents", json={"location": {"grid": "east1"}}, headers=head)
        assert found.status_code == status, found.text


async def test_others_are_told_the_address_that_browsers_see(redis_url: str, tmp_path: Path) -> None:
    """Open311's discovery names it, by setting or by a proxy that is believed."""
    for more, headers, url in (
        (URL, {}, "https://dispatch.example/open311/v2"),
        (PROXY, FORWARDED | {"host": "city.example"}, "https://city.example/open311/v2"),
        ({}, FORWARDED | {"host": "city.example"}, "http://city.example/open311/v2"),
    ):
        async with house(redis_url, tmp_path, **more) as (here, _), behind(here) as client:
            found = (await client.get("/open311/v2/discovery.json", headers=headers)).json()
            assert found["endpoints"][0]["url"] == url


async def test_who_comes_by_a_proxy_is_counted_by_their_own_address_and_nobody_lends_himself_one(
    redis_url: str, tmp_path: Path
) -> None:
    """A proxy that is named says who comes; whoever else says so is counted as himself."""
    for more, answers in ((PROXY, {401}), ({}, {401, 429})):
        async with (
            house(redis_url, tmp_path, gateway_requests_per_second=1, **more) as (here, _),
            behind(here) as client,
        ):
            came = [
                await client.get("/v1/queues", headers={"x-forwarded-for": f"203.0.113.{number}"})
                for number in range(15)
            ]
            assert {one.status_code for one in came} == answers


async def test_who_guesses_from_one_address_keeps_nobody_out(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the owner of the name, however often they are refused, nor by an address of IPv6 for each guess: of
    those everybody has 2 to the 64th."""
    monkeypatch.setattr(logins, "OF_A_NAME", 12)
    more = PROXY | {"gateway_seats": ""}
    async with house(redis_url, tmp_path, **more) as (here, _), behind(here) as client:
        right = here.world.accounts.add("chief-1", "person")

        async def came(address: str, password: str = "guess guess") -> int:
            given = {"name": "chief-1", "password": password}
            found = await client.post("/v1/session", json=given, headers={"x-forwarded-for": address})
            client.cookies.clear()
            return found.status_code

        answers = [await came("203.0.113.9") for _ in range(12)]
        assert (answers[:5], set(answers[5:])) == ([401] * 5, {429})
        assert await came("203.0.113.10", right) == 201
        answers = [await came(f"2001:db8:7:1::{number}") for number in range(12)]
        assert (answers[:5], set(answers[5:])) == ([401] * 5, {429})
        assert await came("203.0.113.10", right) == await came("2001:db8:7:2::1", right) == 201


@pytest.mark.parametrize("text", ["*", "proxy.example", "10.1.0.1/16", "300.0.0.1"])
def test_what_is_no_network_is_refused(text: str) -> None:
    """Above all the star, by which everybody would be believed."""
    with pytest.raises(ValueError):
        Settings(gateway_proxies=text)
    assert Settings(gateway_proxies=" ::1 ,10.1.0.0/16").gateway_proxies == "::1,10.1.0.0/16"
