"""Which pages of the console somebody has: those alone whose addresses let them in, so that no menu leads to a
refusal."""

from collections.abc import Callable

from engine.gateway.callers import Caller
from engine.gateway.policy import may_use
from engine.gateway.problems import Problem
from engine.gateway.scores import demand_scores
from engine.gateway.turned_away import demand_dealing
from engine.gateway.what_if import demand_city
from engine.gateway.world import World
from topics.vocabulary import Role

Demand = Callable[[World, Caller], None]

TALKING = (Role.DESK, Role.CHIEF, Role.CENTRE)
"""Who calls reporters back, or looks how that goes."""


def _anybody(world: World, caller: Caller) -> None:
    """Let everybody through whom the route lets in."""


def _watching(world: World, caller: Caller) -> None:
    """Let those through who see rows."""
    _demand(may_use("stream", caller))


def _talking(world: World, caller: Caller) -> None:
    _demand(caller.role in TALKING)


def _of_department(world: World, caller: Caller) -> None:
    """Let a department's people through, and who looks at all that is done."""
    _demand(caller.role is Role.DEPARTMENT or caller.kind != "person")


def _placed(world: World, caller: Caller) -> None:
    """Let through whose grids are places: a department has none."""
    _demand(caller.role is not Role.DEPARTMENT)


def _demand(is_so: bool) -> None:
    if not is_so:
        raise Problem("not-found", "it is not theirs")


PAGES: dict[str, tuple[str, Demand]] = {
    "queues": ("queues", _anybody),
    "desk": ("report", _anybody),
    "approvals": ("queue", _watching),
    "whistles": ("queue", _watching),
    "numbers": ("numbers", lambda world, caller: demand_scores(caller)),
    "score": ("rates", lambda world, caller: demand_scores(caller)),
    "map": ("map", _placed),
    "law": ("law_packs", demand_city),
    "offers": ("duty", _anybody),
    "callbacks": ("reveal", _talking),
    "duty": ("duty", _anybody),
    "handover": ("handover_points", _anybody),
    "notices": ("notices", _anybody),
    "records": ("rejected", lambda world, caller: demand_dealing(caller)),
    "webhooks": ("webhooks", _of_department),
    "wall": ("queues", _anybody),
}
"""Page -> the route that it lives by, and who of those it lets in."""


def pages_of(world: World, caller: Caller) -> list[str]:
    """Name the pages somebody has, in the order of the menu."""
    return [name for name, (route, demand) in PAGES.items() if may_use(route, caller) and _lets(demand, world, caller)]


def _lets(demand: Demand, world: World, caller: Caller) -> bool:
    try:
        demand(world, caller)
    except Problem:
        return False
    return True
