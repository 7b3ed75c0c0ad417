"""Compiles a pack without faults into the bundle that travels and is hashed (LAW 8)."""

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from rules.law.conditions import variables
from rules.rulepack.holidays import working_years
from rules.rulepack.model import PackSource
from topics import codec
from topics.pack import PackBundle


def compile_pack(source: PackSource) -> PackBundle:
    """Turn a pack without faults into its bundle: degrees to integers, holidays to dated tables, rules with what they
    read."""
    plain = source.model_dump(mode="json", exclude={"calendar", "nodes", "rules", "force_majeure"})
    calendar = source.calendar
    hours = [tuple(int(t[:2]) * 60 + int(t[3:]) for t in span.split("-")) for span in calendar.hours]
    years, version = working_years(
        calendar.country, calendar.region, calendar.from_year, calendar.to_year, calendar.worked, calendar.off
    )
    plain["calendar"] = {
        "name": version,
        "timezone": source.timezone,
        "hours": hours,
        "day_minutes": sum(end - start for start, end in hours),
        "years": years,
    }
    zone = ZoneInfo(source.timezone)
    plain["force_majeure"] = [
        {"since": _instant(one.since, zone), "until": _instant(one.until, zone), "nodes": one.nodes, "why": one.why}
        for one in source.force_majeure
    ]
    plain["nodes"] = [
        {
            **node.model_dump(exclude={"outline"}),
            "ring": [(round(lon * 10**7), round(lat * 10**7)) for lon, lat in node.outline],
        }
        for node in source.nodes
    ]
    plain["rules"] = [
        {**rule.model_dump(), "reads": sorted({*variables(rule.when), *(("leaf", "home") if rule.under else ())})}
        for rule in source.rules
    ]
    return msgspec.convert(plain, PackBundle)


def _instant(local: datetime, zone: ZoneInfo) -> int:
    return int(local.replace(tzinfo=zone).timestamp()) * 1000


def bundle_bytes(bundle: PackBundle) -> bytes:
    """Give the bytes that travel and are hashed."""
    return codec.encode(bundle)


def pack_ref(bundle: PackBundle) -> str:
    """Name a bundle ``<name>@<first 16 hex of its SHA-256>``."""
    return f"{bundle.name}@{hashlib.sha256(bundle_bytes(bundle)).hexdigest()[:16]}"
