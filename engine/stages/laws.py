"""The packs that travelled on ``reference``, compiled for look-up: laws for deciding, places for placing."""

import time
from typing import TYPE_CHECKING

from engine.errors import InvalidRulePack
from rules.law import Law
from rules.placement import Places

if TYPE_CHECKING:
    from engine.reference import Reference

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

    async def refresh(self) -> None:
        """Read ``reference`` to its end and compile what is new."""
        await self._reference.refresh()
        for ref, bundle in self._reference.bundles.items():
            if ref not in self.laws:
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
