"""``gridwhistle pack``: make, check, show and publish a city's law."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from engine.cli import run_async
from engine.client.publish_pack import check as faults_of
from engine.client.publish_pack import prove, prove_catalogue, publish
from engine.errors import InvalidRulePack
from engine.feed.checking import feed_faults
from rules.law.compiled import Law
from rules.rulepack.compiler import pack_ref
from rules.rulepack.diff import differences, worded
from rules.rulepack.loader import PackUnreadable, folder_of, load_pack
from rules.rulepack.standards import COLUMNS, FILE, CatalogueSource, catalogue_of, is_catalogue, text_of
from rules.rulepack.vacancies import gaps, leaves
from rules.rulepack.validation.split_bound import farthest

pack = typer.Typer(
    help="Make, check, show and publish a city's law (a pack).",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Name = Annotated[str, typer.Argument(help="A shipped pack's name (guancheng, los-angeles) or the folder of your own.")]


@pack.command()
def check(name: Name) -> None:
    """Verify a pack: all faults at once, each with the mend; exit 1 if there are any."""
    try:
        if is_catalogue(name):
            return print(f"{name} has no faults: {_figures(prove_catalogue(name))}")
        found, source = faults_of(name)
        found += feed_faults(folder_of(name), source)
        if found:
            raise InvalidRulePack(
                f"pack {name} has {len(found)} fault{'' if len(found) == 1 else 's'}:\n  " + "\n  ".join(found)
            )
        bundle = prove(name)
    except InvalidRulePack as exc:
        print(exc)
        raise typer.Exit(1) from exc
    worst = farthest({share.code: share.share for share in bundle.shares})
    print(f"{pack_ref(bundle)} has no faults")
    print(f"split: whoever is eligible throughout, no party is ever more than {worst} of a ticket from its target")


@pack.command()
def new(
    folder: Annotated[Path, typer.Argument(help="A folder that is made; its name is the pack's, e.g. my-town.")],
) -> None:
    """Make a commented pack of a small town that passes 'pack check', with a feed.yaml and a few rows to try it.

    Example: gridwhistle pack new my-town
    """
    from engine.cli.newpack import make_pack

    for path in make_pack(folder):
        print(f"wrote {path}")
    where = folder if folder.is_absolute() else f"./{folder}"
    print(
        f"next: gridwhistle pack check {where}\n      gridwhistle feed {where}/example.csv --pack {where} --dry-run\n  "
        "    docs/packs.md has every field"
    )


@pack.command()
def show(name: Name) -> None:
    """Show what a pack says: tree, shares, ladders, categories with limit and lead."""
    if is_catalogue(name):
        return _show_catalogue(prove_catalogue(name))
    bundle = prove(name)
    levels = Counter(node.level for node in bundle.nodes)
    print(f"{pack_ref(bundle)}  {bundle.title} {bundle.title_zh}")
    print(
        "tree:     "
        + ", ".join(f"{levels[level]} {level}" for level in bundle.levels)
        + f"; tickets are filed at the {bundle.home_level}"
    )
    print("split:    " + ", ".join(f"{share.code} {share.share} %" for share in bundle.shares))
    for ladder, tiers in bundle.ladders.items():
        print(f"ladder:   {ladder}: " + " -> ".join(tier.name for tier in tiers))
    print(f"calendar: {bundle.calendar.name}, years {min(bundle.calendar.years)} to {max(bundle.calendar.years)}")
    for c in bundle.categories:
        start = f"department {c.lead}" if c.starts_at == "department" else c.starts_at
        start = "street, whistle" if c.urgency in bundle.automatic_whistle else start
        print(
            f"  {c.code:<26} {c.urgency}  {c.limit.amount:>3} {c.limit.unit:<12} {start:<16} lead {c.lead or '-':<10}"
            f" {c.label_zh or c.label}"
        )


def _figures(catalogue: CatalogueSource) -> str:
    units = Counter(str(category.limit.unit) for category in catalogue.categories)
    limits = ", ".join(f"{n} in {unit}" for unit, n in units.most_common())
    return (
        f"{len(catalogue.categories)} categories ({limits}), {len(catalogue.departments)} departments,"
        f" {len(catalogue.not_understood)} limits not understood"
    )


def _show_catalogue(catalogue: CatalogueSource) -> None:
    print(f"{catalogue.name}  {catalogue.title} {catalogue.title_zh}: a catalogue\n{_figures(catalogue)}")
    for row in catalogue.not_understood:
        print(f"not understood: row {row.row}: {row.limit!r} of {row.what}")
    for c in catalogue.categories:
        print(
            f"  {c.code:<26} {c.urgency}  {c.limit.amount:>3} {c.limit.unit:<12} lead {c.lead or '-':<10} {c.label_zh}"
        )


@pack.command()
def diff(
    before: Name, after: Name, as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:  # fmt: skip
    """Say what differs between two packs: limits, people, grids, rules. What it would have meant last month:
    'gridwhistle replay --pack'.

    Example: gridwhistle pack diff guancheng ./my-law
    """
    try:
        found = differences(load_pack(before), load_pack(after))
    except PackUnreadable as exc:
        print("\n".join(exc.faults))
        raise typer.Exit(1) from exc
    if as_json:
        return print(json.dumps([changed._asdict() for changed in found], ensure_ascii=False))
    section = ""
    for changed in found:
        if changed.section != section:
            section = changed.section
            print(f"{section}:")
        name = changed.name or "(all)"
        if changed.before is None:
            print(f"  + {name}: {worded(changed.after)}")
        elif changed.after is None:
            print(f"  - {name}: {worded(changed.before)}")
        else:
            print(f"    {name}: {worded(changed.before)} -> {worded(changed.after)}")
    return print(f"{len(found)} differences" if found else "no difference")


@pack.command()
def vacancies(name: Name, as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False) -> None:
    """List the grids that lack one of their five roles (一格五员) or of their eight attributes (八定); exit 1 if
    there are
    any."""
    found = gaps(law := Law("pack@0", prove(name)))
    if as_json:
        print(json.dumps([gap._asdict() for gap in found]))
    else:
        for gap in found:
            lacks = [f"nobody is {role}" for role in gap.roles] + [
                f"{attribute} not settled" for attribute in gap.attributes
            ]
            print(f"{gap.grid:<28} {'; '.join(lacks)}")
        print(f"{len(found)} of {len(leaves(law))} grids lack something")
    if found:
        raise typer.Exit(1)


Standards = Annotated[
    Path,
    typer.Argument(help="A CSV of filing and closing standards; its columns are named in rules/rulepack/standards.py."),
]


@pack.command("import-standards")
def import_standards(
    file: Standards,
    out: Annotated[Path, typer.Option(help="The folder to write catalogue.yaml into.")] = Path("national"),
    name: Annotated[str, typer.Option(help="The catalogue's name.")] = "national",
) -> None:
    """Turn a city's table of filing and closing standards into a catalogue; what is not understood is listed, none
    guessed."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as table:
            rows = csv.DictReader(table)
            if lacking := [column for column in COLUMNS if column not in (rows.fieldnames or ())]:
                raise PackUnreadable(
                    [
                        (
                            f"the table has no column {', '.join(lacking)}"
                            if rows.fieldnames
                            else f"it is empty; its first line must name the columns {', '.join(COLUMNS)}"
                        )
                    ]
                )
            found = catalogue_of(rows, name, "Filing and closing standards", "立案结案标准")
    except csv.Error as exc:
        raise InvalidRulePack(
            f"{file} cannot be read below line {rows.line_num}: {exc}; is a quote left open there?"
        ) from exc
    except (OSError, UnicodeDecodeError, PackUnreadable) as exc:
        raise InvalidRulePack(f"{file} cannot be read: {exc}") from exc
    out.mkdir(parents=True, exist_ok=True)
    head = (
        f"Made by 'gridwhistle pack import-standards {file.name}'.\nLimits and terms are facts of that table, which a"
        " city has published; codes are ours, in its order."
    )
    (out / FILE).write_text(text_of(found, head), encoding="utf-8")
    catalogue = prove_catalogue(str(out))
    print(f"wrote {out / FILE}: {_figures(catalogue)}")
    for row in catalogue.not_understood:
        print(f"not understood: row {row.row}: {row.limit!r} of {row.what}")


@pack.command("publish")
def publish_pack(
    name: Name,
    acting: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="chief or centre who answers for everywhere, as ROLE:PERSON; without it the first in the pack.",
        ),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it stands in each partition's decision.")] = None,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
) -> None:
    """Make a pack current: written to the log, adopted by every partition; open tickets keep theirs.

    Example: gridwhistle pack publish ./my-law --as chief:chief-1
    """
    from engine.local.folder import remember_pack, settings_of

    ref = run_async(publish(settings_of(data), name, acting, reason))
    remember_pack(data, ref)
    print(f"published {ref}")


@pack.command("rebase")
def rebase_tickets(
    acting: Annotated[str, typer.Option("--as", help="chief or centre, as ROLE:PERSON.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in every decision.")],
    home: Annotated[str | None, typer.Option(help="Only tickets of this home.")] = None,
    category: Annotated[str | None, typer.Option(help="Only tickets of this category.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
    data: Annotated[Path | None, typer.Option(help="The stack's data folder.")] = None,
) -> None:
    """Put open tickets under the pack in force: calendar, limits, ladder. Each changed deadline is written down.

    Example: gridwhistle pack rebase --as chief:chief-1 --reason "2027 holidays decreed"
    """
    from engine.cli.rebase import rebase_all
    from engine.local.folder import settings_of

    run_async(rebase_all(settings_of(data), acting, reason, home, category, dry_run))
