"""Requests drawn from the OpenAPI description by schemathesis, by everybody who could ask, sent through the whole
application; whatever is answered must be as described, and no fault of ours."""

import copy
import itertools
import json
from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import checks

from engine.gateway.described import whole
from tests.support.attacks import sent
from tests.support.house import House

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


class Fuzz:
    """Draws requests and judges answers."""

    def __init__(self, here: House, app: Any, who: dict[str, dict[str, str]], known: dict[str, list[str]]) -> None:
        """``known``: names of path parameters, and values that there are."""
        self.here, self.app, self.who, self.known = here, app, who, known
        self.schema: Any = schemathesis.openapi.from_dict(whole(app.openapi()))
        found = [one.ok() for one in self.schema.get_all_operations()]
        self.operations = {one.definition.raw["operationId"]: one for one in found}
        self.strategies = {name: one.as_strategy() for name, one in self.operations.items()}
        self.answered: Counter[tuple[str, int]] = Counter()
        self._turns = itertools.cycle(sorted(who))

    def requests(self) -> st.SearchStrategy[Drawn]:
        """Any operation."""
        return st.sampled_from(sorted(self.operations)).flatmap(self._of)

    def _of(self, name: str) -> st.SearchStrategy[Drawn]:
        content = self.operations[name].definition.raw.get("requestBody", {}).get("content", {})
        examples = [one["example"] for kind, one in content.items() if "json" in kind]
        bodies: st.SearchStrategy[Any] = st.none()
        for example in examples:
            bodies |= altered(example).map(lambda one: json.dumps(one).encode())
        return st.builds(Drawn, st.just(name), self._case(name), bodies if examples else st.none())

    def _case(self, name: str) -> st.SearchStrategy[Any]:
        def placed(case: Any, spots: dict[str, str]) -> Any:
            for key, value in spots.items():
                if value and key in case.path_parameters:
                    case.path_parameters[key] = value
            return case

        spots = {key: st.sampled_from(["", *values]) for key, values in self.known.items()}
        return st.builds(placed, self.strategies[name], st.fixed_dictionaries(spots))

    async def judged(self, one: Drawn, by: int) -> None:
        """Send it as each of so many, in turn; what is amiss is raised."""
        for _ in range(by):
            await self._sent(one, next(self._turns))

    async def _sent(self, one: Drawn, who: str) -> None:
        kwargs = one.case.as_transport_kwargs(base_url="http://127.0.0.1")
        made = requests.Request(**{name: kwargs[name] for name in SAID if name in kwargs}).prepare()
        body = one.body if one.body is not None else made.body or b""
        body = body.encode() if isinstance(body, str) else body
        headers = [pair for pair in made.headers.items() if pair[0].lower() in ("content-type", "accept")]
        if one.body is not None:
            headers = [("content-type", "application/json")]
        target = made.url.removeprefix("http://127.0.0.1")
        found = await sent(self.app, f"{made.method} {target}", [*headers, *self.who[who].items()], body)
        self.answered[one.operation, found.status] += 1
        answer = httpx.Response(
            found.status,
            headers=found.headers,
            content=found.text.encode(),
            request=httpx.Request(made.method, made.url),
        )
        answer.elapsed = timedelta(0)
        one.case.validate_response(answer, checks=CHECKED)
