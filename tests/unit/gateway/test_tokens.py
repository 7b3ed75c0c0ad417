"""Client credentials: a key draws a token that does what the key does, for a quarter of an hour, and ends with it."""

from pathlib import Path
from typing import Any

from engine.gateway import bearers
from tests.support.house import house


async def test_a_token_is_the_key_s_for_a_while(redis_url: str, tmp_path: Path) -> None:
    """By Basic or in the form; nothing of it stands in Redis, and it ends with its key."""
    async with house(redis_url, tmp_path) as (here, client):
        key, text = here.world.keys.add("source", "hotline", 30)
        grant = {"grant_type": "client_credentials"}
        by_form = await client.post("/v1/token", data=grant | {"client_id": key.id, "client_secret": text})
        by_basic = await client.post("/v1/token", data=grant, auth=(key.id, text))
        for found in (by_form, by_basic):
            told = found.json()
            assert (found.status_code, told["token_type"], told["expires_in"]) == (200, "Bearer", 900), told
            assert found.headers["cache-control"] == "no-store"
            headers = {"authorization": f"Bearer {told['access_token']}"}
            assert (
                await client.post("/v1/incidents", json={"location": {"grid": "east1"}}, headers=headers)
            ).is_success
            assert (await client.get("/v1/queues", headers=headers)).status_code == 404
        kept = [name async for name in here.world.view.redis.scan_iter(f"{here.settings.prefix}gateway:token:*")]
        assert len(kept) == 2 and all(told["access_token"] not in name for name in kept)
        assert 0 < await here.world.view.redis.ttl(kept[0]) <= bearers.SECONDS
        here.world.keys.revoke(key.id)
        assert (await client.get("/v1/session", headers=headers)).status_code == 401


async def test_who_is_no_client_is_told_in_oauth_s_words(redis_url: str, tmp_path: Path) -> None:
    """invalid_client, invalid_request, unsupported_grant_type, invalid_scope; never a token."""
    async with house(redis_url, tmp_path) as (here, client):
        key, text = here.world.keys.add("source", "hotline", 30)
        other, _ = here.world.keys.add("source", "other", 30)
        good = {"grant_type": "client_credentials", "client_id": key.id, "client_secret": text}
        form = {"content-type": "application/x-www-form-urlencoded"}
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"data": good | {"client_secret": text[:-1]}}, "invalid_client"),
            ({"data": good | {"client_secret": ""}}, "invalid_client"),
            ({"data": good | {"client_id": other.id}}, "invalid_client"),
            ({"data": good, "headers": {"authorization": "Bearer gwt_x"}}, "invalid_client"),
            ({"data": {"grant_type": "client_credentials"}, "auth": (key.id, "x")}, "invalid_client"),
            ({"data": good | {"grant_type": "password"}}, "unsupported_grant_type"),
            ({"data": good | {"scope": "everything"}}, "invalid_scope"),
            ({"data": good, "auth": (key.id, text)}, "invalid_request"),
            ({"json": good}, "invalid_request"),
            ({"content": b"grant_type=a&grant_type=b", "headers": form}, "invalid_request"),
        ]  # fmt: skip
        for given, error in wrong:
            found = await client.post("/v1/token", **given)
            assert found.status_code == (401 if error == "invalid_client" else 400), (given, found.text)
            assert found.json()["error"] == error and "access_token" not in found.text, given
        for token in ("gwt_", "gwt_x", "gwt_" + "x" * 200):
            found = await client.get("/v1/queues", headers={"authorization": f"Bearer {token}"})
            assert found.status_code == 401
