"""What a stack is to be: what its folder remembers, what is asked, and what is refused before anything starts (DESIGN
9)."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from engine.errors import InvalidSettings, StackBusy
from engine.local import servers
from engine.local.folder import GATEWAY_PORT, POSTGRES_PORT, StackFile, naming, read_stack
from engine.local.reserved import demand_reserved, is_reserved
from engine.server_addresses import (
    DATABASE_FORM,
    REDIS_FORM,
    address_amiss,
    is_database_url,
    is_redis_url,
    shown_url,
)
from engine.settings import ENVIRONMENT, load_settings
from engine.stages import DOORS, STAGES

PORT_BASE, PORT_BLOCK, FIRST_STAGE_PORT, PROMETHEUS_PORT = 27000, 40, 10, 3
"""Below the ports that the kernel gives to outgoing connections. Kafka takes the base, its controller base + 1, Valkey
base + 2, Prometheus base + 3, PostgreSQL base + 4, the gateway base + 5,
stages from base + 10."""

LOCAL_PARTITIONS = 6


@dataclass(kw_only=True)
class Wanted:
    """What ``up`` was asked for; ``None`` means: as before, or the default."""

    data: Path | None = None
    pack: str | None = None
    kafka: str | None = None
    redis: str | None = None
    port_base: int | None = None
    clock: str | None = None
    workers: dict[str, int] = field(default_factory=dict)
    demo: bool = False
    watch: bool = False
    database: str | None = None
    archive: bool | None = None


def parse_clock(text: str) -> tuple[int | None, int]:
    """Read ``START@SPEED``, e.g. ``2018-01-01T00:00:00-08:00@3600``; empty is live.

    Raises:
        InvalidSettings: It is not of that form.
    """
    if not text:
        return None, 1
    start, _, speed = text.rpartition("@")
    try:
        moment = datetime.fromisoformat(start)
        if moment.tzinfo is None or int(speed) < 1 or not 1970 < moment.year < 2100:
            raise ValueError
    except ValueError:
        raise InvalidSettings(
            f"--clock {text!r} must be START@SPEED with a zone, a year from 1971 to 2099 and a whole speed, e.g."
            " 2018-01-01T00:00:00-08:00@3600"
        ) from None
    return int(moment.timestamp() * 1000), int(speed)


def plan(wanted: Wanted, environ: Mapping[str, str] = os.environ) -> StackFile:
    """Settle what the stack will be. A folder that has had a pack in force goes on as it was; what contradicts it is
    refused.

    Raises:
        InvalidSettings: A name, path, address or clock that cannot be; or another than the folder's.
        InvalidRulePack: The pack has faults.
        StackBusy: A port is taken.
    """
    for option, given in (
        ("--pack", wanted.pack),
        ("--kafka", wanted.kafka),
        ("--redis", wanted.redis),
        ("--database", wanted.database),
        ("--clock", wanted.clock),
    ):
        # a script's variable that was not set must not choose another law or server
        if given is not None and not given.strip():
            raise InvalidSettings(f"{option} is empty; give a value, or leave it out")
    parse_clock(wanted.clock or "")
    if wanted.database is not None and wanted.archive is False:
        raise InvalidSettings("--database names where the archive is, and --no-archive says that there is none")
    before = read_stack(wanted.data)
    return _again(wanted, before) if before is not None and before.settled else _first(wanted, environ)


def _again(wanted: Wanted, before: StackFile) -> StackFile:
    """Go on exactly as before."""
    for option, asked, known, own in (
        ("--kafka", wanted.kafka, before.kafka, before.own_kafka),
        ("--redis", wanted.redis, before.redis_url, before.own_redis),
        ("--database", wanted.database, before.database_url, before.own_postgres),
        ("--clock", wanted.clock, before.clock, False),
    ):
        if asked is not None and (own or asked != known):
            is_own = "its own server" if own else shown_url(known) or "(live)"
            raise InvalidSettings(
                f"this folder holds a stack with {option} {is_own}, not {shown_url(asked)}; go on without {option}, or"
                f" 'gridwhistle reset{naming(wanted.data)}' first, or choose another --data"
            )
    if wanted.pack is not None and before.in_force:
        demand_in_force(wanted, before.in_force)
    elif wanted.pack is not None:  # an older version did not write it down: the log decides, once it can be read
        _proved(wanted.pack)
        before.pack = _settled_name(wanted.pack)
    before.archive = before.archive if wanted.archive is None else wanted.archive
    base = before.port_base if wanted.port_base is None else wanted.port_base
    servers.demand_free(_ports(base, wanted, before))
    demand_reserved(base)
    before.port_base, before.started_at, before.processes = base, time.time(), {}
    if before.own_kafka:
        before.kafka = f"127.0.0.1:{base}"
    return before


def demand_in_force(wanted: Wanted, in_force: str) -> None:
    """Refuse ``--pack`` unless it is the very pack in force.

    Raises:
        InvalidSettings: It is another; names both and the mend.
    """
    assert wanted.pack is not None
    asked = _proved(wanted.pack)
    if asked != in_force:
        raise InvalidSettings(
            f"the pack in force is {in_force}, and {wanted.pack} is {asked}; bring the stack up without --pack, then"
            f" 'gridwhistle pack publish {wanted.pack}{naming(wanted.data)}' if that is to be the law, or choose"
            " another --data"
        )


def _proved(pack: str) -> str:
    """Prove a pack and give its name and hash; what this loads is half of a command's start, and most ask for none."""
    from engine.client.publish_pack import prove
    from rules.rulepack.compiler import pack_ref

    return pack_ref(prove(pack))


def _settled_name(pack: str) -> str:
    """Name a pack so that it is found from any directory."""
    from rules.rulepack.loader import is_shipped

    return pack if is_shipped(pack) else str(Path(pack).resolve())


_TAKEN_OVER = (
    "KAFKA", "REDIS_URL", "PREFIX", "PARTITIONS", "REPLICATION_FACTOR", "MIN_INSYNC_REPLICAS", "DATABASE_URL",
)  # fmt: skip
"""Settings of the environment that a new stack keeps."""


def _first(wanted: Wanted, environ: Mapping[str, str]) -> StackFile:
    """Settle a new stack, or one whose first start failed."""
    given = {name: environ.get(f"{ENVIRONMENT}{name}") for name in _TAKEN_OVER}
    _demand_no_password("redis", wanted.redis)
    _demand_no_password("database", wanted.database)
    kafka, redis = wanted.kafka or given["KAFKA"], wanted.redis or given["REDIS_URL"]
    if wanted.kafka is not None and (amiss := address_amiss(wanted.kafka)) is not None:
        raise InvalidSettings(f"--kafka {amiss!r} must be HOST:PORT, several with commas between, e.g. broker-1:9092")
    if wanted.redis is not None and not is_redis_url(wanted.redis):
        raise InvalidSettings(f"--redis {shown_url(wanted.redis)!r} {REDIS_FORM}")
    if wanted.database is not None and not is_database_url(wanted.database):
        raise InvalidSettings(f"--database {shown_url(wanted.database)!r} {DATABASE_FORM}")
    name = wanted.pack or "guancheng"
    _proved(name)
    settings = load_settings({f"{ENVIRONMENT}{name}": value for name, value in given.items() if value is not None})
    own_postgres = wanted.archive is not False and not (wanted.database or given["DATABASE_URL"])
    base = _free_base(wanted, kafka is None, redis is None, own_postgres)
    return StackFile(
        pack=_settled_name(name),
        kafka=kafka or f"127.0.0.1:{base}",
        redis_url=redis or f"redis://127.0.0.1:{base + 2}/0",
        prefix=settings.prefix,
        partitions=settings.partitions if given["PARTITIONS"] else LOCAL_PARTITIONS,
        clock=wanted.clock or "",
        port_base=base,
        own_servers=kafka is None and redis is None,
        own_kafka=kafka is None,
        own_redis=redis is None,
        replication_factor=1 if kafka is None else settings.replication_factor,
        min_insync_replicas=1 if kafka is None else settings.min_insync_replicas,
        archive=wanted.archive is not False,
        database_url=wanted.database or given["DATABASE_URL"] or "",
        settled=False,
        demo=wanted.demo,
        started_at=time.time(),
    )


def _demand_no_password(option: str, url: str | None) -> None:
    """Arguments are seen by every user of the machine."""
    if url is not None and shown_url(url) != url:
        raise InvalidSettings(
            f"--{option} holds a password, which every user of this machine could read among the arguments; set"
            f" GRIDWHISTLE_{option.upper()}_URL instead"
        )


def _ports(
    base: int,
    wanted: Wanted,
    stack: StackFile | None = None,
    own_kafka: bool = True,
    own_redis: bool = True,
    own_postgres: bool = True,
) -> list[int]:
    if stack is not None:
        own_kafka, own_redis, own_postgres = bool(stack.own_kafka), bool(stack.own_redis), stack.own_postgres
    own = [*([0, 1] if own_kafka else []), *([2] if own_redis else []), *([PROMETHEUS_PORT] if wanted.watch else [])]
    own += [POSTGRES_PORT] if own_postgres else []
    own += [] if f"{ENVIRONMENT}GATEWAY_BIND" in os.environ else [GATEWAY_PORT]
    return [
        base + n
        for n in (
            *own,
            *range(
                FIRST_STAGE_PORT, FIRST_STAGE_PORT + len(DOORS) + sum(wanted.workers.get(stage, 1) for stage in STAGES)
            ),
        )
    ]


def _free_base(wanted: Wanted, own_kafka: bool, own_redis: bool, own_postgres: bool) -> int:
    own = (own_kafka, own_redis, own_postgres)
    if wanted.port_base is not None:
        servers.demand_free(_ports(wanted.port_base, wanted, None, *own))
        demand_reserved(wanted.port_base)
        return wanted.port_base
    for candidate in range(PORT_BASE, 65_000 - PORT_BLOCK, PORT_BLOCK):
        ports = _ports(candidate, wanted, None, *own)
        if all(servers.port_holder(port) is None for port in ports) and is_reserved(candidate):
            return candidate
    raise StackBusy(f"no {PORT_BLOCK} free ports from {PORT_BASE} on; end something, or choose others with --port-base")
