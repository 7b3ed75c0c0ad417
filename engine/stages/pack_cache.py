"""The packs that travelled on ``reference``, compiled for look-up: laws for deciding, places for placing."""

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from engine.errors import InvalidRulePack, PackNotThere
from engine.kafka.driver_errors import KafkaFault
from engine.observability.json_logging import told
from rules.law.compiled import Law
from rules.rulepack.bundle_check import beyond

if TYPE_CHECKING:
    from engine.kafka.reference import Reference
    from rules.law.placement import Places
    from topics.pack import PackBundle

log = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
"""How long intake may place by the former pack after a new one was published."""

WAIT_SECONDS = 3.0
"""How long intake stands still for a ``reference`` that does not answer, each time it is asked."""


T = TypeVar("T")


class Known(dict[str, T]):
    """What was read so far: one that is missing is waited for, and is never the fault of the cause that names it."""

    def __missing__(self, ref: str) -> T:
        """Say which pack is wanted."""
        raise PackNotThere(f"the pack {ref} is not on 'reference'; it is waited for. Publish it, or restore the topic")


class Laws:
    """Laws and places by ``<name>@<hash>``; shared by all partitions of a process, and only ever added to."""

    def __init__(self, reference: "Reference", placing: bool = True) -> None:
        """Start empty; who places nothing, and tells nobody which packs may be adopted, needs no geometry: 15 MB."""
        self._reference, self._is_placing = reference, placing
        self._refreshed = 0.0
        self._reading: asyncio.Task[None] | None = None
        self._wait_until = 0.0
        self.laws: Known[Law] = Known()
        self.places: Known[Places] = Known()
        self._placing_by: str | None = None
        """The pack published last that can be used: one that cannot is told, and stops nobody."""
        self._refused: set[str] = set()
        """Packs that are beyond their bounds, or that nobody verified: adopting one is refused as ``unknown_pack``."""

    async def refresh(self) -> None:
        """Read ``reference`` to its end and compile what is new."""
        await self._reference.refresh()
        for ref, bundle in self._reference.bundles.items():
            if ref in self.laws or ref in self._refused:
                continue
            fault = "; ".join(beyond(bundle)[:5])
            try:
                law, places = (Law(ref, bundle), self._places_of(bundle)) if not fault else (None, None)
            except Exception as exc:  # whatever it is: a pack that was verified can be compiled
                fault = f"it was never verified: {exc!r}"
            if fault or law is None:
                self._refused.add(ref)
                self._reference.pass_by(ref, f"a bundle beyond what a pack may be: {fault}")
                continue
            self.laws[ref] = law
            if places is not None:
                self.places[ref] = places
        if self._reference.current in self.laws:
            self._placing_by = self._reference.current
        self._refreshed = time.monotonic()

    def _places_of(self, bundle: "PackBundle") -> "Places | None":
        if not self._is_placing:
            return None
        from rules.law.placement import Places

        return Places(bundle)

    async def have(self, refs: Iterable[str]) -> None:
        """See that these packs are here, reading on for those that are not.

        Raises:
            PackNotThere: One is not on ``reference`` yet.
        """
        wanted = set(refs)
        if not wanted <= self.laws.keys():
            await self.refresh()
        for ref in sorted(wanted):
            self.laws[ref]

    async def refresh_sometimes(self) -> None:
        """Read on if that was not done within the last few seconds, and wait for it a while.

        ``reference`` is one partition: while nobody leads it, what is known places on.
        """
        now = time.monotonic()
        is_reading = self._reading is not None and not self._reading.done()
        if not is_reading and now - self._refreshed > REFRESH_SECONDS:
            self._reading, self._wait_until = asyncio.create_task(self._read_on()), now + WAIT_SECONDS
        if self._reading is not None and now < self._wait_until:
            await asyncio.wait({self._reading}, timeout=self._wait_until - now)

    async def _read_on(self) -> None:
        try:
            await self.refresh()
        except (KafkaFault, OSError, TimeoutError) as exc:
            self._refreshed = time.monotonic()
            log.warning("'reference' cannot be read on, placing by %s meanwhile: %s", self._placing_by, told(exc))

    def current(self) -> str:
        """Name the pack published last, of those that can be used.

        Raises:
            InvalidRulePack: There is none.
        """
        if self._placing_by is None:
            raise InvalidRulePack("no pack is published; run 'gridwhistle pack publish NAME'")
        return self._placing_by
