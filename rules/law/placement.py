"""Placing: from a grid code, a point or an address to the smallest grid and the home it lies in (LAW 2)."""

import re
from decimal import Decimal

import msgspec
from geocoordinates_ffi import geocoordinates_ffi as geo
from shapely import STRtree
from shapely.geometry import Point, Polygon

from rules.law.text_folding import plain
from topics import bounds
from topics.errors import GridwhistleError
from topics.ids import HomeCode
from topics.pack import Address, PackBundle

_NUMBER = re.compile(r"(\d{1,6})(?:[号號](?!楼)|(?![\d号號楼栋幢座#]|单元|室))")
"""A house number, right after its street: in 东大街118号院3号楼 it is 118; 3号楼 alone is a building, not a house."""
_SPACE = re.compile(r"[\s,，。.、]+")


class Unplaceable(GridwhistleError, ValueError):
    """A point that lies nowhere on earth, told in the words of whoever sent it."""

    quotes = True


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """Where something lies, and by what it was found."""

    home: HomeCode
    leaf: str | None
    by: str
    """``grid``, ``point``, ``address`` or ``nothing``."""
    flags: tuple[str, ...] = ()
    lat_e7: int | None = None
    lon_e7: int | None = None


class Places:
    """A pack's grids and addresses, indexed."""

    def __init__(self, bundle: PackBundle) -> None:
        """Build the tree of outlines and the table of streets."""
        self._unplaced = bundle.unplaced
        self._parents = {node.code: node.parent for node in bundle.nodes}
        self._homes = {node.code for node in bundle.nodes if node.level == bundle.home_level}
        self._dedicated = {node.code for node in bundle.nodes if node.kind == "dedicated"}
        drawn = [node for node in bundle.nodes if len(node.ring) >= 3]
        self._shapes = [Polygon([(lon / 1e7, lat / 1e7) for lon, lat in node.ring]) for node in drawn]
        # dedicated grids go before residential ones, smaller before larger; the code settles the rest
        self._order = [(node.kind != "dedicated", _area(node.ring), node.code) for node in drawn]
        self._codes = [node.code for node in drawn]
        self._tree = STRtree(self._shapes)
        self._streets: dict[str, list[Address]] = {}
        for address in bundle.addresses:
            self._streets.setdefault(normal(address.street), []).append(address)
        lengths: dict[str, set[int]] = {}
        for name in self._streets:
            lengths.setdefault(name[:2], set()).add(len(name))
        self._lengths = {begin: sorted(found) for begin, found in lengths.items()}
        """How long the streets are that begin with these two signs: no text is looked through for each street."""

    def place(self, grid: str | None, lat: float | None, lon: float | None, crs: str, address: str | None) -> Placed:
        """Place something: the grid named goes before the point, the point before the address.

        A grid that is not known or lies above homes, and a point that disagrees with the grid, are flagged. What lies
        above a home, or
        nowhere, goes to the ``unplaced`` home.

        Raises:
            Unplaceable: The point cannot be turned into WGS-84, as one of BD-09 beyond a pole.
        """
        flags: list[str] = []
        lat_e7, lon_e7 = (None, None) if lat is None or lon is None else _wgs84(lat, lon, crs)
        at_point = self._by_point(lat_e7, lon_e7)
        if grid is not None:
            home = self._home(grid)
            if home is not None:
                if at_point is not None and not self._agree(grid, at_point):
                    flags.append("grid_and_point_disagree")
                return Placed(home=home, leaf=grid, by="grid", flags=tuple(flags), lat_e7=lat_e7, lon_e7=lon_e7)
            flags.append("grid_above_home" if grid in self._parents else "grid_unknown")
        if at_point is not None:
            home = self._home(at_point)
            if home is not None:
                return Placed(home=home, leaf=at_point, by="point", flags=tuple(flags), lat_e7=lat_e7, lon_e7=lon_e7)
        leaf = self._by_address(address)
        home = self._home(leaf) if leaf is not None else None
        if home is not None:
            return Placed(home=home, leaf=leaf, by="address", flags=tuple(flags), lat_e7=lat_e7, lon_e7=lon_e7)
        return Placed(
            home=HomeCode(self._unplaced), leaf=None, by="nothing", flags=tuple(flags), lat_e7=lat_e7, lon_e7=lon_e7
        )

    def _home(self, code: str) -> HomeCode | None:
        here: str | None = code
        while here is not None:
            if here in self._homes or here == self._unplaced:
                return HomeCode(here)
            here = self._parents.get(here)
        return None

    def _above(self, code: str) -> list[str]:
        """The grid and all above it."""
        found: list[str] = []
        here: str | None = code
        while here is not None:
            found.append(here)
            here = self._parents.get(here)
        return found

    def _agree(self, grid: str, at_point: str) -> bool:
        """Whether one contains the other, or the point lies in a dedicated grid of the same home: an overlay on its
        neighbours."""
        if at_point in self._dedicated:
            return self._home(at_point) == self._home(grid)
        overlay = grid in self._dedicated and self._home(at_point) == self._home(grid)
        return overlay or grid in self._above(at_point) or at_point in self._above(grid)

    def _by_point(self, lat_e7: int | None, lon_e7: int | None) -> str | None:
        if lat_e7 is None or lon_e7 is None:
            return None
        point = Point(lon_e7 / 1e7, lat_e7 / 1e7)
        hits = [int(i) for i in self._tree.query(point, predicate="intersects")]
        return self._codes[min(hits, key=lambda i: self._order[i])] if hits else None

    def _by_address(self, address: str | None) -> str | None:
        if not address:
            return None
        text = normal(address)[: bounds.ADDRESS_CHARS]
        for street in sorted(self._streets_in(text), key=lambda name: (-len(name), name)):
            number = _NUMBER.match(text, text.find(street) + len(street))
            if number is not None:
                n = int(number.group(1))
                return next(
                    (a.leaf for a in self._streets[street] if a.first <= n <= a.last and a.parity in (None, n % 2)),
                    None,
                )
        return None

    def _streets_in(self, text: str) -> set[str]:
        """The streets whose names stand in a text, wherever."""
        found: set[str] = set()
        for start, sign in enumerate(text):
            for begin in {sign, text[start : start + 2]}:  # a street's name may be one sign
                for length in self._lengths.get(begin, ()):
                    if (name := text[start : start + length]) in self._streets:
                        found.add(name)
        return found


def _area(ring: tuple[tuple[int, int], ...]) -> int:
    """Twice the area of an outline, in whole units: equal grids are equal, so that the code and no rounding settles a
    tie."""
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True)))


def normal(address: str) -> str:
    """Bring an address into one form: full-width signs made plain, case folded, blanks and stops dropped."""
    return _SPACE.sub("", plain(address))


def _wgs84(lat: float, lon: float, crs: str) -> tuple[int, int]:
    """Turn a point into WGS-84 degrees × 10⁷, by the library, to about a metre."""
    if crs != "WGS84":
        make = geo.coordinate_gcj02 if crs == "GCJ02" else geo.coordinate_bd09
        try:
            found = geo.convert(make(lat, lon), geo.Crs.WGS84)
        except geo.GeoError as exc:
            raise Unplaceable(
                f"a point of {crs} so near to a pole or the antimeridian is no place; send WGS84"
            ) from exc
        lat, lon = found.coord.lat, found.coord.lon
    return int(Decimal(repr(lat)).scaleb(7).to_integral_value()), int(Decimal(repr(lon)).scaleb(7).to_integral_value())
