"""How long the archive takes to find tickets among a million: ``python -m tests.bench.search [TICKETS]``.

Tickets are generated in PostgreSQL from some thousand texts that are cut as the stage cuts them, over twelve months,
and indexed as the migrations say; questions are drawn with a seed and asked one after another through ``search``.
"""

import asyncio
import itertools
import os
import random
import statistics
import sys
import time
from typing import Any

import psutil
from sqlalchemy import text

from engine.archive.fold import sure
from engine.archive.grams import grams, plain
from engine.archive.search import Asked, search
from engine.archive.store import Archive
from engine.settings import Settings
from tests.support import servers

SEED, TICKETS, ASKED = 20261126, 1_000_000, 40
BEGIN = 1_767_225_600_000
"""2026-01-01."""
THINGS = (
    "路灯",
    "井盖",
    "垃圾桶",
    "下水道",
    "人行道",
    "电动车",
    "消防通道",
    "树枝",
    "广告牌",
    "围墙",
    "水管",
    "电梯",
    "流浪狗",
    "噪音",
    "积水",
)
WHAT = (
    "不亮",
    "松动",
    "满溢",
    "堵塞",
    "破损",
    "乱停",
    "被占",
    "倒伏",
    "脱落",
    "开裂",
    "漏水",
    "停运",
    "扰民",
    "扰人",
    "严重",
)
ROADS = ("和平路", "建国路", "东大街", "塔湾街", "龙海马路", "商城路", "航海路", "货栈街", "顺城街", "紫荆山路")
WORDS = (
    "lamp",
    "bins",
    "overflowing",
    "broken",
    "noise",
    "water",
    "pipe",
    "fence",
    "dog",
    "elevator",
    "blocked",
    "night",
)
RARE = ("返味", "塌陷", "蜂窝", "whistleblower", "chimney")


def texts(draw: random.Random) -> list[tuple[str, str, list[str]]]:
    """Text, plain words and what they are looked up by."""
    found = []
    for n in range(6000):
        rare = f" {draw.choice(RARE)}" if n % 600 == 0 else ""
        said = f"{draw.choice(THINGS)}{draw.choice(WHAT)} {draw.choice(WORDS)} {draw.choice(WORDS)}{rare}"
        place = f"{draw.choice(ROADS)}{draw.randrange(1, 400)}号"
        words = plain(f"{said} {place}")
        found.append((f"{said} {place}", words, grams(words)))
    return found


async def fill(archive: Archive, count: int) -> None:
    """Make the tickets; the index of words is made afterwards, as a restore would."""
    draw = random.Random(SEED)
    months = 12
    await archive.fit()
    await archive._months.have(BEGIN + n * 31 * 86_400_000 for n in range(months))
    async with archive.engine.begin() as connection:
        await connection.execute(text("DROP INDEX tickets_words"))
        await connection.execute(text("CREATE TEMP TABLE texts (n int, said text, words text, grams text[])"))
        await connection.execute(
            text("INSERT INTO texts VALUES (:n, :said, :words, :grams)"),
            [{"n": n, "said": said, "words": words, "grams": cut} for n, (said, words, cut) in enumerate(texts(draw))],
        )
        await connection.execute(
            text(
                """INSERT INTO tickets SELECT
                'home' || g % 60 || '-' || to_char(at, 'YYYYMMDD') || '-' || g, at, g % 24, 9, 'hotline:' || g,
                'home' || g % 60, 'street' || g % 12, 'home' || g % 60 || '-g' || g % 7, 'category' || g % 40,
                'U' || g % 4 + 1,
                CASE WHEN g % 50 = 0 THEN 'handling' ELSE 'closed' END, g % 50 = 0, 'grid', 'residents',
                'person-' || g % 3000,
                g % 9 = 0, at, at, at, at, NULL, words, array_to_tsvector(grams),
                ARRAY['category:category' || g % 40, CASE WHEN g % 50 = 0 THEN 'open' ELSE 'ended' END, 'grid:city',
                'grid:home' || g % 60, 'grid:street' || g % 12, 'person:person-' || g % 3000,
                'status:' || CASE WHEN g % 50 = 0 THEN 'handling' ELSE 'closed' END],
                jsonb_build_object('id', g, 'text', said, 'clocks', repeat('x', 300))
                FROM (SELECT g, CAST(:begin AS timestamptz) + g * (interval '360 days' / :count) AS at,
                said, words, grams
                FROM generate_series(0, :count - 1) g JOIN texts ON n = CAST(g AS bigint) * 7919 % 6000) made"""
            ),
            {"begin": sure(BEGIN), "count": count},
        )
        await connection.execute(text("CREATE INDEX tickets_words ON tickets USING gin (grams, tags)"))
    async with archive.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE tickets"))


def questions(draw: random.Random) -> dict[str, list[Asked]]:
    """Kinds of questions, each asked with other words every time."""

    def many(make: Any) -> list[Asked]:
        return [make() for _ in range(ASKED)]

    day = 86_400_000
    return {
        "two characters, common": many(lambda: Asked(words=draw.choice(THINGS)[:2])),
        "two characters, rare": many(lambda: Asked(words=draw.choice(RARE[:3]))),
        "a word of letters, rare": many(lambda: Asked(words=draw.choice(RARE[3:]))),
        "begun word and a road": many(lambda: Asked(words=f"{draw.choice(WORDS)[:4]} {draw.choice(ROADS)}")),
        "an address": many(lambda: Asked(words=f"{draw.choice(ROADS)}{draw.randrange(1, 400)}号")),
        "an address, one grid": many(
            lambda: Asked(words=f"{draw.choice(ROADS)}{draw.randrange(1, 400)}", place=f"home{draw.randrange(60)}")
        ),
        "words that never meet": many(lambda: Asked(words=f"{RARE[0]} {RARE[4]}")),
        "a person, broken limits": many(lambda: Asked(person=f"person-{draw.randrange(3000)}", is_breached=True)),
        "a street, open, a category": many(
            lambda: Asked(
                place=f"street{draw.randrange(12)}", states=("open",), categories=(f"category{draw.randrange(40)}",)
            )
        ),
        "a week, a category": many(
            lambda: Asked(
                categories=(f"category{draw.randrange(40)}",),
                since=(at := BEGIN + draw.randrange(350) * day),
                until=at + 7 * day,
            )
        ),
        "source:id": many(lambda: Asked(words=f"hotline:{draw.randrange(100_000)}")),
    }  # fmt: skip


def cpu() -> float:
    """Seconds of CPU that we and PostgreSQL have used: what a busy machine does not change."""
    me = psutil.Process()
    return sum(sum(one.cpu_times()[:2]) for one in (me, *me.children(recursive=True)))


async def main(count: int) -> None:
    """Fill, ask, print."""
    with servers.postgres() as url:
        archive = Archive(Settings(database_url=url, prefix="bench."), plan_cache_mode="force_custom_plan")
        began = time.monotonic()
        await fill(archive, count)
        print(f"{count} tickets made and indexed in {time.monotonic() - began:.0f} s; seed {SEED}")
        machine = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB"
        print(f"{machine}, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
        print("\n| question | found | p50 ms | p95 ms | CPU ms each |\n|---|---|---|---|---|")
        every: list[float] = []
        for name, asked in questions(random.Random(SEED)).items():
            took, found, used = [], 0, cpu()
            for one in itertools.chain(asked[:2], asked):
                start = time.perf_counter()
                found = len((await search(archive, one)).rows)
                took.append((time.perf_counter() - start) * 1000)
            each = (cpu() - used) / len(took) * 1000
            took = sorted(took[2:])
            every += took
            late = took[int(len(took) * 0.95) - 1]
            print(f"| {name} | {found} | {statistics.median(took):.1f} | {late:.1f} | {each:.1f} |")
        every.sort()
        print(f"| all | | {statistics.median(every):.1f} | {every[int(len(every) * 0.95) - 1]:.1f} | |")
        await archive.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS))
