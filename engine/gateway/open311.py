"""Open311 GeoReport v2: categories as services, reports as requests, for apps that speak it; each by the key of its own
source."""

import asyncio
import re
import uuid
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway import idempotency, open311_requests, reports
from engine.gateway.callers import Caller
from engine.gateway.georeport import Records, form_of, format_of, written, xml
from engine.gateway.http import body_of, decimal
from engine.gateway.outside import address
from engine.gateway.problems import Problem, not_found
from engine.gateway.world import World, redis_or_away
from topics.envelope import incident_message
from topics.ids import folded, identity
from topics.incident import is_web
from topics.pack import Category
from topics.vocabulary import Channel

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-26T00:00:00Z"
OF_PEOPLE = ("first_name", "last_name", "email", "phone", "device_id", "account_id")
"""Fields about the reporter: they go into the vault and are never given back."""
LONGEST = 4000
"""Characters of a description (GeoReport v2)."""
TICKET_SECONDS = 1.5
"""So long a new request's ticket is waited for; after it a token is given."""
_ATTRIBUTE = re.compile(r"attribute\[([^\]]{1,100})\](?:\[\])?")


def source_of(world: World, caller: Caller, key: str | None) -> Caller:
    """Say whose requests these are: by the header's key, else by ``api_key``.

    Raises:
        Problem: By nobody's; only systems that report come by this door.
    """
    who = world.key_caller(key) if caller.kind == "nobody" and key else caller
    if who is None or who.kind != "source":
        raise Problem("no-login", "a valid api_key of a source is needed ('gridwhistle keys add --source NAME')")
    return who


def demand_jurisdiction(world: World, given: str | None) -> None:
    """Take no request for another city.

    Raises:
        Problem: It is for one.
    """
    if given and given != world.law().bundle.name:
        raise not_found()


async def discovery(world: World, request: Request, caller: Caller) -> Response:
    """Say where the service is, and in which formats."""
    url = f"{address(world, request)}/open311/v2"
    endpoint = {"specification": SPECIFICATION, "url": url, "changeset": CHANGESET, "type": "production"}
    if format_of(request) == "json":
        told = {
            "changeset": CHANGESET,
            "contact": "",
            "key_service": "gridwhistle keys add --source NAME",
            "endpoints": [endpoint | {"formats": ["text/xml", "application/json"]}],
        }
        return Response(msgspec.json.encode(told), media_type="application/json")
    top = ElementTree.Element("discovery")
    ElementTree.SubElement(top, "changeset").text = CHANGESET
    inner = ElementTree.SubElement(ElementTree.SubElement(top, "endpoints"), "endpoint")
    for name, text in endpoint.items():
        ElementTree.SubElement(inner, name).text = text
    formats = ElementTree.SubElement(inner, "formats")
    for kind in ("text/xml", "application/json"):
        ElementTree.SubElement(formats, "format").text = kind
    return xml(top)


def _service(category: Category) -> dict[str, Any]:
    return {
        "service_code": category.code,
        "service_name": category.label_zh or category.label,
        "description": category.label,
        "metadata": False,
        "type": "realtime",
        "keywords": ",".join(category.aliases),
        "group": category.group,
    }


async def services(world: World, request: Request, caller: Caller) -> Response:
    """List what may be reported: the categories of the law in force."""
    form = format_of(request)
    demand_jurisdiction(world, request.query_params.get("jurisdiction_id"))
    rows = [_service(category) for category in world.law().bundle.categories]
    return written(Records("services", "service", rows), form)


async def service(world: World, request: Request, caller: Caller) -> Response:
    """Define a service; none asks for more than the standard fields."""
    form, code = format_of(request), request.path_params["code"]
    demand_jurisdiction(world, request.query_params.get("jurisdiction_id"))
    if code not in world.law().categories:
        raise not_found()
    if form == "json":
        return Response(msgspec.json.encode({"service_code": code, "attributes": []}), media_type="application/json")
    top = ElementTree.Element("service_definition")
    ElementTree.SubElement(top, "service_code").text = code
    ElementTree.SubElement(top, "attributes")
    return xml(top)


async def request_make(world: World, request: Request, caller: Caller) -> Response:
    """Take a request; answers its id, or a token where its ticket is not filed within a moment."""
    form, body = format_of(request), await body_of(world, request)
    pairs = form_of(request, body)
    given = dict(pairs)
    who = source_of(world, caller, given.get("api_key"))
    for city in (given.get("jurisdiction_id"), request.query_params.get("jurisdiction_id")):
        demand_jurisdiction(world, city)
    name, data = _data(world, pairs, given)
    key = idempotency.key_of(request)
    name = name or (str(uuid.uuid4()) if key is None else idempotency.drawn_from(who, key))
    return await idempotency.once(world, request, who, body, lambda: _take(world, who, form, name, data))


async def _take(world: World, who: Caller, form: str, name: str, data: dict[str, Any]) -> Response:
    key, value, headers = incident_message(who.name, name, data)
    message = reports.judged(world, reports.Message(identity(who.name, name), key, value, headers=headers))
    await reports.send(world, message)
    ticket = await _filed(world, message.identity)
    told = {"service_request_id": ticket} if ticket is not None else {"token": name}
    rows = [told | {"service_notice": "", "account_id": ""}]
    return written(Records("service_requests", "request", rows), form, 201)


async def _filed(world: World, name: str) -> str | None:
    """Wait a moment for the ticket; Redis away: it is taken all the same."""
    until = asyncio.get_running_loop().time() + min(TICKET_SECONDS, world.wait_seconds)
    try:
        while (found := await world.view.ticket_of(folded(name))) is None:
            if asyncio.get_running_loop().time() >= until:
                return None
            await asyncio.sleep(0.05)
    except Exception as exc:
        if redis_or_away(exc):
            return None
        raise
    return found


def _data(world: World, pairs: list[tuple[str, str]], given: dict[str, str]) -> tuple[str | None, dict[str, Any]]:
    """Read what is reported, as ``POST /v1/incidents`` has it; fields that nobody knows are passed over, as the
    specification wants it.

    Raises:
        Problem: What must be there is not, or cannot be so.
    """
    code = given.get("service_code", "")
    if code not in world.law().categories:
        raise Problem("invalid", "is required, and one of GET services", field="service_code")
    text, media = given.get("description", ""), given.get("media_url", "")
    if len(text) > LONGEST:
        raise Problem("invalid", f"at most {LONGEST} characters", field="description")
    if media and not is_web(media):
        raise Problem("invalid", "an http:// or https:// address", field="media_url")
    attributes = {found[1]: value for name, value in pairs if (found := _ATTRIBUTE.fullmatch(name)) is not None}
    own_id = attributes.pop("external_id", None)
    data: dict[str, Any] = {
        "occurred_at": datetime.fromtimestamp(world.now / 1000, UTC).isoformat(),
        "channel": str(Channel.OPEN311),
        "category": code,
        "text": f"{text}\n{media}".strip() if media and len(text) + len(media) < LONGEST else text,
        "location": _location(given),
    }
    reporter = {name: given[name] for name in OF_PEOPLE if given.get(name)}
    if "first_name" in reporter or "last_name" in reporter:
        reporter["name"] = f"{reporter.pop('first_name', '')} {reporter.pop('last_name', '')}".strip()
    return own_id, data | ({"reporter": reporter} if reporter else {}) | (
        {"attributes": attributes} if attributes else {}
    )


def _location(given: dict[str, str]) -> dict[str, Any]:
    """A point, an address or a grid's code (``address_id``); one of them must be there."""
    found: dict[str, Any] = {}
    if given.get("address_id"):
        found["grid"] = given["address_id"]
    if given.get("address_string"):
        found["address"] = given["address_string"]
    if given.get("lat") or given.get("long"):
        try:
            found |= {"lat": decimal(given.get("lat", "")), "lon": decimal(given.get("long", ""))}
        except ValueError:
            raise Problem("invalid", "lat and long go together, in degrees (WGS84)", field="lat") from None
    if not found:
        raise Problem("invalid", "send lat and long, address_string or address_id", field="lat")
    return found


async def token(world: World, request: Request, caller: Caller) -> Response:
    """Say which request a token has become; without an id while it has not."""
    form, name = format_of(request), request.path_params["token"]
    who = source_of(world, caller, request.query_params.get("api_key"))
    demand_jurisdiction(world, request.query_params.get("jurisdiction_id"))
    found = await world.view.ticket_of(folded(identity(who.name, name)))
    rows = [{"service_request_id": found, "token": name}]
    return written(Records("service_requests", "request", rows), form)


async def request_one(world: World, request: Request, caller: Caller) -> Response:
    """Say how one request stands."""
    form = format_of(request)
    who = source_of(world, caller, request.query_params.get("api_key"))
    demand_jurisdiction(world, request.query_params.get("jurisdiction_id"))
    rows = await open311_requests.named(world, who, [request.path_params["id"]])
    if not rows:
        raise not_found()
    return written(Records("service_requests", "request", rows), form)


async def request_list(world: World, request: Request, caller: Caller) -> Response:
    """List one's own requests: by id, or by service, time and status; the latest first."""
    form, given = format_of(request), request.query_params
    who = source_of(world, caller, given.get("api_key"))
    demand_jurisdiction(world, given.get("jurisdiction_id"))
    if names := given.get("service_request_id"):
        rows = await open311_requests.named(world, who, names.split(","))
    else:
        rows = await open311_requests.found(world, who, given)
    return written(Records("service_requests", "request", rows), form)
