"""Requests drawn from the OpenAPI description by schemathesis, by everybody who could ask, sent through the whole
application; whatever is answered must be as described, and no fault of ours."""

import copy
import itertools
import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import checks

from engine.gateway.described import whole
from tests.support.attacks import sent
from tests.support.fuzz_stock import Stock, spot
from tests.support.who_may import Seat, may

checks.load_all_checks()
CHECKED = checks.CHECKS.get_by_names(
    ["not_a_server_error", *(f"{one}_conformance" for one in ("status_code", "content_type", "response_schema"))]
)

SAID = ("method", "url", "headers", "params", "data", "json", "files")

_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**400, 0, -1])
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30)
    | st.sampled_from(["", " ", "\u202e", "\x00", "east", "east1", "-1", "1e999", "2026-02-30", "a" * 5000, "../x"])
)  # fmt: skip
JUNK = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


class Drawn(NamedTuple):
    """One request, by whomever: enough to send it again."""

    operation: str
    case: Any
    body: bytes | None
    kind: str = "application/json"
    """What ``body`` is."""


def _spots(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(spot for key, one in inner for spot in _spots(one, (*here, key)))]


@st.composite
def altered(draw: st.DrawFn, example: Any) -> Any:
    """An example with one or two places in it changed, taken out or added to: near enough to be read far in."""
    whole = copy.deepcopy(example)
    for _ in range(draw(st.integers(0, 2))):
        spots = [spot for spot in _spots(whole) if spot]
        if not spots or not isinstance(whole, dict | list):
            return draw(JUNK)
        *above, last = draw(st.sampled_from(spots))
        into = whole
        for key in above:
            into = into[key]
        how = draw(st.sampled_from(["change", "take", "add"]))
        if how == "change":
            into[last] = draw(JUNK)
        elif how == "take":
            del into[last]
        elif isinstance(into, dict):
            into[draw(st.text(max_size=9))] = draw(JUNK)
    return whole


def _written(kind: str, write: Callable[[Any], str], body: Any) -> tuple[bytes, str]:
    try:
        return write(body).encode(errors="replace"), kind
    except (TypeError, ValueError):  # what has been put into it can be in no form
        return json.dumps(body).encode(), kind


class Fuzz:
    """Draws requests and judges answers."""

    def __init__(self, stock: Stock, app: Any, known: dict[str, list[str]]) -> None:
        """``known``: parameters of paths, and values that there are beside the stock's."""
        self.stock, self.app, self.seats = stock, app, stock.seats
        self.known = {name: [spot(name)] for name in stock.names} | known
        self.schema: Any = schemathesis.openapi.from_dict(whole(app.openapi()))
        found = [one.ok() for one in self.schema.get_all_operations()]
        self.operations = {one.definition.raw["operationId"]: one for one in found}
        self.strategies = {name: one.as_strategy() for name, one in self.operations.items()}
        self.answered: Counter[tuple[str, str, int]] = Counter()
        """By operation, role and status."""
        self._all = itertools.cycle(sorted(self.seats))
        self._who_may = {
            name: itertools.cycle([seat for seat in sorted(self.seats) if may(name, seat)]) for name in self.operations
        }

    def of(self, name: str) -> st.SearchStrategy[Drawn]:
        """Requests of one operation."""
        content = self.operations[name].definition.raw.get("requestBody", {}).get("content", {})
        drawn: st.SearchStrategy[tuple[bytes | None, str]] = st.just((None, ""))
        for kind, one in content.items():
            write = json.dumps if "json" in kind else urlencode if "urlencoded" in kind else None
            if write is not None and isinstance(one["example"], dict | list):
                drawn |= altered(one["example"]).map(partial(_written, kind, write))
        both = st.tuples(self._case(name), drawn)
        return both.map(lambda pair: Drawn(name, pair[0], *pair[1]))

    def _case(self, name: str) -> st.SearchStrategy[Any]:
        def placed(case: Any, spots: dict[str, str]) -> Any:
            for key, value in spots.items():
                if value and key in case.path_parameters:
                    case.path_parameters[key] = value
            return case

        spots = {key: st.sampled_from(["", *values, *values]) for key, values in self.known.items()}
        return st.builds(placed, self.strategies[name], st.fixed_dictionaries(spots))

    async def judged(self, one: Drawn, by: int) -> None:
        """Send it as so many in turn, half of them such as may ask for it; what is amiss is raised."""
        for number in range(by):
            await self._sent(one, next(self._who_may[one.operation] if number % 2 else self._all))

    async def _sent(self, one: Drawn, seat: Seat) -> None:
        kwargs = one.case.as_transport_kwargs(base_url="http://127.0.0.1")
        made = requests.Request(**{name: kwargs[name] for name in SAID if name in kwargs}).prepare()
        body = one.body if one.body is not None else made.body or b""
        body = body.encode() if isinstance(body, str) else body
        headers = [pair for pair in made.headers.items() if pair[0].lower() in ("content-type", "accept")]
        if one.body is not None:
            headers = [("content-type", one.kind)]
            body = self.stock.told(body)
        target = self.stock.filled(made.url.removeprefix("http://127.0.0.1"))
        found = await sent(self.app, f"{made.method} {target}", [*headers, *self.seats[seat].items()], body)
        self.answered[one.operation, seat.word, found.status] += 1
        answer = httpx.Response(
            found.status,
            headers=found.headers,
            content=found.text.encode(errors="surrogateescape"),
            request=httpx.Request(made.method, made.url),
        )
        answer.elapsed = timedelta(0)
        one.case.validate_response(answer, checks=CHECKED)
        await self.stock.after(one.operation, found.status)

    def by_status(self) -> Counter[int]:
        """Count the answers."""
        found = Counter[int]()
        for (_, _, status), count in self.answered.items():
            found[status] += count
        return found

    def untold(self) -> set[tuple[str, str]]:
        """Name operations with roles that never asked for them."""
        roles = {seat.word for seat in self.seats}
        return set(itertools.product(self.operations, roles)) - {(name, role) for name, role, _ in self.answered}

    def never_done(self) -> set[str]:
        """Name operations that nobody was ever answered well."""
        return set(self.operations) - {name for name, _, status in self.answered if status < 400}
