"""The packs that travelled on ``reference``, compiled for look-up: laws for deciding, places for placing."""

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from engine.errors import InvalidRulePack, PackNotThere
from rules.bundle import beyond
from rules.law import Law
from rules.placement import Places

if TYPE_CHECKING:
    from engine.reference import Reference

log = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
"""How long intake may place by the former pack after a new one was published."""


T = TypeVar("T")


class Known(dict[str, T]):
    """What was read so far: one that is missing is waited for, and is never the fault of the cause that names it."""

    def __missing__(self, ref: str) -> T:
        """Say which pack is wanted."""
        raise PackNotThere(f"the pack {ref} is not on 'reference'; it is waited for. Publish it, or restore the topic")


class Laws:
    """Laws and places by ``<name>@<hash>``; shared by all partitions of a process, and only ever added to."""

    def __init__(self, reference: "Reference") -> None:
        """Start empty."""
        self._reference = reference
        self._refreshed = 0.0
        self.laws: Known[Law] = Known()
        self.places: Known[Places] = Known()
        self._refused: set[str] = set()
        """Packs that are beyond their bounds: adopting one is refused as ``unknown_pack``."""

    async def refresh(self) -> None:
        """Read ``reference`` to its end and compile what is new."""
        await self._reference.refresh()
        for ref, bundle in self._reference.bundles.items():
            if ref not in self.laws and ref not in self._refused:
                if found := beyond(bundle):
                    self._refused.add(ref)
                    log.error("the pack %s on reference is beyond its bounds and is not taken: %s", ref, "; ".join(found[:5]))
                    continue
                self.laws[ref] = Law(ref, bundle)
                self.places[ref] = Places(bundle)
        self._refreshed = time.monotonic()

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
        """Read on if that was not done within the last few seconds."""
        if time.monotonic() - self._refreshed > REFRESH_SECONDS:
            await self.refresh()

    def current(self) -> str:
        """Name the pack published last.

        Raises:
            InvalidRulePack: There is none.
        """
        if self._reference.current is None:
            raise InvalidRulePack("no pack is published; run 'gridwhistle pack publish NAME'")
        return self._reference.current
