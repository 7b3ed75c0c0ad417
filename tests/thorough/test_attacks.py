"""Nothing that is tried at the doors comes through: each try is answered with its reason, none with a fault of ours,
and nothing of any of them stands on the log."""

import time
from pathlib import Path

import httpx
import pytest

from engine.gateway import sessions
from tests.support import attacks_on_bodies as bodies
from tests.support import attacks_on_paths as paths
from tests.support import attacks_on_people as people
from tests.support.attacks import WHERE, Answer, Attack, sent
from tests.support.attacks_on_webhooks import WEBHOOKS
from tests.support.house import House, house
from topics.registry import COMMANDS

FAMILIES: dict[str, tuple[Attack, ...]] = {
    "tokens": people.TOKENS,
    "logins": people.LOGINS,
    "pages": people.PAGES,
    "others": people.OTHERS,
    "json": bodies.JSON_GAMES,
    "ends": bodies.ENDS,
    "events": bodies.EVENTS,
    "shown": bodies.SHOWN,
    "again": bodies.AGAIN,
    "segments": paths.SEGMENTS,
    "heads": paths.HEADS,
    "open311": paths.OPEN311,
    "webhooks": WEBHOOKS,
}


def test_there_are_so_many_and_each_is_another() -> None:
    """By what is sent, not by name."""
    every = [one for family in FAMILIES.values() for one in family]
    assert len({one[1:] for one in every}) == len(every) >= 250
    assert len({one.name for one in every}) == len(every)


class Camp:
    """A house with everybody whose name an attack may carry, and what they stole."""

    def __init__(self, here: House, client: httpx.AsyncClient) -> None:
        self.here, self.client, self.app = here, client, client._transport.app  # type: ignore[attr-defined]
        self.who: dict[str, dict[str, str]] = {"nobody": {}}
        self.stolen: dict[str, str] = {}

    async def pitch(self) -> None:
        """Make keys, sessions, tickets."""
        here, keys = self.here, self.here.world.keys
        for name in ("hotline", "app", "ap"):
            self.who[name] = here.key("source", name)
        self.who |= {"fire": here.key("department", "fire-1", "department", "fire")}
        for name, who in {"desk": "desk:desk-1", "south": "street:south-street", "chief": "chief:chief-1"}.items():
            self.who[name] = here.person(who)
        for kind in ("auditor", "system_admin", "security_admin"):
            self.who[kind] = await here.login(self.client, f"{kind}-1", kind)
        self.who["cookie"] = await self._session()
        known, text = keys.add("source", "known", 30)
        over, dead = keys.add("source", "old", 1, now=time.time() - 2 * 86_400)[1], keys.add("source", "bad", 30)
        keys.revoke(dead[0].id)
        ticket, own = await here.report("A"), await here.report("B", text="another")
        self.stolen = {
            "key_id": known.id, "hash": known.sha256, "key": text, "shouted": text.upper(), "expired": over,
            "revoked": dead[1], "ticket": ticket, "own": own, "shouted_ticket": ticket.upper(),
            "desk_key": self.who["desk"]["authorization"].split()[1],
            "fire_key": self.who["fire"]["authorization"].split()[1],
        }  # fmt: skip
        await self._sessions_that_end()
        for name in ("hotline", "app"):
            headers = self.who[name] | {"idempotency-key": "k1"}
            assert (await self.client.post("/v1/incidents", json=WHERE, headers=headers)).status_code == 202

    async def _session(self) -> dict[str, str]:
        found = await self.client.post("/v1/session", json={"role": "desk", "person": "desk-1"})
        self.client.cookies.clear()
        return {"cookie": found.headers["set-cookie"].partition(";")[0]}

    async def _sessions_that_end(self) -> None:
        ended = await self._session()
        await self.client.delete("/v1/session", headers=ended)
        gone = await self.here.login(self.client, "gone-1", "auditor")
        self.stolen["gone_password"] = self.here.world.accounts.set_password("gone-1")
        self.here.world.accounts.disable("gone-1")
        fixed = {"cookie": f"{sessions.COOKIE}=chosen-by-another"}
        begun = await self.client.post("/v1/session", json={"role": "desk", "person": "desk-1"}, headers=fixed)
        assert begun.status_code == 201 and "chosen-by-another" not in begun.headers["set-cookie"]
        self.client.cookies.clear()
        self.stolen |= {"ended": ended["cookie"].partition("=")[2], "disabled": gone["cookie"].partition("=")[2]}
        self.stolen["fixed"] = "chosen-by-another"

    def filled(self, text: str) -> str:
        """Put what was stolen in."""
        for name, value in self.stolen.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    async def tried(self, one: Attack) -> Answer:
        """Make one attack."""
        given = [(name, self.filled(text)) for name, text in one.headers]
        who = [pair for pair in self.who[one.who].items() if pair[0] not in {name for name, _ in given}]
        body = one.body or b""
        if len(body) < 100_000:
            body = self.filled(body.decode("latin-1")).encode("latin-1")
        return await sent(self.app, self.filled(one.ask), [*who, *given], body)

    def stands(self) -> list[int]:
        """What could have grown."""
        commands = sum(len(self.here.log.all(COMMANDS.name, number)) for number in range(2))
        return [len(self.here.raw()), commands, len(self.here.world.keys.all()), len(self.here.world.accounts.all())]


@pytest.mark.parametrize("family", FAMILIES)
async def test_nothing_comes_through(redis_url: str, tmp_path: Path, family: str) -> None:
    """Each is refused for its own reason; keys, accounts, sessions and the log are as before."""
    async with house(redis_url, tmp_path, gateway_requests_per_second=10_000) as (here, client):
        camp = Camp(here, client)
        await camp.pitch()
        here.world.live.closing.set()  # a stream that came through would end, and be seen
        before, amiss = camp.stands(), list[tuple[object, ...]]()
        for one in FAMILIES[family]:
            await here.world.view.redis.delete(
                *[key async for key in here.world.view.redis.scan_iter("*gateway:guesses:*")] or ["-"]
            )
            found = await camp.tried(one)
            if found.status != one.status or one.why not in found.text or found.status >= 500:
                amiss.append((one.name, found.status, one.status, one.why, found.text[:200]))
            if any(text in str(found.headers) for text in ("evil", "Set-Cookie: a=b")) or "set-cookie" in dict(
                found.headers
            ):
                amiss.append((one.name, *found.headers))
        assert not amiss, "\n".join(str(one)[:420] for one in amiss)
        assert camp.stands() == before
        assert (await client.get("/v1/session", headers=camp.who["cookie"])).status_code == 200
