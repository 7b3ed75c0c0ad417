"""What the addresses of seats, sessions, accounts, the city's login and tokens take and give, by example."""

from typing import Any

from engine.gateway.example import Example

_TOKEN = {"access_token": "gwt_…", "token_type": "Bearer", "expires_in": 900}
_ASKED: dict[str, Any] = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"const": "client_credentials"},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string"},
    },
}
_SENT = {"grant_type": "client_credentials", "client_id": "0a1b2c3d4e5f", "client_secret": "gwk_0a1b2c3d4e5f_…"}

OBJECT: dict[str, Any] = {"type": "object"}
_SEAT = {"role": "desk", "person": "desk-1", "name": "王值班", "grids": [], "offered": 2}
_WHO = {"kind": "person", "name": "desk-1", "role": "desk", "org": None, "pages": ["queues", "desk"]}

OF_LOGINS: dict[str, Example] = {
    "seats": Example(200, {"seats": [_SEAT]}, fails=("not-found",)),
    "session_ways": Example(200, {"password": True, "oidc": False, "seats": False}),
    "session_begin": Example(
        201,
        _WHO,
        takes={"application/json": (OBJECT, {"name": "desk-1", "password": "k7mp-x2vq-…", "role": "desk"})},
        fails=("unreadable", "no-login", "foreign-origin", "not-found", "too-large", "wrong-type", "invalid"),
    ),
    "session_show": Example(200, _WHO),
    "session_end": Example(204, fails=("foreign-origin",)),
    "accounts": Example(
        200,
        {"accounts": [{"name": "desk-1", "kind": "person", "disabled": False, "changed_at": 1772413200000}]},
        fails=("not-found",),
    ),
    "account_disable": Example(204, fails=("foreign-origin", "not-found")),
    "oidc_begin": Example(302, query={"role": "desk"}, fails=("not-found", "invalid")),
    "oidc_back": Example(303, query={"state": "…", "code": "…"}, fails=("not-found", "no-login")),
    "token": Example(200, _TOKEN, takes={"application/x-www-form-urlencoded": (_ASKED, _SENT)}),
}
