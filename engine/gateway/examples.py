"""What each address takes and gives, by example."""

from typing import Any

from engine.gateway import examples_open311 as of_open311
from engine.gateway import examples_people as of_people
from engine.gateway.example import Example as Example
from engine.gateway.examples_law import OF_LAW
from engine.gateway.examples_logins import OF_LOGINS
from engine.gateway.examples_photos import OF_PHOTOS
from engine.gateway.examples_pull import OF_PULL
from engine.gateway.examples_screens import OF_SCREENS, ROW
from engine.gateway.examples_shift import OF_SHIFT
from engine.gateway.examples_webhooks import OF_WEBHOOKS
from rules.commands.lifecycle_table import CHILD_TABLE, TABLE
from topics.events.types import EventType
from topics.ids import record_id
from topics.incident import INCIDENT_TYPE
from topics.registry import COMMANDS, INCIDENTS, RAW

TICKET = "tawan-20260302-1"
REPORT = {"id": "A-1", "category": "bins_full", "text": "overflowing", "location": {"grid": "tawan-g1-m1"}}
EVENT = {
    "specversion": "1.0",
    "id": "A-1",
    "source": "hotline",
    "type": INCIDENT_TYPE,
    "datacontenttype": "application/json",
    "data": {
        "occurred_at": "2026-03-02T09:00:00+08:00",
        "channel": "hotline",
        "category": "bins_full",
        "location": {"grid": "tawan-g1-m1"},
    },
}
OBJECT: dict[str, Any] = {"type": "object"}
COMMAND: dict[str, Any] = {
    "type": "object",
    "required": ["kind"],
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 200},
        "kind": {"enum": sorted({*TABLE, *CHILD_TABLE})},
        "child": {"type": "string", "description": "<department>/<n>"},
    },
}

MANY = {"commands": {"type": "array", "minItems": 1, "maxItems": 100, "items": COMMAND}}
BULK: dict[str, Any] = {
    "type": "object",
    "required": list(MANY),
    "properties": MANY | {"dry_run": {"type": "boolean"}},
}


DECIDED = {
    "command": "c-1",
    "decision": record_id(COMMANDS.name, 3, 17),
    "reason": "done_as_asked",
    "events": [EventType.TICKET_ACCEPTED],
    "version": 3,
    "ask": f"/v1/tickets/{TICKET}",
}
_BINS = {"code": "bins_full", "label": "Bins full", "label_zh": "垃圾桶满溢"}
_HAPPENED = {
    "id": record_id(INCIDENTS.name, 3, 4),
    "at": "2026-03-02T09:00:00.000+08:00",
    "reason": "reported",
    "cause": "incident",
    "label": "a new incident, filed",
    "refused": False,
    "events": [{"type": EventType.TICKET_FILED, "facts": {"party": "specialist"}}],
}
_EXPLAINED = {"id": record_id(INCIDENTS.name, 3, 4), "lines": ["rule category:bins_full"], "agrees": True}
TAKEN = {"identity": "hotline:A-1", "ask": "/v1/tickets/hotline:A-1", "link": "/r/mPq…"}

FILES: dict[str, Any] = {"type": "object", "required": ["files"], "properties": {"files": OBJECT}}
WHAT_IF: dict[str, Any] = FILES | {"properties": FILES["properties"] | {"from": {"type": "string"}}}
JOB = "0123456789abcdef"
_RUNNING = {"job": JOB, "state": "running", "ask": f"/v1/packs/what-if/{JOB}", "from": "2026-02-28T16:00:00+00:00"}
_OF_PACKS = ("unreadable", "foreign-origin", "not-found", "too-large", "wrong-type", "invalid")

EXAMPLES: dict[str, Example] = (
    OF_PULL
    | OF_PHOTOS
    | OF_SCREENS
    | OF_LOGINS
    | {
        "livez": Example(200, "alive\n", "text/plain"),
        "readyz": Example(200, "ready\n", "text/plain", query={"verbose": ""}),
        "openapi": Example(200, {"openapi": "3.1.0"}),
        "asyncapi": Example(200, {"asyncapi": "3.1.0"}),
        "report": Example(
            202,
            TAKEN,
            takes={
                "application/json": (OBJECT, REPORT),
                "application/cloudevents+json": (OBJECT, EVENT),
                "application/cloudevents-batch+json": ({"type": "array", "maxItems": 100}, [EVENT]),
            },
            fails=("unreadable", "foreign-origin", "not-found", "under-way", "too-large", "wrong-type", "invalid"),
        ),
        "ticket": Example(
            200,
            {
                "id": TICKET,
                "version": 2,
                "ticket": {"id": TICKET, "status": "offered"},
                "category": _BINS,
                "place": {
                    "grid": [{"code": "tawan", "level": "community", "label": "Tawan", "label_zh": "塔湾社区"}],
                    "address": None,
                },
                "reporter": {"reachable": True, "sealed": True, "reveal": "purpose"},
                "holder": {"person": "specialist-tawan-11", "duty": "specialist", "tier": "grid", "next": "accept"},
                "stages": dict.fromkeys(("patrolled", "reported", "owned", "solved", "supervised")),
                "clocks": [],
                "children": [],
                "commands": [
                    {"kind": "accept", "ticket": TICKET, "needs": [], "may_have": [], "allowed": True},
                ],
                "times": {"zone": "Asia/Shanghai", "now": "2026-03-02T09:00:00.000+08:00"},
            },
            fails=("not-found",),
        ),
        "search": Example(
            200,
            {"rows": [ROW | {"identity": "hotline:A-1", "text": "overflowing"}], "now": 1772413200000},
            query={
                "q": "路灯",
                "category": "bins_full",
                "state": "open",
                "place": "tawan",
                "person": "desk-1",
                "breached": "true",
                "since": "2026-03-02T00:00:00+08:00",
                "until": "2026-04-02T00:00:00+08:00",
                "filter": 'urgency in ["U1", "U2"] && deadline_at - now < 3600000',
                "sort": "-received_at",
                "live": "false",
                "limit": 100,
                "cursor": "MTc3MjQxMzIwMDAwMCB0YXdhbi0yMDI2MDMwMi0x",
            },
            fails=("no-archive", "invalid"),
        ),
        "history": Example(
            200,
            {"id": TICKET, "version": 1, "is_behind": False, "decisions": [_HAPPENED], "next": "17"},
            query={"limit": 100, "cursor": "17"},
            fails=("not-found", "invalid"),
        ),
        "explain": Example(
            200,
            {"id": TICKET, "version": 1, "is_behind": False, "agrees": True, "decisions": [_EXPLAINED]},
            fails=("not-found",),
        ),
        "command": Example(
            200,
            DECIDED,
            takes={"application/json": (COMMAND, {"id": "c-1", "kind": "accept"})},
            fails=(
                "unreadable",
                "foreign-origin",
                "not-found",
                "refused",
                "changed",
                "too-large",
                "wrong-type",
                "invalid",
            ),
        ),
        "bulk": Example(
            200,
            {"results": [{"ticket": TICKET, "status": 200, **DECIDED}]},
            takes={"application/json": (BULK, {"dry_run": True, "commands": [{"ticket": TICKET, "kind": "accept"}]})},
            fails=(
                "unreadable",
                "foreign-origin",
                "not-found",
                "refused",
                "changed",
                "too-large",
                "wrong-type",
                "invalid",
            ),
        ),
        "grid": Example(
            200, {"leaf": "tawan-g1-m1", "home": "tawan"}, query={"crs": "WGS84"}, fails=("not-found", "invalid")
        ),
        "pack": Example(
            200,
            {
                "ref": "guancheng@0123456789abcdef",
                "name": "guancheng",
                "title": "Guancheng",
                "title_zh": "管城",
                "timezone": "Asia/Shanghai",
                "now": 1772413200000,
                "speed": 1,
                "worktime": [[1772411400000, 1772424000000]],
                "categories": [_BINS | {"ladder": "default"}],
                "departments": [],
                "unplaced": "unplaced",
                "homes": [],
                "ladders": {"default": [{"code": "grid", "label": "Grid", "label_zh": "网格"}]},
                "parties": [],
                "people": {"desk-1": "王值班"},
            },
        ),
        "pack_check": Example(
            200,
            {"ref": "guancheng@0123456789abcdef", "faults": [], "split_bound": "3/2"},
            takes={"application/json": (FILES, {"files": {"pack": "name: my-town\n"}})},
            fails=_OF_PACKS,
        ),
        "pack_diff": Example(
            200,
            {"in_force": "guancheng@0123456789abcdef", "faults": [], "differences": []},
            takes={"application/json": (FILES, {"files": {"pack": "extends: guancheng\n"}})},
            fails=_OF_PACKS,
        ),
        "what_if_begin": Example(
            202,
            _RUNNING,
            takes={"application/json": (WHAT_IF, {"from": "2026-03-01", "files": {"pack": "extends: guancheng\n"}})},
            fails=(*_OF_PACKS, "under-way", "key-used"),
        ),
        "what_if_show": Example(
            200,
            _RUNNING | {"state": "done", "tickets_before": 300, "summary": ["300 tickets from …"], "rows": []},
            query={"limit": 100, "cursor": "100"},
            fails=("not-found", "invalid"),
        ),
        "what_if_cancel": Example(204, fails=("foreign-origin", "not-found")),
        "numbers": Example(
            200,
            {
                "report": "tickets",
                "by": ["party"],
                "rows": [{"party": "specialist", "n": 20, "open": 3, "breached": 1}],
            },
            query={"by": "party", "since": "2026-03-02", "until": "2026-04-02"},
            fails=("not-found", "invalid"),
        ),
        "rejected": Example(
            200,
            {
                "rows": [
                    {
                        "id": record_id(RAW.name, 2, 17),
                        "reason": "invalid_field",
                        "field": "location",
                        "message": "…",
                        "sealed": True,
                    }
                ]
            },
            query={"limit": 100, "reason": "invalid_field"},
            fails=("not-found", "invalid"),
        ),
        "held": Example(
            200,
            {"rows": [{"id": record_id(INCIDENTS.name, 2, 17), "home": "tawan", "size": 512}]},
            fails=("not-found",),
        ),
        **of_people.EXAMPLES,
        "open311_discovery": Example(200, {"changeset": "2026-11-26T00:00:00Z", "endpoints": []}),
        "open311_services": Example(200, [of_open311.SERVICE], query={"jurisdiction_id": "guancheng"}),
        "open311_service": Example(
            200, {"service_code": "bins_full", "attributes": []}, query={"jurisdiction_id": "guancheng"}
        ),
        "open311_request_make": Example(
            201,
            [{"service_request_id": TICKET, "service_notice": "", "account_id": ""}],
            takes={"application/x-www-form-urlencoded": (of_open311.FORM, of_open311.SENT)},
        ),
        "open311_request_list": Example(200, [of_open311.REQUEST], query=of_open311.LISTED),
        "open311_request_one": Example(200, [of_open311.REQUEST], query=of_open311.KEY),
        "open311_token": Example(200, [{"service_request_id": TICKET, "token": "A-1"}], query=of_open311.KEY),
    }
)
"""Route -> its example."""
EXAMPLES |= OF_WEBHOOKS | OF_LAW | OF_SHIFT
