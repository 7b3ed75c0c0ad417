"""Every address there is: one table, of which the application and its OpenAPI description are made."""

from collections.abc import Callable
from functools import cache, partial
from typing import NamedTuple

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import (
    attachments,
    bulk,
    commands,
    console,
    duty,
    erasures,
    exports,
    finding,
    handovers,
    held_again,
    law_desk,
    maps,
    notices,
    numbers,
    open311,
    openid_login,
    packs,
    past,
    photos,
    places,
    pulling,
    queues,
    reporters,
    reports,
    resident,
    scores,
    shared_views,
    stream,
    tickets,
    tokens,
    turned_away,
    viewing,
    webhooks,
    what_if,
)
from engine.gateway.callers import Caller
from engine.gateway.described import operation, whole
from engine.gateway.examples import EXAMPLES
from engine.gateway.georeport import refused
from engine.gateway.http import HEADERS, Handler, answer, guarded, plainly
from engine.gateway.menu import pages_of
from engine.gateway.policy import POLICIES
from engine.gateway.problems import Problem, not_found
from engine.gateway.rates import Rates
from engine.gateway.world import World
from rules import VERSION
from topics.asyncapi import document


class Route(NamedTuple):
    """One address: method, path, its name in the policy table, and what answers."""

    method: str
    path: str
    name: str
    handler: Handler
    say: Callable[[Request, Problem], Response] = plainly
    """How it says what is wrong."""


async def _asyncapi(world: World, request: Request, caller: Caller) -> Response:
    """Describe the topics, for who comes by Kafka."""
    return answer(_topics())


_topics = cache(document)


async def _openapi(world: World, request: Request, caller: Caller) -> Response:
    """Describe these addresses."""
    return answer(whole(request.app.openapi()))


_OPEN311: tuple[tuple[str, str, str, Handler], ...] = (
    ("GET", "discovery", "discovery", open311.discovery),
    ("GET", "services", "services", open311.services),
    ("GET", "services/{code}", "service", open311.service),
    ("POST", "requests", "request_make", open311.request_make),
    ("GET", "requests", "request_list", open311.request_list),
    ("GET", "requests/{id}", "request_one", open311.request_one),
    ("GET", "tokens/{token}", "token", open311.token),
)

ROUTES = (
    Route("GET", "/livez", "livez", places.livez),
    Route("GET", "/readyz", "readyz", places.readyz),
    Route("GET", "/openapi.json", "openapi", _openapi),
    Route("GET", "/asyncapi.json", "asyncapi", _asyncapi),
    Route("GET", "/v1/seats", "seats", places.seats),
    Route("GET", "/v1/session/ways", "session_ways", places.session_ways),
    Route("POST", "/v1/session", "session_begin", places.session_begin),
    Route("GET", "/v1/session", "session_show", places.session_show),
    Route("DELETE", "/v1/session", "session_end", places.session_end),
    Route("GET", "/v1/session/oidc", "oidc_begin", openid_login.begin),
    Route("GET", "/v1/session/oidc/callback", "oidc_back", openid_login.back),
    Route("POST", "/v1/token", "token", tokens.issue, tokens.refused),
    Route("GET", "/v1/accounts", "accounts", places.accounts),
    Route("POST", "/v1/accounts/{name}/disable", "account_disable", places.account_disable),
    Route("POST", "/v1/incidents", "report", reports.report),
    Route("POST", "/v1/tickets/{id:path}/viewing", "viewing", viewing.viewing),
    Route("DELETE", "/v1/tickets/{id:path}/viewing", "viewing_end", viewing.viewing_end),
    Route("GET", "/v1/views", "views", shared_views.views),
    Route("POST", "/v1/views", "view_add", shared_views.view_add),
    Route("DELETE", "/v1/views/{view}", "view_drop", shared_views.view_drop),
    Route("POST", "/v1/tickets/{id:path}/commands", "command", commands.command),
    Route("POST", "/v1/commands", "bulk", bulk.commands),
    Route("POST", "/v1/tickets/{id:path}/photos", "photo_add", photos.photo_add),
    Route("GET", "/v1/tickets/{id:path}/photos/{photo}", "photo", photos.photo),
    Route("GET", "/v1/tickets", "search", finding.search),
    Route("GET", "/v1/tickets/{id:path}/history", "history", past.history),
    Route("GET", "/v1/tickets/{id:path}/attachments", "attachments", attachments.attachments),
    Route("GET", "/v1/tickets/{id:path}/explain", "explain", past.explain),
    Route("GET", "/v1/tickets/{id:path}", "ticket", tickets.ticket),
    Route("GET", "/v1/queues", "queues", queues.queues),
    Route("GET", "/v1/queues/{name}", "queue", queues.queue),
    Route("GET", "/v1/stream", "stream", stream.stream),
    Route("GET", "/v1/notices", "notices", notices.notices),
    *(
        Route(method, f"/v1/departments/{{department}}/{path}", name, handler)
        for method, path, name, handler in (
            ("GET", "events", "events", pulling.look),
            ("POST", "events/lease", "events_lease", pulling.lease),
            ("POST", "events/ack", "events_ack", pulling.ack),
            ("POST", "events/nack", "events_nack", pulling.nack),
            ("GET", "readers", "readers", pulling.readers),
            ("PUT", "readers/{reader}", "reader_put", pulling.reader_put),
            ("DELETE", "readers/{reader}", "reader_drop", pulling.reader_drop),
            ("GET", "webhooks", "webhooks", webhooks.webhooks),
            ("POST", "webhooks", "webhook_add", webhooks.webhook_add),
            ("GET", "webhooks/{webhook}", "webhook", webhooks.webhook),
            ("PATCH", "webhooks/{webhook}", "webhook_change", webhooks.webhook_change),
            ("DELETE", "webhooks/{webhook}", "webhook_drop", webhooks.webhook_drop),
            ("POST", "webhooks/{webhook}/pause", "webhook_pause", webhooks.webhook_pause),
            ("POST", "webhooks/{webhook}/resume", "webhook_resume", webhooks.webhook_resume),
            ("POST", "webhooks/{webhook}/rotate", "webhook_rotate", webhooks.webhook_rotate),
            ("POST", "webhooks/{webhook}/test", "webhook_test", webhooks.webhook_test),
            ("POST", "webhooks/{webhook}/redrive", "webhook_redrive", webhooks.webhook_redrive),
            ("GET", "webhooks/{webhook}/deliveries", "webhook_deliveries", webhooks.webhook_deliveries),
        )
    ),
    Route("GET", "/v1/grid/{lat},{lon}", "grid", places.grid),
    Route("GET", "/v1/map", "map", maps.outlines),
    Route("GET", "/v1/points", "points", maps.points),
    Route("GET", "/v1/packs/in-force", "pack", places.pack),
    Route("POST", "/v1/packs/check", "pack_check", packs.check),
    Route("POST", "/v1/packs/diff", "pack_diff", packs.diff),
    Route("GET", "/v1/packs", "law_packs", law_desk.law_packs),
    Route("POST", "/v1/packs/waiting", "pack_wait", law_desk.wait),
    Route("GET", "/v1/packs/waiting/{ref}", "pack_waiting", law_desk.waiting),
    Route("DELETE", "/v1/packs/waiting/{ref}", "pack_drop", law_desk.drop),
    Route("POST", "/v1/packs/publish", "pack_publish", law_desk.publish),
    Route("POST", "/v1/packs/what-if", "what_if_begin", what_if.begin),
    Route("GET", "/v1/packs/what-if/{job}", "what_if_show", what_if.show),
    Route("DELETE", "/v1/packs/what-if/{job}", "what_if_cancel", what_if.cancel),
    Route("GET", "/v1/reports/rates", "rates", scores.rates),
    Route("GET", "/v1/reports/trend", "trend", scores.trend),
    Route("GET", "/v1/reports/split", "split", scores.split),
    Route("GET", "/v1/reports/{report}", "numbers", numbers.report),
    Route("POST", "/v1/reports/{report}/export", "export", exports.export),
    *(
        Route(method, f"/open311/v2/{path}.{{format}}", f"open311_{name}", handler, refused)
        for method, path, name, handler in _OPEN311
    ),
    Route("POST", "/v1/tickets/{id:path}/reporter/reveal", "reveal", reporters.reveal),
    Route("POST", "/v1/reporters/earlier", "earlier", reporters.earlier),
    Route("POST", "/v1/reporters/erase", "erase_ask", erasures.erase_ask),
    Route("GET", "/v1/erasures", "erasures", erasures.erasures),
    Route("POST", "/v1/erasures/{id}/approve", "erase_approve", erasures.erase_approve),
    Route("GET", "/v1/audit", "audit", erasures.audit),
    Route("GET", "/r/{token}", "resident", resident.show, resident.refused),
    Route("POST", "/r/{token}", "resident_answer", resident.answer, resident.refused),
    Route("GET", "/v1/rejected", "rejected", turned_away.rejected),
    Route("POST", "/v1/rejected/{record}/original", "rejected_original", turned_away.original),
    Route("POST", "/v1/rejected/{record}/resend", "rejected_resend", turned_away.resend),
    Route("GET", "/v1/held", "held", turned_away.held),
    Route("POST", "/v1/held", "held_end", held_again.held_end),
    Route("GET", "/v1/duty", "duty", duty.duty),
    Route("POST", "/v1/duty", "duty_change", duty.duty_change),
    Route("GET", "/v1/handovers/points", "handover_points", handovers.points),
    Route("GET", "/v1/handovers", "handovers", handovers.handovers),
    Route("POST", "/v1/handovers", "handover_sign", handovers.handover_sign),
    Route("GET", "/v1/handovers/{handover}", "handover", handovers.handover),
    Route("POST", "/v1/handovers/{handover}/take", "handover_take", handovers.handover_take),
)

CONSOLE, ASSETS = "console", "/assets/{name}"
"""Pages for people, by this line of the policy table; no part of the API."""


def new_app(world: World) -> FastAPI:
    """Make the application; a route without a policy, or without a description, is a fault of ours."""
    app = FastAPI(
        title="gridwhistle",
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # it would lead to whatever Host says
        description="Report incidents, look at tickets, give commands, watch queues. Errors are RFC 9457 problems.",
    )
    world.pages_of = partial(pages_of, world)
    rates = Rates(world.settings.gateway_requests_per_second, world.view.redis, f"{world.settings.prefix}gateway:rate")
    for route in ROUTES:
        assert route.name in POLICIES and route.name in EXAMPLES
        app.add_api_route(
            route.path,
            guarded(world, rates, route.name, route.handler, route.say),
            methods=[route.method],
            name=route.name,
            operation_id=route.name,
            summary=(route.handler.__doc__ or "").partition("\n")[0],
            response_class=Response,
            status_code=EXAMPLES[route.name].status,
            openapi_extra=operation(route.name, route.path),
        )
    for path in (*console.PATHS, ASSETS):
        handler = console.asset if path == ASSETS else console.page
        app.add_route(path, guarded(world, rates, CONSOLE, handler), methods=["GET"], include_in_schema=False)
    app.add_exception_handler(HTTPException, _unrouted)
    return app


async def _unrouted(request: Request, exc: Exception) -> Response:
    """Answer what no route takes."""
    is_method = isinstance(exc, HTTPException) and exc.status_code == 405
    problem = Problem("wrong-method", "look at /openapi.json") if is_method else not_found()
    response = problem.response()
    if isinstance(exc, HTTPException) and exc.headers:
        response.headers.update(exc.headers)
    response.headers.update(HEADERS)
    return response
