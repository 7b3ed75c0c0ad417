"""Notices to people on a real PostgreSQL: who is told of what, gathered into one message, held in quiet hours, sent by
each way under one id."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from engine.archive.store import Archive
from engine.calling_off import called_off
from engine.doors.notices import FRESH_MS, put_notices
from engine.doors.store import Doors
from engine.notifier import notice_kind
from engine.notifier.address_book import Books
from engine.notifier.http import Poster
from engine.notifier.loop import SendingLoop
from engine.notifier.notice_kind import NoticeKind
from engine.notifier.pauses import Pauses
from engine.observability.metrics import StageMetrics
from engine.settings import Settings
from tests.kafka.test_archive_tables import LAWS, told
from tests.kafka.test_outbox import settings as settings
from tests.support.city import HOUR
from tests.support.house import House, house
from tests.support.receiver import Receiver, failing
from tests.support.ways import MailServer, Robots

APP = "source%3Aapp"
TO = "13900000000@example.org"


def book(folder: Path, **parts: Any) -> None:
    """Write an address book; JSON is YAML."""
    (folder / "notices.yaml").write_text(json.dumps(parts))


@asynccontextmanager
async def notifier(here: House) -> AsyncIterator[Doors]:
    """The sending loop of notices alone, which waits for no more than is there."""
    doors, folder = Doors(here.settings), here.settings.data_dir
    books, poster = Books(folder / "notices.yaml"), Poster("loopback")
    kind = NoticeKind(doors, books, folder / "mailbox", poster=poster, gather=0)
    loop = SendingLoop(doors, [kind], Pauses(first=0.05), metrics=StageMetrics("notifier"), keep_days=365)
    task = asyncio.create_task(loop.run())
    try:
        yield doors
    finally:
        await called_off(task)
        await kind.close()
        await doors.close()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(60):
        while not await holds():
            await asyncio.sleep(0.02)


async def came(folder: Path, who: str, *wanted: str) -> None:
    """Wait until somebody has been told these kinds of things."""

    async def is_there() -> bool:
        return set(wanted) <= set(kinds(mailbox(folder, who)))

    await until(is_there)


async def settled(doors: Doors, *who: str) -> None:
    """Wait until all that was gathered for these is noted as sent."""
    asked = text("SELECT count(*) FROM deliveries WHERE target = ANY(:who) AND state = 'sent'")

    async def is_noted() -> bool:
        async with doors.engine.connect() as connection:
            return bool(await connection.scalar(asked, {"who": [f"notice:{one}" for one in who]}) == len(who))

    await until(is_noted)


def mailbox(folder: Path, who: str) -> list[dict[str, Any]]:
    """The messages in somebody's mailbox, or everybody's (``*``), the oldest first."""
    return [json.loads(one.read_text()) for one in sorted((folder / "mailbox").glob(f"{who}/*.json"))]


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    """What kinds of items they hold."""
    return [item["kind"] for one in messages for item in one["items"]]


async def test_everybody_is_told_what_is_theirs(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """An offer, rungs, an approval, supervision; the source hears what becomes of its report; files are private."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        book(tmp_path, people={"*": {"every_seconds": 1}})
        ticket = await here.report("A")
        holder, role = here.city["A"].person, here.city.holder("A")
        for step in ("accept", "start"):
            await here.ask(step, "A", role)
        assert await here.ask("send_back", "A", role, reason="not mine") == "done_as_asked"
        async with notifier(here):
            await came(tmp_path, holder, "offer")
            await came(tmp_path, APP, "filed")
            await came(tmp_path, "supervisor-1", "approval")
            await here.pass_time(here.world.now + 200 * HOUR)
            await came(tmp_path, holder, "remind", "breach")
            await came(tmp_path, "*", "supervision")
        got = mailbox(tmp_path, holder)
        assert all(item["ticket"] == ticket for one in got for item in one["items"]) and "请签收" in got[0]["text"]
        assert mailbox(tmp_path, APP)[0]["items"][0]["identity"] == "app:A"
        file = next((tmp_path / "mailbox" / holder).glob("*.json"))
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        await shown(client, here.person(role), here.person("desk:desk-1"))


async def shown(client: Any, own: dict[str, str], other: dict[str, str]) -> None:
    """One's own at the gateway, page by page, and nobody else's."""
    mine = (await client.get("/v1/notices", headers=own)).json()["notices"]
    assert mine[-1]["notice"]["kind"] == "offer" and mine[-1]["state"] == "sent"
    page = (await client.get("/v1/notices", headers=own, params={"limit": 1})).json()
    older = (await client.get("/v1/notices", headers=own, params={"cursor": page["next"]})).json()
    assert page["notices"] + older["notices"] == mine
    theirs = (await client.get("/v1/notices", headers=other)).json()["notices"]
    assert not {one["id"] for one in theirs} & {one["id"] for one in mine}
    wrong = await client.get("/v1/notices", headers=own, params={"cursor": "x"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "cursor")


PEOPLE = {
    "p1": {"way": "sms", "to": TO},
    "p2": {"way": "wecom", "to": TO},
    "p3": {"way": "ding", "to": TO},
    "p4": {"way": "mail", "to": TO, "language": "en"},
}
PUT = text(
    "INSERT INTO notices (id, recipient, ticket, kind, is_urgent, at, zone, body)"
    " SELECT id || :r, :r, ticket, kind, false, at, zone, body FROM notices WHERE kind = 'offer' ORDER BY seq LIMIT 2"
)


async def test_each_way_takes_a_message_under_one_id(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """Signed webhook, WeCom, DingTalk and mail on real little servers, each of which refuses at first; once it was
    taken, a notifier that is started anew sends nothing of it."""
    secret = "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
    hook, robots, mails = Receiver({"sms": failing(2)}, {"sms": [secret]}), Robots(), MailServer(refuse=1)
    server = await asyncio.start_server(mails.take, "127.0.0.1", 0)
    mail_port = server.sockets[0].getsockname()[1]
    await hook.start()
    await robots.start()
    (tmp_path / "hook").write_text(secret)
    (tmp_path / "ding").write_text("SECabc")
    ways = {
        "sms": {"kind": "webhook", "url": hook.url("sms"), "secret_file": str(tmp_path / "hook")},
        "wecom": {"kind": "wecom", "url": robots.url("wecom?key=k")},
        "ding": {"kind": "dingtalk", "url": robots.url("ding?access_token=t"), "secret_file": str(tmp_path / "ding")},
        "mail": {"kind": "smtp", "server": f"127.0.0.1:{mail_port}", "sender": "gw@x.org", "tls": "none"},
    }
    async with house(redis_url, tmp_path, database_url=database_url) as (here, _):
        book(tmp_path, ways=ways, people=PEOPLE, sources={"*": {"every_seconds": 1}})
        for n in range(2):
            await here.report(f"R{n}", home="hill", leaf="hill1", text="other")
        async with (await here.world.doors()).engine.begin() as connection:
            for name in PEOPLE:
                await connection.execute(PUT, {"r": name})
        async with notifier(here) as doors:
            await settled(doors, *PEOPLE)
        async with notifier(here):
            await here.ask("dismiss", "R1", "desk:desk-1", reason="not_ours", text="not ours")
            await came(tmp_path, APP, "filed", "dismissed")
    server.close()
    await hook.stop()
    await robots.stop()
    by_hook(hook)
    by_robots(robots)
    by_mail(mails)
    said = [item.get("said") for one in mailbox(tmp_path, APP) for item in one["items"]]
    assert [one for one in said if one] == ["not ours"]


def by_hook(hook: Receiver) -> None:
    """Three attempts, one id, our signature."""
    names = [name for name, _ in hook.came["sms"]]
    assert len(names) == 3 and len(set(names)) == 1 and len(hook.taken["sms"]) == 1 and hook.forged == []
    body = json.loads(hook.came["sms"][-1][1])
    assert (body["to"], len(body["items"])) == (TO, 2) and body["text"].startswith("2 件事项")
    assert hook.headers["ce-type"] == "org.gridwhistle.notice.v1"


def by_robots(robots: Robots) -> None:
    """As their pages say; one that answered with an error was asked again."""
    (wecom,), (ding,) = robots.taken["wecom"], robots.taken["ding"]
    assert wecom["msgtype"] == ding["msgtype"] == "text" and "请签收" in wecom["text"]["content"]
    assert wecom["text"]["mentioned_mobile_list"] == [TO] == ding["at"]["atMobiles"]
    assert robots.asked == {"wecom": 2, "ding": 2}


def by_mail(mails: MailServer) -> None:
    """One mail, after one that was refused."""
    (mail,) = mails.mails
    assert (mail["To"], mail["Subject"]) == (TO, "2 matters") and mail["Message-ID"].endswith("@gridwhistle>")
    assert "is offered to you" in mail.get_content() and mails.refuse == 0


async def test_quiet_hours_hold_what_can_wait_and_of_many_there_is_one(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """By engine time in the city's zone; what is urgent comes through; a second message waits for its time."""
    async with house(redis_url, tmp_path, database_url=database_url) as (here, _):
        book(tmp_path, people={"*": {"quiet": "08:00-12:00"}}, sources={"*": {"every_seconds": 86_400}})
        await here.report("A", home="hill", leaf="hill1", text="other")
        await here.report("F", category="fire", home="hill", leaf="hill2", text="smoke")
        calm, fire = here.city["A"].person, here.city["F"].person
        async with notifier(here) as doors:
            await settled(doors, fire, "source:app")
            urgent = mailbox(tmp_path, fire)
            assert all(item["category"] == "fire" for one in urgent for item in one["items"])
            assert calm != fire and mailbox(tmp_path, calm) == []  # it is nine in the morning
            await here.report("B", home="hill", leaf="hill1", text="other")
            async with doors.engine.begin() as connection:  # it becomes noon
                await connection.execute(text("UPDATE notices SET at = at + interval '4 hours'"))
            await came(tmp_path, calm, "offer")
        sent = mailbox(tmp_path, APP)
        assert len(sent) == 1 and set(kinds(sent)) == {"filed"} and len(sent[0]["items"]) == 2


async def test_an_old_log_wakes_nobody_and_one_folded_twice_tells_once(settings: Settings) -> None:
    """Judged by when a decision was written, not by engine time."""
    archive, doors, now = Archive(settings), Doors(settings), int(time.time() * 1000)
    reads = told()

    async def ids() -> list[str]:
        async with doors.engine.connect() as connection:
            return list((await connection.execute(text("SELECT id FROM notices"))).scalars())

    await archive.write(0, reads[:200], LAWS, 0, 200, (199, now - FRESH_MS - 1000))
    assert await ids() == []
    await archive.write(0, reads[200:400], LAWS, 200, 400, (399, now))
    first = await ids()
    assert len(first) > 50
    await archive.drop()
    await archive.fit()
    await archive.write(0, reads[:400], LAWS, 0, 400, (399, now))
    again = await ids()
    assert len(again) == len(set(again)) > len(first) and set(first) < set(again)
    await archive.close()
    await doors.close()


async def test_who_sleeps_holds_up_nobody_who_is_awake(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At night more wait for their morning than one round looks at: what is urgent is told first, the rest in turns."""
    monkeypatch.setattr(notice_kind, "RECIPIENTS", 2)
    book(tmp_path, people={f"sleeps-{n}": {"quiet": "00:00-23:59"} for n in range(3)})
    doors, poster = Doors(settings), Poster("loopback")
    await doors.fit()
    kind = NoticeKind(doors, Books(tmp_path / "notices.yaml"), tmp_path, poster=poster, gather=0)
    noon = {"zone": "UTC", "at": datetime(2026, 3, 2, 12, tzinfo=UTC), "ticket": "T", "kind": "offer"}
    body = json.dumps({"kind": "offer", "ticket": "T"})

    async def waits(recipient: str, is_urgent: bool = False) -> None:
        row = {**noon, "id": recipient, "recipient": recipient, "is_urgent": is_urgent, "body": body}
        async with doors.engine.begin() as connection:
            await put_notices(connection, [row])

    async def told_now() -> set[str]:
        await kind.spread()
        async with doors.engine.connect() as connection:
            return set((await connection.execute(text("SELECT target FROM deliveries"))).scalars())

    for n in range(3):
        await waits(f"sleeps-{n}")
    await waits("awake")
    await waits("burning", is_urgent=True)
    assert await told_now() == {"notice:burning"}
    assert [await told_now() for _ in range(3)][-1] == {"notice:burning", "notice:awake"}
    await kind.close()
    await doors.close()
