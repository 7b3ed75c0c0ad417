"""The packs that travelled on ``reference``, compiled for look-up: laws for deciding, places for placing."""

import logging
import time
from typing import TYPE_CHECKING

from engine.errors import InvalidRulePack
from rules.bundle import beyond
from rules.law import Law
from rules.placement import Places

if TYPE_CHECKING:
    from engine.reference import Reference

log = logging.getLogger(__name__)

REFRESH_SECONDS = 5.0
"""How long intake may place by the former pack after a new one was published."""


class Laws:
    """Laws and places by ``<name>@<hash>``; shared by all partitions of a process, and only ever added to."""

    def __init__(self, reference: "Reference") -> None:
        """Start empty."""
        self._reference = reference
        self._refreshed = 0.0
        self.laws: dict[str, Law] = {}
        self.places: dict[str, Places] = {}
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
