"""OAuth2 client credentials (RFC 6749, 4.4): whoever has a key draws a bearer's token by it, which ends in a quarter of
an hour, and with the key."""

import base64
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import bearers
from engine.gateway.callers import Caller, is_known
from engine.gateway.http import answer, body_of
from engine.gateway.problems import Problem
from engine.gateway.world import World

MOST_FIELDS = 10
ERRORS = {"no-login": "invalid_client", "too-many": "temporarily_unavailable", "away": "temporarily_unavailable"}
"""Kinds of our problems that RFC 6749 has a word for; all others are ``invalid_request``."""
GRANT = "unsupported_grant_type"


def refused(request: Request, problem: Problem) -> Response:
    """Say a problem as RFC 6749 has errors."""
    error = problem.more.get("error") or ERRORS.get(problem.kind, "invalid_request")
    headers = {name: text for name, text in problem.headers.items() if name.lower() != "www-authenticate"}
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="gridwhistle"'
    status = 400 if problem.status in (409, 415, 422) else problem.status
    return answer({"error": error, "error_description": problem.detail}, status, headers)


async def issue(world: World, request: Request, caller: Caller) -> Response:
    """Give a token for a key: its id is the client's, its text the client's secret."""
    given = _form(request, await body_of(world, request))
    if given.get("grant_type") != "client_credentials":
        raise Problem("invalid", "grant_type is client_credentials", field="grant_type", error=GRANT)
    if given.get("scope"):
        raise Problem(
            "invalid", "a token is for all its key is for; name no scope", field="scope", error="invalid_scope"
        )
    client, secret = _client(request, given)
    key = world.key_of(secret)
    if key is None or (client and client != key.id) or not is_known(world.law(), key.caller()):
        raise Problem("no-login", "this client is unknown, was revoked or has expired")
    token = await bearers.draw(world, key.id)
    return answer({"access_token": token, "token_type": "Bearer", "expires_in": bearers.SECONDS})


def _form(request: Request, body: bytes) -> dict[str, str]:
    """Read the form; a field given twice is none (RFC 6749, 3.2)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Problem("wrong-type", "send application/x-www-form-urlencoded", field="Content-Type")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as exc:
        raise Problem("unreadable", f"a form of at most {MOST_FIELDS} fields in UTF-8") from exc
    if len(dict(pairs)) != len(pairs):
        raise Problem("invalid", "a field is given twice")
    return dict(pairs)


def _client(request: Request, given: dict[str, str]) -> tuple[str, str]:
    """Read who asks: by HTTP Basic, else by ``client_id`` and ``client_secret``; not by both."""
    head = request.headers.get("authorization")
    if head is None:
        return given.get("client_id", ""), given.get("client_secret", "")
    kind, _, text = head.partition(" ")
    if kind.lower() != "basic" or "client_secret" in given:
        raise Problem("invalid", "the client by HTTP Basic, or in the form: one of them")
    try:
        client, _, secret = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(client), unquote_plus(secret)
