"""Who may do what: one table, route by route. A route that is not here is not served, and fails the tests."""

from typing import NamedTuple

from engine.gateway.callers import OUTSIDE, Caller, Kind


class Policy(NamedTuple):
    """Who may use a route, and how what they reach is bounded."""

    kinds: tuple[Kind, ...]
    scope: str
    """``none``: nothing of anybody's; ``own``: what is theirs alone, 404 for the rest; ``self``: their own login;
    ``link``: what the address itself gives, whoever asks and whatever session their browser has."""


WORKING: tuple[Kind, ...] = ("source", "department", "person")
LOOKING: tuple[Kind, ...] = (*WORKING, "auditor")
WATCHING: tuple[Kind, ...] = ("person", "auditor", "wall")
"""Live rows: whoever works on them, whoever looks at all that is done, and a screen on a wall."""
KNOWN: tuple[Kind, ...] = (*WORKING, *OUTSIDE, "wall")
EVERYBODY: tuple[Kind, ...] = ("nobody", *KNOWN)
BY_LINK = "link"
BY_API_KEY: tuple[Kind, ...] = ("nobody", "source")
"""Nobody as yet: the door reads the key out of ``api_key``, and lets through a source alone."""

POLICIES: dict[str, Policy] = {
    "console": Policy(EVERYBODY, "none"),
    "livez": Policy(EVERYBODY, "none"),
    "readyz": Policy(EVERYBODY, "none"),
    "openapi": Policy(EVERYBODY, "none"),
    "asyncapi": Policy(EVERYBODY, "none"),
    "seats": Policy(EVERYBODY, "none"),
    "session_ways": Policy(EVERYBODY, "none"),
    "session_begin": Policy(EVERYBODY, "self"),
    "session_show": Policy(KNOWN, "self"),
    "session_end": Policy(EVERYBODY, "self"),
    "oidc_begin": Policy(EVERYBODY, "self"),
    "oidc_back": Policy(EVERYBODY, "self"),
    "token": Policy(EVERYBODY, "self"),
    "accounts": Policy(("security_admin",), "none"),
    "account_disable": Policy(("security_admin",), "none"),
    "report": Policy(("source", "person"), "own"),
    "search": Policy(LOOKING, "own"),
    "ticket": Policy(LOOKING, "own"),
    "history": Policy(LOOKING, "own"),
    "explain": Policy(LOOKING, "own"),
    "attachments": Policy(LOOKING, "own"),
    "command": Policy(WORKING, "own"),
    "bulk": Policy(WORKING, "own"),
    "photo_add": Policy(WORKING, "own"),
    "photo": Policy(LOOKING, "own"),
    "queues": Policy((*WATCHING, "system_admin"), "own"),
    "queue": Policy(WATCHING, "own"),
    "stream": Policy(WATCHING, "own"),
    "views": Policy(WATCHING, "none"),
    "view_add": Policy(("person",), "none"),
    "view_drop": Policy(("person",), "self"),
    "viewing": Policy(("person",), "own"),
    "viewing_end": Policy(("person",), "own"),
    "notices": Policy(("person",), "own"),
    "events": Policy(("department",), "own"),
    "events_lease": Policy(("department",), "own"),
    "events_ack": Policy(("department",), "own"),
    "events_nack": Policy(("department",), "own"),
    "readers": Policy(("department",), "own"),
    "reader_put": Policy(("department",), "own"),
    "reader_drop": Policy(("department",), "own"),
    "webhooks": Policy(("department", "person", "auditor"), "own"),
    "webhook": Policy(("department", "person", "auditor"), "own"),
    "webhook_deliveries": Policy(("department", "person", "auditor"), "own"),
    "webhook_add": Policy(("department", "person"), "own"),
    "webhook_change": Policy(("department", "person"), "own"),
    "webhook_drop": Policy(("department", "person"), "own"),
    "webhook_pause": Policy(("department", "person"), "own"),
    "webhook_resume": Policy(("department", "person"), "own"),
    "webhook_rotate": Policy(("department", "person"), "own"),
    "webhook_test": Policy(("department", "person"), "own"),
    "webhook_redrive": Policy(("department", "person"), "own"),
    "grid": Policy(KNOWN, "none"),
    "map": Policy(("person", "auditor"), "own"),
    "points": Policy(("person", "auditor"), "own"),
    "pack": Policy(KNOWN, "none"),
    "pack_check": Policy(("person", "system_admin"), "none"),
    "pack_diff": Policy(("person", "system_admin"), "none"),
    "law_packs": Policy(("person", "system_admin"), "own"),
    "pack_wait": Policy(("person", "system_admin"), "own"),
    "pack_waiting": Policy(("person", "system_admin"), "own"),
    "pack_drop": Policy(("person", "system_admin"), "own"),
    "pack_publish": Policy(("person",), "own"),
    "what_if_begin": Policy(("person", "system_admin"), "own"),
    "what_if_show": Policy(("person", "system_admin"), "own"),
    "what_if_cancel": Policy(("person", "system_admin"), "own"),
    "split": Policy(("person", "auditor", "system_admin"), "own"),
    "trend": Policy(("person", "auditor", "system_admin"), "own"),
    "rates": Policy(("person", "auditor", "system_admin"), "own"),
    "numbers": Policy(("person", "auditor", "system_admin"), "own"),
    "export": Policy(("person", "auditor", "system_admin"), "own"),
    "rejected": Policy(("person", "auditor", "system_admin"), "own"),
    "rejected_original": Policy(("person",), "own"),
    "rejected_resend": Policy(("person",), "own"),
    "held": Policy(("person", "auditor", "system_admin"), "own"),
    "held_end": Policy(("person",), "own"),
    "duty": Policy(("person",), "own"),
    "duty_change": Policy(("person",), "own"),
    "handover_points": Policy(("person",), "own"),
    "handovers": Policy(("person", "auditor"), "own"),
    "handover": Policy(("person", "auditor"), "own"),
    "handover_sign": Policy(("person",), "own"),
    "handover_take": Policy(("person",), "own"),
    "reveal": Policy(("person",), "own"),
    "earlier": Policy(("person",), "own"),
    "erase_ask": Policy(("person",), "own"),
    "erasures": Policy(("security_admin",), "none"),
    "erase_approve": Policy(("security_admin",), "none"),
    "audit": Policy(("auditor", "security_admin"), "none"),
    "resident": Policy(EVERYBODY, BY_LINK),
    "resident_answer": Policy(EVERYBODY, BY_LINK),
    "open311_discovery": Policy(EVERYBODY, "none"),
    "open311_services": Policy(EVERYBODY, "none"),
    "open311_service": Policy(EVERYBODY, "none"),
    "open311_request_make": Policy(BY_API_KEY, "own"),
    "open311_request_list": Policy(BY_API_KEY, "own"),
    "open311_request_one": Policy(BY_API_KEY, "own"),
    "open311_token": Policy(BY_API_KEY, "own"),
}
"""Route -> who. Which tickets are somebody's is ``callers.sees``; which commands, the law alone."""


def may_use(route: str, caller: Caller) -> bool:
    """Whether somebody may use a route at all."""
    return caller.kind in POLICIES[route].kinds
