"""Who may do and see what, told once more and otherwise than the gateway does it: by words in a table, and by places
written as paths."""

from typing import NamedTuple

import msgspec

from tests.support.city import city_bundle
from topics.pack import Node, PackBundle, RosterEntry

PLACES = {
    code: tuple(path.split("/"))
    for path in (
        "city",
        "city/north", "city/north/east", "city/north/east/east1", "city/north/east/east2",
        "city/north/west", "city/north/west/west1",
        "city/south", "city/south/hill", "city/south/hill/hill1",
        "city/south/eastern", "city/south/eastern/east11",
    )
    for code in (path.rpartition("/")[2],)
}  # fmt: skip
"""Code -> its path. ``eastern`` and ``east11`` begin like what they have nothing to do with."""

POSTS = ("city", "north", "east", "east1", "hill", "east11")
"""Where somebody of each role is posted."""
BY_PLACE = (
    "desk", "chief", "centre", "checker", "supervisor", "residents", "specialist", "red_property", "backstop", "street",
    "principal",
)  # fmt: skip
ORGS = ("urban", "fire", "water")

WHO = {
    "livez": "all",
    "readyz": "all",
    "openapi": "all",
    "asyncapi": "all",
    "seats": "all",
    "session_ways": "all",
    "session_begin": "all",
    "session_show": "roster source department auditor system_admin security_admin wall",
    "session_end": "all",
    "oidc_begin": "all",
    "oidc_back": "all",
    "token": "all",
    "accounts": "security_admin",
    "account_disable": "security_admin",
    "report": "roster source",
    "search": "roster source department auditor",
    "ticket": "roster source department auditor",
    "history": "roster source department auditor",
    "attachments": "roster source department auditor",
    "explain": "roster source department auditor",
    "command": "roster source department",
    "bulk": "roster source department",
    "photo_add": "roster source department",
    "photo": "roster source department auditor",
    "queues": "roster auditor wall system_admin",
    "queue": "roster auditor wall",
    "stream": "roster auditor wall",
    "views": "roster auditor wall",
    "view_add": "roster",
    "view_drop": "roster",
    "viewing": "roster",
    "viewing_end": "roster",
    "webhooks": "org auditor",
    "webhook": "org auditor",
    "webhook_deliveries": "org auditor",
    "webhook_add": "org",
    "webhook_change": "org",
    "webhook_drop": "org",
    "webhook_pause": "org",
    "webhook_resume": "org",
    "webhook_rotate": "org",
    "webhook_test": "org",
    "webhook_redrive": "org",
    "notices": "roster",
    "events": "department",
    "events_lease": "department",
    "events_ack": "department",
    "events_nack": "department",
    "readers": "department",
    "reader_put": "department",
    "reader_drop": "department",
    "grid": "roster source department auditor system_admin security_admin wall",
    "map": "roster auditor",
    "points": "roster auditor",
    "pack": "roster source department auditor system_admin security_admin wall",
    "pack_check": "roster system_admin",
    "pack_diff": "roster system_admin",
    "law_packs": "whole system_admin",
    "pack_wait": "whole system_admin",
    "pack_waiting": "whole system_admin",
    "pack_drop": "whole system_admin",
    "pack_publish": "lawgiver",
    "what_if_begin": "whole system_admin",
    "what_if_show": "whole system_admin",
    "what_if_cancel": "whole system_admin",
    "split": "roster auditor system_admin",
    "trend": "roster auditor system_admin",
    "rates": "roster auditor system_admin",
    "numbers": "roster auditor system_admin",
    "export": " ".join((*BY_PLACE, "auditor", "system_admin")),
    "rejected": "desk chief centre auditor system_admin",
    "rejected_original": "desk chief centre",
    "rejected_resend": "desk chief centre",
    "held": "desk chief centre auditor system_admin",
    "held_end": "desk chief centre",
    "duty": "roster",
    "duty_change": "roster",
    "handover_points": "roster",
    "handovers": "roster auditor",
    "handover": "roster auditor",
    "handover_sign": "roster",
    "handover_take": "roster",
    "reveal": "roster",
    "earlier": "roster",
    "erase_ask": "chief centre",
    "erasures": "security_admin",
    "erase_approve": "security_admin",
    "audit": "auditor security_admin",
    "resident": "all",
    "resident_answer": "all",
    "open311_discovery": "all",
    "open311_services": "all",
    "open311_service": "all",
    "open311_request_make": "source",
    "open311_request_list": "source",
    "open311_request_one": "source",
    "open311_token": "source",
}
"""Route -> words for those who may use it; ``roster`` is everybody on it, ``whole`` those whose post is the city,
``lawgiver`` of these chief and centre, ``org`` a department's people and its system."""


class Seat(NamedTuple):
    """One who could ask."""

    word: str
    """Their role, or what they are outside of the roster."""
    name: str
    post: str = ""
    org: str = ""
    is_system: bool = False
    """A department's own system, by its key."""


def seats() -> list[Seat]:
    """Everybody: each role at each post, each department's people and system, sources, those outside, and nobody."""
    found = [Seat(role, f"{role}.{post}", post) for role in BY_PLACE for post in POSTS]
    found += [Seat("department", f"{org}-1", org=org) for org in ORGS]
    found += [Seat("department", f"{org}-system", org=org, is_system=True) for org in ORGS]
    found += [Seat("wall", f"street.{post}", post) for post in ("city", "north")]
    found += [Seat("source", name) for name in ("app", "ap", "app2", "hotline")]
    return found + [
        Seat(word, f"{word}-1" if word != "nobody" else "")
        for word in ("auditor", "system_admin", "security_admin", "nobody")
    ]


def may(route: str, seat: Seat) -> bool:
    """Whether a seat may use a route, as the table's words have it."""
    words = WHO[route].split()
    on_roster = seat.word in BY_PLACE or (seat.word == "department" and not seat.is_system)
    is_whole = seat.word in BY_PLACE and seat.post == "city"
    gives_law = is_whole and seat.word in ("chief", "centre")
    is_named = seat.word in words and (seat.word != "department" or seat.is_system)
    is_of_org = "org" in words and bool(seat.org)
    return (
        "all" in words
        or ("lawgiver" in words and gives_law)
        or is_of_org
        or is_named
        or ("roster" in words and on_roster)
        or ("whole" in words and is_whole)
    )


def relation(post: str, place: str) -> str:
    """How a post stands to a place: ``own``, ``parent``, ``child``, ``sibling`` or ``other``; by whole segments."""
    here, there = PLACES[post], PLACES[place]
    if here == there:
        return "own"
    if there[: len(here)] == here:
        return "parent"
    if here[: len(there)] == there:
        return "child"
    return "sibling" if here[:-1] == there[:-1] else "other"


def town() -> PackBundle:
    """The small city with somebody of every role at every post, and a home whose name begins like another's."""
    old = city_bundle()
    nodes = (*old.nodes, Node("eastern", "home", "south", "Eastern"), Node("east11", "grid", "eastern", "east11"))
    people = tuple(
        RosterEntry(f"{role}.{post}", f"{role}.{post}", role, nodes=() if post == "city" else (post,))
        for role in BY_PLACE
        for post in POSTS
    )
    return msgspec.structs.replace(old, nodes=nodes, roster=(*old.roster, *people))
