"""Accounts: nobody guesses a password, nobody is two things, and what a login may do is what the roster says."""

import asyncio
import os
import stat
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from engine.cli.accounts import accounts as command
from engine.errors import InvalidSettings
from engine.gateway import logins, stream
from engine.gateway.accounts import Accounts, hasher
from engine.gateway.keys import Keys
from engine.local.first_accounts import make_first
from engine.settings import Settings
from tests.support.city_law import city_bundle
from tests.support.house import House, eventually, house
from tests.unit.gateway.test_menu import OF_DESK
from topics.vocabulary import Role


def test_a_password_is_kept_as_an_argon2_hash_and_shown_once(tmp_path: Path) -> None:
    """Argon2id, 0600; the same name is not two things; a new password ends what was begun by the former."""
    accounts = Accounts(tmp_path / "gateway.accounts")
    password = accounts.add("desk-1", "person")
    kept = accounts.path.read_text()
    assert password not in kept and "$argon2id$" in kept
    assert stat.S_IMODE(os.stat(accounts.path).st_mode) == 0o600
    before = accounts.find("desk-1")
    for name, kind in (("desk-1", "auditor"), ("x", "king"), ("a b", "person"), ("", "person"), ("a\nb", "person")):
        with pytest.raises(InvalidSettings):
            accounts.add(name, kind)
    for short in ("", "elevenchars", "x" * 201, "twelve chars\x00"):
        with pytest.raises(InvalidSettings, match="12 to 200"):
            accounts.set_password("desk-1", short)
    assert accounts.find("desk-1") == before
    accounts.set_password("desk-1", "a password of ours")
    after = Accounts(accounts.path).find("desk-1")
    assert before is not None and after is not None and after.changed_at > before.changed_at
    with pytest.raises(InvalidSettings, match="no such account"):
        accounts.disable("desk-2")


def test_the_first_accounts_are_made_once(tmp_path: Path) -> None:
    """The roster's first chief and the three outside of it; the file of passwords is its owner's alone."""
    settings, bundle = Settings(data_dir=tmp_path), city_bundle()
    lines = make_first(settings, bundle)
    chief = next(entry.person for entry in bundle.roster if entry.role == Role.CHIEF)
    assert [line.split()[0] for line in lines] == [chief, "auditor", "system-admin", "security-admin"]
    file = tmp_path / "first-passwords"
    assert file.read_text().splitlines() == lines and stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert make_first(settings, bundle) == []


class Killed(BaseException):
    """As if the process were."""


@pytest.mark.parametrize("made", [0, 1, 3])
def test_first_accounts_that_were_cut_short_are_made_by_the_passwords_that_were_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: int
) -> None:
    """Killed after so many: at each moment whoever is there has a password that the file has; the next makes the
    rest."""
    settings, bundle, add = Settings(data_dir=tmp_path), city_bundle(), Accounts.add

    def killed(self: Accounts, *given: Any) -> str:
        if len(self.all()) == made:
            raise Killed
        return add(self, *given)

    monkeypatch.setattr(Accounts, "add", killed)
    with pytest.raises(Killed):
        make_first(settings, bundle)
    monkeypatch.setattr(Accounts, "add", add)
    kept = (tmp_path / "first-passwords").read_text()
    lines = make_first(settings, bundle)
    assert (tmp_path / "first-passwords").read_text() == kept and lines == kept.splitlines() and len(lines) == 4
    accounts = Accounts(settings.accounts_file)
    for line in lines:
        name, password = line.split()
        found = accounts.find(name)
        assert found is not None and hasher().verify(password, found.argon2)
    assert make_first(settings, bundle) == []


def test_of_many_who_change_a_file_of_accounts_or_keys_none_undoes_another(tmp_path: Path) -> None:
    """Each looks and writes alone: a key that was drawn is there, and who was disabled stays so."""
    keys, accounts = tmp_path / "gateway.keys", tmp_path / "gateway.accounts"
    Accounts(accounts).add("left", "person")
    with ThreadPoolExecutor(8) as pool:
        drawn = [pool.submit(Keys(keys).add, "source", f"s{number}", 30) for number in range(24)]
        asked: list[Future[Any]] = [pool.submit(Accounts(accounts).disable, "left")]
        asked += [pool.submit(Accounts(accounts).add, f"a{number}", "person") for number in range(6)]
        texts = [one.result()[1] for one in drawn]
        for one in asked:
            one.result()
    assert all(Keys(keys).find(text) is not None for text in texts)
    found = {one.name: one.is_disabled for one in Accounts(accounts).all()}
    assert found == {"left": True} | {f"a{number}": False for number in range(6)}


def test_accounts_are_kept_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Added, listed, given a password, disabled."""
    monkeypatch.setenv("GRIDWHISTLE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("GRIDWHISTLE_KAFKA", "127.0.0.1:1")
    run = CliRunner()
    made = run.invoke(command, ["add", "desk-1"])
    assert made.exit_code == 0 and len(made.stdout.strip()) == 19
    assert run.invoke(command, ["passwd", "desk-1", "--stdin"], input="a password of ours\n").stdout == "set\n"
    assert run.invoke(command, ["disable", "desk-1"]).stdout == "disabled\n"
    listed = run.invoke(command, ["list"]).stdout
    assert listed.split()[0] == "person" and "desk-1  (disabled)" in listed


async def test_a_person_logs_in_and_is_what_the_roster_says(redis_url: str, tmp_path: Path) -> None:
    """Without open seats; the session ends with the password, the account, or the person's place on the roster."""
    async with house(redis_url, tmp_path, gateway_seats="") as (here, client):
        accounts = here.world.accounts
        cookie = await here.login(client, "desk-1", "person")
        assert (await client.get("/v1/session", headers=cookie)).json() == {
            "kind": "person", "name": "desk-1", "role": "desk", "org": None, "pages": OF_DESK,
        }  # fmt: skip
        assert (await client.get("/v1/queues", headers=cookie)).status_code == 200
        foreign = {"origin": "http://evil.example"}
        given = {"name": "desk-1", "password": accounts.set_password("desk-1")}
        assert (await client.get("/v1/session", headers=cookie)).status_code == 401
        assert (await client.post("/v1/session", json=given, headers=foreign)).status_code == 403
        assert (await client.post("/v1/session", json=given)).status_code == 201
        client.cookies.clear()
        accounts.disable("desk-1")
        assert (await client.post("/v1/session", json=given)).status_code == 401
        await off_the_roster(here)
        password = accounts.add("desk-2", "person")
        gone = await client.post("/v1/session", json={"name": "desk-2", "password": password})
        assert gone.status_code == 401


async def off_the_roster(here: House) -> None:
    """``desk-2`` leaves, in all partitions."""
    here.city.now = here.world.now
    assert here.city.duty("desk-2", "desk", "remove") == "duty_set"
    for number in range(2):
        await here.commit_state(number)
    await eventually(lambda: all(rosters.duties for rosters in here.world.tail.rosters.values()))


async def test_guesses_are_few_and_all_sound_alike(redis_url: str, tmp_path: Path) -> None:
    """Unknown name, wrong password, disabled account: one answer; after five the right password waits as well, and
    another's is let in."""
    async with house(redis_url, tmp_path) as (here, client):
        right = here.world.accounts.add("desk-1", "person")
        other = here.world.accounts.add("chief-1", "person")
        answers = []
        for name in ("desk-1", "nobody"):
            for _ in range(5):
                answers.append(await client.post("/v1/session", json={"name": name, "password": "guess guess guess"}))
        assert {(one.status_code, one.text) for one in answers} == {(401, answers[0].text)}
        late = await client.post("/v1/session", json={"name": "desk-1", "password": right})
        assert (late.status_code, late.headers["retry-after"]) == (429, "900")
        assert (await client.post("/v1/session", json={"name": "chief-1", "password": other})).status_code == 201
        for wrong in ({"name": 1, "password": "x"}, {"name": "x"}, {"name": "", "password": "x"}, {"password": "x"}):
            assert (await client.post("/v1/session", json=wrong)).status_code == 422
        long = {"name": "x", "password": "x" * 201}
        assert (await client.post("/v1/session", json=long)).status_code == 422


async def test_who_gives_the_right_password_is_no_guesser(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office that comes by one address at the beginning of a shift, a program that logs in all day, somebody who has
    to say in which role: none of them is shut out. Wrong ones stay counted beside them."""
    monkeypatch.setattr(logins, "FROM_HERE", 3)
    monkeypatch.setattr(logins, "OF_A_NAME", 4)
    async with house(redis_url, tmp_path) as (here, client):
        right = {name: here.world.accounts.add(name, "person") for name in ("desk-1", "chief-1")}

        async def came(name: str, password: str, **more: str) -> int:
            found = await client.post("/v1/session", json={"name": name, "password": password} | more)
            client.cookies.clear()
            return found.status_code

        assert [await came("desk-1", right["desk-1"]) for _ in range(8)] == [201] * 8
        assert [await came("chief-1", right["chief-1"], role="desk") for _ in range(8)] == [422] * 8
        assert [await came("chief-1", "guess guess") for _ in range(2)] == [401] * 2
        assert await came("desk-1", right["desk-1"]) == await came("chief-1", right["chief-1"]) == 201
        assert [await came("nobody", "guess guess") for _ in range(2)] == [401, 429]
        counters = [key async for key in here.world.view.redis.scan_iter(f"{here.settings.prefix}gateway:guesses:*")]
        assert all([0 < await here.world.view.redis.ttl(key) <= logins.WINDOW_SECONDS for key in counters])


async def test_nobody_stands_on_the_roster_and_outside_of_it(redis_url: str, tmp_path: Path) -> None:
    """An auditor who is put on the roster is nobody; one of two roles says which."""
    async with house(redis_url, tmp_path) as (here, client):
        password = here.world.accounts.add("desk-1", "auditor")
        refused = await client.post("/v1/session", json={"name": "desk-1", "password": password})
        assert refused.status_code == 401
        auditor = await here.login(client, "auditor-1", "auditor")
        ticket = await here.report("A", token="canary-token")
        seen = await client.get(f"/v1/tickets/{ticket}", headers=auditor)
        assert seen.json()["commands"] == [] and "canary-token" not in seen.text
        assert (await client.get("/v1/queues", headers=auditor)).status_code == 200  # looks on, and may do nothing


async def test_the_security_admin_ends_an_account_at_once(redis_url: str, tmp_path: Path) -> None:
    """And sees of it no hash; the system's administrator may not."""
    async with house(redis_url, tmp_path) as (here, client):
        desk = await here.login(client, "desk-1", "person")
        security = await here.login(client, "sec-1", "security_admin")
        listed = await client.get("/v1/accounts", headers=security)
        assert {one["name"] for one in listed.json()["accounts"]} == {"desk-1", "sec-1"} and "argon2" not in listed.text
        foreign = security | {"origin": "http://evil.example"}
        assert (await client.post("/v1/accounts/desk-1/disable", headers=foreign)).status_code == 403
        assert (await client.get("/v1/session", headers=desk)).status_code == 200
        assert (await client.post("/v1/accounts/desk-1/disable", headers=security)).status_code == 204
        assert (await client.get("/v1/session", headers=desk)).status_code == 401
        assert (await client.post("/v1/accounts/desk-9/disable", headers=security)).status_code == 404


@pytest.mark.parametrize("by", ["account", "key"])
async def test_a_stream_ends_with_what_it_was_opened_by(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Whoever is shut out does not go on watching what they began to watch before."""
    monkeypatch.setattr(stream, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(stream, "PING_SECONDS", 0.01)
    async with house(redis_url, tmp_path) as (here, client):
        headers = here.person("desk:desk-1") if by == "key" else await here.login(client, "desk-1", "person")
        watching = asyncio.create_task(client.get("/v1/stream", headers=headers))
        await eventually(lambda: here.world.live.clients)
        await asyncio.sleep(0.05)
        assert not watching.done()
        if by == "key":
            assert here.world.keys.revoke(here.world.keys.all()[0].id)
        else:
            here.world.accounts.disable("desk-1")
        async with asyncio.timeout(20):
            assert (await watching).status_code == 200
        assert here.world.live.clients == set()
