"""Faults of the tree of grids, its outlines and its addresses (DESIGN 8, LAW 2)."""

import re
from collections import defaultdict
from itertools import combinations

from shapely import STRtree, unary_union
from shapely.geometry import MultiPolygon, Polygon
from shapely.validation import explain_validity

from rules.law.placement import normal
from rules.rulepack.model import PackSource
from rules.rulepack.parts import NodeSource
from rules.rulepack.validation.above import home_of, path
from rules.rulepack.validation.fault import Found, listed, twice

CODE = re.compile(r"[a-z0-9_]{1,32}(-[a-z0-9_]{1,32}){0,5}")
"""A grid's code; a home's stands in ticket ids, keys and topics."""

DAY = re.compile(r"(^|-)\d{8}(-|$)")
"""What a ticket id has after its home; a home's code must not look like it."""

TOUCH = 1e-10
"""Square degrees, about a square metre: outlines that share less than this only touch."""


def tree(pack: PackSource) -> Found:
    """Codes, levels, parents, parties, the home level and the unplaced home."""
    yield from twice("nodes", [node.code for node in pack.nodes])
    yield from twice("levels", pack.levels)
    if pack.home_level not in pack.levels:
        yield "home_level", f"{pack.home_level!r} is no level; levels are {', '.join(pack.levels)}"
    elif pack.home_level == pack.levels[0]:
        yield "home_level", f"{pack.home_level!r} is the top level; a home needs a node above it"
    unplaced = pack.by_code.get(pack.unplaced)
    if unplaced is None or unplaced.kind != "unplaced" or unplaced.level != pack.home_level:
        yield "unplaced", f"there is no node {pack.unplaced!r} of kind unplaced on the home level; add it"
    if not any(node.level == pack.home_level and node.code != pack.unplaced for node in pack.nodes):
        yield "nodes", f"none is on the home level {pack.home_level!r}; tickets could not be filed"
    for node in pack.nodes:
        for text in _node(pack, node):
            yield f"nodes.{node.code}", text


def _node(pack: PackSource, node: NodeSource) -> list[str]:
    found, nodes = [], pack.by_code
    depth = {level: place for place, level in enumerate(pack.levels)}
    if not CODE.fullmatch(node.code):
        found.append("a code is small letters, digits and underscores, in parts joined by '-'; names go into label_zh")
    elif node.level == pack.home_level and DAY.search(node.code):
        found.append("a home's code may not hold a part of eight digits: in a ticket id it would look like the day")
    if node.level not in depth:
        found.append(f"level {node.level!r} is none of {', '.join(pack.levels)}")
    above = path(pack, node.code)
    if node.parent is None and depth.get(node.level, 0) > 0:
        found.append(f"it is on level {node.level!r} and has no parent; name one")
    elif node.parent is not None and node.parent not in nodes:
        found.append(f"parent {node.parent!r} is not a node")
    elif above[-1].parent is not None and above[-1].parent == node.code:
        found.append(f"its parents run in a circle: {' -> '.join([n.code for n in above] + [node.code])}; cut it")
    elif node.parent is not None and depth.get(nodes[node.parent].level, -1) >= depth.get(node.level, 99):
        found.append(f"parent {node.parent!r} is not on a higher level; mend level or parent")
    elif depth.get(node.level, 0) > depth.get(pack.home_level, 99) and home_of(pack, node.code) is None:
        found.append(f"it lies in no {pack.home_level}; put one between it and {node.parent!r}")
    if node.kind == "unplaced" and node.code != pack.unplaced:
        found.append(f"only {pack.unplaced!r} may be of kind unplaced")
    parties = {share.code for share in pack.shares}
    return found + [
        f"unknown party {party!r}; parties are {', '.join(sorted(parties))}"
        for party in sorted(set(node.parties) - parties)
    ]


def outlines(pack: PackSource) -> Found:
    """Points on the earth, sound shapes, no overlap of neighbours and no gap between them, each with a witness
    point."""
    shapes: dict[str, tuple[NodeSource, Polygon]] = {}
    for node in pack.nodes:
        here = f"nodes.{node.code}"
        if not node.outline:
            continue
        if len(node.outline) < 3:
            yield here, "an outline needs at least three points"
        elif not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in node.outline):
            yield here, "a point of the outline is off the earth; points are [longitude, latitude]"
        elif not (shape := Polygon(node.outline)).is_valid:
            yield here, f"the outline is no sound shape: {explain_validity(shape)}"
        else:
            shapes[node.code] = (node, shape)
    levels: dict[str, list[tuple[NodeSource, Polygon]]] = defaultdict(list)
    for node, shape in shapes.values():
        if node.kind == "residential":
            levels[node.level].append((node, shape))
    for level in levels.values():
        yield from _overlaps(level)
    yield from _gaps(pack, levels.get(pack.levels[-1], []))


def _overlaps(drawn: list[tuple[NodeSource, Polygon]]) -> Found:
    index = STRtree([shape for _, shape in drawn])
    for i, (node, shape) in enumerate(drawn):
        for j in sorted(int(j) for j in index.query(shape, predicate="intersects") if j > i):
            common = shape.intersection(drawn[j][1])
            if common.area > TOUCH:
                yield (
                    f"nodes.{node.code}",
                    f"its outline and {drawn[j][0].code!r} overlap, e.g. at {_witness(common)}; redraw one",
                )


def _gaps(pack: PackSource, leaves: list[tuple[NodeSource, Polygon]]) -> Found:
    homes: dict[str | None, list[Polygon]] = defaultdict(list)
    for node, shape in leaves:
        homes[home_of(pack, node.code)].append(shape)
    for home, shapes in sorted(homes.items(), key=lambda item: str(item[0])):
        union = unary_union(shapes)
        for part in union.geoms if isinstance(union, MultiPolygon) else [union]:
            for hole in part.interiors if isinstance(part, Polygon) else ():
                if Polygon(hole).area > TOUCH:
                    yield (
                        f"nodes.{home}",
                        f"no grid covers a place within it, e.g. {_witness(Polygon(hole))}; extend one",
                    )
    drawn = {node.code for node, _ in leaves}
    bare = (n for n in pack.nodes if n.level == pack.levels[-1] and n.kind == "residential" and n.code not in drawn)
    missing = [node.code for node in bare if home_of(pack, node.code) in homes]
    if missing:
        yield "nodes", f"no sound outline for {listed(missing)}, while neighbours have one; draw it"


def _witness(shape: Polygon) -> str:
    point = shape.representative_point()
    return f"[{point.x:.5f}, {point.y:.5f}]"


def addresses(pack: PackSource) -> Found:
    """Grids that exist and lie in a home, numbers that rise, no number in two grids."""
    codes = {node.code for node in pack.nodes}
    streets = defaultdict(list)
    for address in pack.addresses:
        here = f"addresses.{address.street}"
        if address.leaf not in codes:
            yield here, f"grid {address.leaf!r} is not a node"
        elif home_of(pack, address.leaf) is None:
            yield here, f"{address.leaf!r} lies in no {pack.home_level}; name a grid below one"
        if address.first > address.last:
            yield here, f"numbers {address.first} to {address.last} run backwards"
        streets[normal(address.street)].append(address)
    for same in streets.values():
        for one, other in combinations(same, 2):
            first, last = max(one.first, other.first), min(one.last, other.last)
            both = [
                n
                for n in (first, first + 1)
                if n <= last and one.parity in (None, n % 2) and other.parity in (None, n % 2)
            ]
            if both and one.leaf != other.leaf:
                yield (
                    f"addresses.{one.street}",
                    f"number {both[0]} lies in {one.leaf!r} and in {other.leaf!r}; part the ranges",
                )
