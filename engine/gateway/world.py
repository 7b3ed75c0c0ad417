"""What every request looks at: the law, the rosters, the queues, the way onto the log, who waits and who watches."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from engine.calling_off import called_off
from engine.errors import DependencyDown, InvalidSettings, PackNotThere
from engine.gateway.accounts import Account, Accounts
from engine.gateway.callers import Caller
from engine.gateway.departed import Departed
from engine.gateway.door import Door
from engine.gateway.keys import Key, Keys
from engine.gateway.live import Live
from engine.gateway.problems import Problem, away
from engine.gateway.published import Published
from engine.gateway.resident_links import Residents
from engine.gateway.tail import Tail
from engine.gateway.waiting import Waiting
from engine.gateway.what_if_job import Jobs
from engine.kafka.broker_time import engine_now
from engine.kafka.driver_errors import KafkaFault
from engine.kafka.port import Log
from engine.kafka.reference import Reference
from engine.observability.health import Check
from engine.observability.metrics import StageMetrics
from engine.people.audit_log import AuditLog
from engine.people.vault_index import VaultIndex
from engine.security.connections import kafka_arguments
from engine.security.openid import provider_of
from engine.security.redis_faults import REDIS_AWAY
from engine.security.vault import Vault, load_vault
from engine.settings import Settings
from engine.stages.pack_cache import Laws
from engine.views.redis_view import RedisView
from rules.law.compiled import Law
from topics.ids import Instant, home_of, partition_of

if TYPE_CHECKING:  # large, and a gateway that nobody asks for the past does without
    from engine.archive.store import Archive
    from engine.doors.store import Doors

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often the packs and both servers are looked at."""
WAIT_SECONDS = 1.9
"""From a command to its answer: with the acknowledgement's 1.5 s in it, two seconds are kept."""
ASK_MS = 2000
"""A question to the archive that takes longer is given up."""
PASSWORDS_AT_ONCE = 2
"""Each that is tried takes 19 MiB and 30 ms of a core."""
GONE_SECONDS = 6.0
"""A server that has not answered for so long is away."""


class World:
    """One gateway's connections and what it knows by them."""

    def __init__(
        self,
        settings: Settings,
        engine_log: Log,
        door: Door,
        *,
        reference: Reference,
        metrics: StageMetrics | None = None,
    ) -> None:
        """Put it together; ``start`` reads and connects."""
        self.settings, self.door, self.reference = settings, door, reference
        self.metrics = metrics or StageMetrics("gateway")
        self.packs = Laws(reference)
        self.view = RedisView(settings)
        self.keys, self.accounts = Keys(settings.keys_file), Accounts(settings.accounts_file)
        self.openid = provider_of(settings)
        self.trying = asyncio.Semaphore(PASSWORDS_AT_ONCE)
        self.tail, self.waiting = Tail(engine_log, settings.partitions), Waiting()
        self.live = Live(settings.partitions, laws=self.packs.laws, rights=self.rights)
        self.tail.listeners += [self.waiting.decided, self.live.decided]
        self.tail.when_torn.append(self.live.torn)
        self.audit, self.sealed = AuditLog(engine_log, door.send), VaultIndex(engine_log, settings.partitions)
        self.tasks: list[asyncio.Task[None]] = []
        self._answered: dict[str, float] = {}
        self.gone_seconds = GONE_SECONDS
        self.wait_seconds = WAIT_SECONDS
        self._archive: Archive | None = None
        self._doors: Doors | None = None
        self.trials = 0
        """Packs that are being tried."""
        self.what_if = Jobs(settings)
        self.departed = Departed(self)
        self.residents = Residents(settings, self.view.redis)
        self.pages_of: Callable[[Caller], list[str]] = lambda caller: []
        """Which pages of the console somebody has: the routes know."""

    async def start(self) -> None:
        """Read the packs and rosters, and follow the log from now on."""
        await self.packs.refresh()
        self.packs.current()
        try:
            stands = await self.view.positions()
        except DependencyDown:  # reports and commands go on without the queues
            stands = {}
        self.tasks = [await self.tail.start(stands)]
        self.live.begin(self.tail.next)
        now = asyncio.get_running_loop().time()
        self._answered = {"kafka": now, "redis": now}
        self.tasks += [asyncio.create_task(self.live.run()), asyncio.create_task(self._look())]
        if self.settings.key_file.exists():
            self.tasks.append(asyncio.create_task(self._read_vault()))

    async def stop(self) -> None:
        """Let go of everything."""
        self.live.close()
        await self.what_if.stop()
        await called_off(*self.tasks)
        self.sealed.close()
        await self.view.close()
        if self._archive is not None:
            await self._archive.close()
        if self._doors is not None:
            await self._doors.close()

    async def _look(self) -> None:
        """See whether both servers answer, and take new packs in."""
        published = Published(self.tail.log, self.packs.refresh)
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                with suppress(InvalidSettings):  # half written; a client that is made says what is wrong
                    kafka_arguments(self.settings)  # certificates that were renewed reach the clients that run
                for name, ask in (("kafka", published.look), ("redis", self.view.ping)):
                    with suppress(KafkaFault, DependencyDown, OSError, TimeoutError):
                        async with asyncio.timeout(self.gone_seconds / 2):
                            await ask()
                        self._answered[name] = asyncio.get_running_loop().time()
                await self.departed.look()
        finally:
            await published.close()

    async def _read_vault(self) -> None:
        """Learn where entries stand before somebody in a hurry asks."""
        with suppress(KafkaFault, OSError, TimeoutError):
            await self.sealed.read_on()

    # -- what requests ask ---------------------------------------------------------------------------------------------

    @property
    def now(self) -> Instant:
        """Engine time."""
        assert self.reference.clock is not None
        return engine_now(self.reference.clock)

    @property
    def speed(self) -> int:
        """Seconds of engine time in one of this machine's."""
        assert self.reference.clock is not None
        return self.reference.clock.speed

    def partition(self, ticket: str) -> int:
        """In which partition a ticket is decided."""
        return partition_of(home_of(ticket), self.settings.partitions)

    def law_of(self, home: str) -> Law:
        """Give the law in force where a home's tickets are decided, with the roster of now."""
        return self.tail.law(
            self.packs.laws, partition_of(home, self.settings.partitions), self.packs.current(), self.now
        )

    def rights(self) -> tuple[Law, ...]:
        """Give the law in force of every partition, with the roster of now."""
        current, now = self.packs.current(), self.now
        return tuple(self.tail.law(self.packs.laws, n, current, now) for n in range(self.settings.partitions))

    def law(self) -> Law:
        """Give the law in force for questions about no ticket: rosters are changed in all partitions alike."""
        return self.tail.law(self.packs.laws, 0, self.packs.current(), self.now)

    async def have(self, refs: set[str]) -> None:
        """See that these packs are here.

        Raises:
            Problem: One cannot be had now.
        """
        try:
            async with asyncio.timeout(1.5):
                await self.packs.have(refs)
        except (PackNotThere, KafkaFault, OSError, TimeoutError) as exc:
            raise away("the topic of packs") from exc

    async def archive(self) -> "Archive":
        """Give the archive; it is connected to when it is first asked for.

        Raises:
            Problem: This stack keeps none, or it was not begun yet.
            DependencyDown: PostgreSQL is away.
        """
        if not self.settings.database_url:
            raise Problem("no-archive", "the stack was brought up without one; 'gridwhistle up --archive' begins it")
        if self._archive is None:
            from engine.archive.store import Archive

            found = Archive(self.settings, statement_timeout=str(ASK_MS))
            is_there = await found.is_there()
            if not is_there or self._archive is not None:  # another request was faster
                await found.close()
            else:
                self._archive = found
        if self._archive is None:
            raise away("the archive, which has folded nothing yet,")
        return self._archive

    def vault(self) -> Vault:
        """Give what opens people's data.

        Raises:
            Problem: This gateway was given no master key.
        """
        try:
            return load_vault(self.settings.key_file)
        except (InvalidSettings, OSError) as exc:
            self.metrics.count("alarms", "secrets_unreadable")
            log.exception("the vault's master key cannot be read; nobody's data can be shown")
            raise Problem("no-key", "this gateway has no master key; whoever runs it finds it in its log") from exc

    async def doors(self) -> "Doors":
        """Give what departments are told, and who subscribes to it.

        Raises:
            Problem: This stack has no database, or the archive, which writes it, was not begun yet.
            DependencyDown: PostgreSQL is away.
        """
        if not self.settings.database_url:
            raise Problem("no-archive", "the stack was brought up without one; 'gridwhistle up --archive' begins it")
        if self._doors is None:
            from engine.doors.store import Doors

            found = Doors(self.settings, statement_timeout=str(ASK_MS))
            is_there = await found.schema.is_there(found.engine)
            if not is_there or self._doors is not None:  # another request was faster
                await found.close()
            else:
                self._doors = found
        if self._doors is None:
            raise away("the archive, which has written no events yet,")
        return self._doors

    def key_caller(self, text: str) -> Caller | None:
        """Say whose key this is."""
        key = self.key_of(text)
        return None if key is None else key.caller()

    def key_of(self, text: str = "", name: str | None = None) -> Key | None:
        """Give a key in force, by its text or its id."""
        try:
            return self.keys.find(text) if name is None else self.keys.in_force(name)
        except (InvalidSettings, OSError):
            self.metrics.count("alarms", "secrets_unreadable")
            log.exception("the keys cannot be read; nobody is let in by one")
            return None

    def account(self, name: str) -> Account | None:
        """Give an account by its name."""
        try:
            return self.accounts.find(name)
        except (InvalidSettings, OSError):
            self.metrics.count("alarms", "secrets_unreadable")
            log.exception("the accounts cannot be read; nobody is let in by one")
            return None

    def checks(self) -> Sequence[Check]:
        """List every condition of being ready. Asked on another thread too: it reads figures and changes nothing."""
        tail = self.tasks[0] if self.tasks else None
        found = [Check("decisions", tail is not None and not tail.done(), "followed as they are made")]
        try:
            found.append(Check("pack", True, self.packs.current()))
        except Exception as exc:
            found.append(Check("pack", False, str(exc)))
        for name in ("kafka", "redis"):
            age = self._clock() - self._answered.get(name, float("-inf"))
            found.append(Check(name, age <= self.gone_seconds, f"answered {min(age, 1e6):.0f} s ago"))
        return found

    def _clock(self) -> float:
        return self.tasks[0].get_loop().time() if self.tasks else 0.0


def redis_or_away(exc: BaseException) -> bool:
    """Whether an error says that Redis, or whatever stands behind it, is away."""
    return isinstance(exc, (DependencyDown, *REDIS_AWAY))
