"""The city of the random walks: every feature of the law at once."""

from msgspec.structs import replace

from tests.support.city import at, city_bundle
from topics.pack import Alike, Category, ForceMajeure, Limit, PackBundle, RosterEntry, Storm

AGAIN = "toytown@2"
"""The other pack of the walks: shorter limits, other shares, for ``rebase`` and for windows of the split."""


def full_bundle(limit: int = 4) -> PackBundle:
    """Every feature at once: wishes, floods, likely duplicates that merge, force majeure, teams, committees, a
    supervisor of a department."""
    bundle = city_bundle()
    nodes = tuple(replace(node, wall="inside") if node.code == "east2" else node for node in bundle.nodes)
    more = (
        Category("wish", "Wish", "微心愿", "city", "U4", Limit(2, "work_day"), wish=True, lead="urban"),
        Category(
            "stairs",
            "Stairs",
            "楼道",
            "city",
            "U3",
            Limit(8, "work_hour"),
            consent="sequential",
            team=("specialist", "checker"),
            lead="urban",
        ),
    )
    categories = tuple(
        replace(one, limit=Limit(limit, "urgent_hour")) if one.code == "leak" else one for one in bundle.categories
    )
    committees = tuple(RosterEntry(f"{role}-1", role, role) for role in ("residents_committee", "owners_committee"))
    return replace(
        bundle,
        nodes=nodes,
        categories=(*categories, *more),
        roster=(*bundle.roster, *committees),
        storm=Storm(2, 1440),
        alike=(Alike("same", 30, 60, 95, ("wall",), merges=True),),
        force_majeure=(
            ForceMajeure(at("12:00"), at("09:00", 2)),
            ForceMajeure(at("10:00", 6), at("10:00", 8), ("west",)),
        ),
        departments=tuple(replace(one, supervisor="boss") if one.code == "fire" else one for one in bundle.departments),
        shares=bundle.shares if limit == 4 else tuple(replace(share, share=25) for share in bundle.shares),
    )
