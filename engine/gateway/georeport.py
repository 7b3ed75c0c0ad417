"""Open311 GeoReport v2 in both its formats: lists of flat records and errors as XML and JSON, forms read; no door and
no law."""

import re
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from engine.gateway.problems import Problem, not_found

TYPES = {"xml": "text/xml", "json": "application/json"}
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 200

_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML may hold."""

STATUS = {401: 403, 409: 400, 412: 400, 415: 400, 422: 400}
"""Of ours -> as the specification has it: 400, 403, 404; others stay."""


class Records(NamedTuple):
    """A list of records, and what XML calls the list and each."""

    whole: str
    each: str
    rows: list[dict[str, Any]]


def format_of(request: Request) -> str:
    """Read which format is asked for.

    Raises:
        Problem: It is none of the two.
    """
    found: str = request.path_params["format"]
    if found not in TYPES:
        raise not_found()
    return found


def written(records: Records, form: str, status: int = 200) -> Response:
    """Write a list of records."""
    if form == "json":
        return Response(msgspec.json.encode(records.rows), status, media_type=TYPES[form])
    top = ElementTree.Element(records.whole)
    for row in records.rows:
        _put(ElementTree.SubElement(top, records.each), row)
    return xml(top, status)


def xml(top: ElementTree.Element, status: int = 200) -> Response:
    """Write a document."""
    body = ElementTree.tostring(top, encoding="utf-8", xml_declaration=True, short_empty_elements=False)
    return Response(body, status, media_type=f"{TYPES['xml']}; charset=utf-8")


def _put(into: ElementTree.Element, row: dict[str, Any]) -> None:
    for name, value in row.items():
        child = ElementTree.SubElement(into, name)
        if isinstance(value, bool):
            child.text = "true" if value else "false"
        elif value is not None:
            child.text = _UNFIT.sub("\ufffd", str(value))


def refused(request: Request, problem: Problem) -> Response:
    """Say a problem as the specification has errors: a list with a code and what is wrong."""
    status = STATUS.get(problem.status, problem.status)
    said = f"{problem.field}: {problem.detail}" if problem.field else problem.detail
    form = request.path_params.get("format")
    rows = [{"code": str(status), "description": said}]
    response = written(Records("errors", "error", rows), form if form in TYPES else "json", status)
    response.headers.update({name: text for name, text in problem.headers.items() if name != "WWW-Authenticate"})
    return response


def form_of(request: Request, body: bytes) -> list[tuple[str, str]]:
    """Read a form as browsers and clients send it.

    Raises:
        Problem: It is none.
    """
    kind = request.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if kind != FORM:
        raise Problem("wrong-type", f"send {FORM}; name pictures by media_url", field="Content-Type")
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as exc:
        raise Problem("unreadable", f"a form of at most {MOST_FIELDS} fields in UTF-8") from exc
