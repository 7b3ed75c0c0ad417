"""The packs that travelled on ``reference``, compiled for look-up: laws for deciding, places for placing."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from engine.errors import InvalidRulePack, PackNotThere
from rules.law.compiled import Law
from rules.law.placement import Places
from rules.rulepack.bundle_check import beyond

if TYPE_CHECKING:
    from engine.kafka.reference import Reference

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
                law, places = (Law(ref, bundle), Places(bundle)) if not fault else (None, None)
            except Exception as exc:  # whatever it is: a pack that was verified can be compiled
                fault = f"it was never verified: {exc!r}"
            if fault or law is None or places is None:
                self._refused.add(ref)
                self._reference.pass_by(ref, f"a bundle beyond what a pack may be: {fault}")
                continue
            self.laws[ref], self.places[ref] = law, places
        if self._reference.current in self.laws:
            self._placing_by = self._reference.current
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
        """Name the pack published last, of those that can be used.

        Raises:
            InvalidRulePack: There is none.
        """
        if self._placing_by is None:
            raise InvalidRulePack("no pack is published; run 'gridwhistle pack publish NAME'")
        return self._placing_by
