"""What the gateway answers when it cannot do what was asked: RFC 9457, with the field and the mend."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from engine.errors import GridwhistleError

KINDS: dict[str, tuple[int, str]] = {
    "unreadable": (400, "The body cannot be read"),
    "bad-head": (400, "A header cannot be so"),
    "no-login": (401, "Nobody is logged in"),
    "foreign-origin": (403, "The request comes from another page"),
    "not-found": (404, "There is nothing here for you"),
    "no-archive": (404, "This stack keeps no archive"),
    "no-key": (404, "What lies sealed cannot be opened here"),
    "wrong-method": (405, "This address takes another method"),
    "refused": (409, "The law refuses it"),
    "under-way": (409, "The same request is under way"),
    "erased": (410, "It was forgotten"),
    "changed": (412, "It has changed since"),
    "too-large": (413, "It is too large"),
    "wrong-type": (415, "This content type is not read here"),
    "invalid": (422, "A field is wrong"),
    "key-used": (422, "This Idempotency-Key was given with another request"),
    "too-many": (429, "Too many requests"),
    "fault": (500, "A fault of ours"),
    "away": (503, "A server we need is away"),
}
"""Kind -> status and title; a kind is the last part of a problem's ``type``."""

TYPE = "urn:gridwhistle:problem:"
CONTENT_TYPE = "application/problem+json"


class Problem(GridwhistleError):
    """Why a request is not done; whoever raises it says the field and the mend, and nothing that a stranger sent."""

    def __init__(
        self, kind: str, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        """Keep what the answer will say."""
        super().__init__(detail)
        self.kind, self.detail, self.field = kind, detail, field
        self.status, self.title = KINDS[kind]
        self.headers, self.more = dict(headers or {}), more

    def told(self) -> dict[str, Any]:
        """Give the members of the answer."""
        found = {"type": TYPE + self.kind, "title": self.title, "status": self.status, "detail": self.detail}
        return found | ({"field": self.field} if self.field else {}) | self.more

    def response(self) -> Response:
        """Write the answer."""
        return Response(msgspec.json.encode(self.told()), self.status, self.headers, CONTENT_TYPE)


def away(what: str, seconds: int = 2, **more: Any) -> Problem:
    """Say that a server is away, and when to ask again."""
    return Problem("away", f"{what} does not answer; send it again", headers={"Retry-After": str(seconds)}, **more)


def not_found() -> Problem:
    """Say the same of what is absent and of what is another's: nobody learns which it is."""
    return Problem("not-found", "there is no such thing, or it is not yours to see")
