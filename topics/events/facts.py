"""What the facts of every event have in common: as they are decided a Struct, as they are read from the log a map."""

from collections.abc import ItemsView, Iterator, KeysView
from typing import Any

import msgspec
from msgspec import UNSET


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the facts of one type of event, whose name is the class's.

    Members stand in the order of the alphabet, as maps on the log have them: so a Struct gives the same bytes as the
    map that engines before 0.3 wrote. One that may be missing is ``UNSET``; ``None`` is written.
    Whoever reads a decision asks by name, as of a map, and need not know whether it comes from the log.
    """

    def get(self, name: str, default: Any = None) -> Any:
        """Give a fact, or ``default`` where it is not said."""
        found = getattr(self, name, UNSET)
        return default if found is UNSET else found

    def __getitem__(self, name: str) -> Any:
        """Give a fact that must be there."""
        found = getattr(self, name, UNSET) if name in self.__struct_fields__ else UNSET
        if found is UNSET:
            raise KeyError(name)
        return found

    def as_map(self) -> dict[str, Any]:
        """Give what stands on the log."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    def __contains__(self, name: str) -> bool:
        """Whether a fact is said."""
        return name in self.as_map()

    def __iter__(self) -> Iterator[str]:
        """Name what is said."""
        return iter(self.as_map())

    def keys(self) -> KeysView[str]:
        """Name what is said."""
        return self.as_map().keys()

    def items(self) -> ItemsView[str, Any]:
        """Give what is said, by name."""
        return self.as_map().items()
