"""What the residents' page keeps: the key of its links, and how often each is looked at."""

import logging

from redis.asyncio import Redis

from engine.errors import InvalidSettings
from engine.gateway.rates import Rates
from engine.security.report_links import ReportLinks
from engine.security.vault import load_keys
from engine.settings import Settings

log = logging.getLogger(__name__)

OF_CLIENT = 20
"""One link is looked at, and guessed at from one address, twenty times more rarely than a client may ask at all."""


class Residents:
    """Links are read from the vault's key when the first one is asked for."""

    def __init__(self, settings: Settings, redis: "Redis") -> None:
        """Nothing is read yet."""
        key_file, name = settings.key_file, f"{settings.prefix}gateway:rate"
        self._file, self._links = key_file, list[ReportLinks]()
        rate = max(1, settings.gateway_requests_per_second // OF_CLIENT)
        self.looks, self.misses = Rates(rate, redis, f"{name}:look"), Rates(rate, redis, f"{name}:miss")

    def links(self) -> ReportLinks | None:
        """Give what names reports; ``None``: this gateway was given no master key."""
        if not self._links:
            try:
                self._links.append(ReportLinks(*load_keys(self._file)))
            except (InvalidSettings, OSError):
                log.debug("no master key: reports have no page for residents", exc_info=True)
                return None
        return self._links[0]
