"""Writes moments and lengths for people: the city's own time, the only one on any screen, with its zone named (LAW
4)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from topics.ids import Instant


def local(at: Instant, zone: ZoneInfo) -> str:
    """Write ``2026-03-02 15:00:00``; an hour that comes twice in autumn says which one it is by its offset."""
    there = datetime.fromtimestamp(at // 1000, zone)
    text = there.strftime("%Y-%m-%d %H:%M:%S") + (f".{at % 1000:03d}" if at % 1000 else "")
    twice = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
    return text + (there.strftime("%z") if twice else "")


def short(at: Instant | None, zone: ZoneInfo) -> str:
    """Write ``03-02 15:00`` for a table whose head names the zone; ``-`` for none."""
    return "-" if at is None else datetime.fromtimestamp(at // 1000, zone).strftime("%m-%d %H:%M")


def moment(at: Instant, zone: ZoneInfo) -> str:
    """Write ``2026-03-02 15:00:00 Asia/Shanghai``, where nothing else on the line names the zone."""
    return f"{local(at, zone)} {zone.key}"


def length(ms: int) -> str:
    """Write a length: ``6 h 24 min``, ``1 min 0.250 s``."""
    hours, rest = divmod(abs(ms), 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds = f"{rest // 1000}.{rest % 1000:03d} s" if rest % 1000 else f"{rest // 1000} s" if rest else ""
    return ("-" if ms < 0 else "") + (
        " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", seconds) if part)
        or "0 s"
    )
