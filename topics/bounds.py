"""How much may come in, be kept and be tried: every bound of a parser, a rule and a record, once, with its reason.

``docs/bounds.md`` is written from here ('python -m topics.bounds'), and a test holds the two together.
"""

from pathlib import Path
from typing import NamedTuple

KIB, MIB = 1024, 1024 * 1024
DAY_MS = 86_400_000
YEARS_10_MS = 10 * 366 * DAY_MS

# -- moments and amounts -----------------------------------------------------------------------------------------------

FIRST_MOMENT = 0
"""1970, where engine time begins."""
LAST_MOMENT = 4_102_444_800_000
"""2100-01-01 UTC: a working calendar knows a few years, and what lies further is a mistake of units."""

# -- what comes in by a door -------------------------------------------------------------------------------------------

RECORD_BYTES = 512 * KIB
"""Largest report; senders refuse more and name this limit."""
STRANGER_BYTES = 256 * KIB
"""Of an incident that was written to ``incidents`` past intake: a home's code stands six times in its decision."""
DEPTH = 32
"""Levels of nesting a door reads: no honest record has ten."""
BRACKETS = 20_000
"""Opening brackets in one record: half a MiB of empty lists would otherwise cost 0.2 s to look through."""
COLONS = 10_000
"""Colons in one record, and so members at the most: 60,000 names cost 65 ms to tell apart, half a MiB of times for
everybody else."""
MEMBERS = 100
"""Members of a report's data, and of its reporter and attributes each: each wrong one costs a message of what is wrong.
"""
HEADERS = 1024
"""Headers of one record."""
NAME_CHARS = 200
"""Characters of a source or an external id: it becomes part of keys and queues."""
ATTRIBUTE_BYTES = 2048
"""Bytes of one CloudEvents attribute in a header; a time in it is parsed by a library that looks at every character."""
ATTACHMENTS = 50
"""Of one report, and pieces of proof of one command."""
COMMAND_BYTES = 512 * KIB
"""Largest command or reply that is read; with every field at its own limit one has 0.4 MiB."""

# -- what a ticket keeps -----------------------------------------------------------------------------------------------

REASON_CHARS = 1000
"""Of a command's reason: it goes to each department that is called."""
TEXT_CHARS = 4000
"""Of a report's or command's text."""
APPRAISAL_CHARS = 1000
"""Of what is said with an appraisal: all of them stay with the ticket."""
LISTS: dict[str, int] = {
    "attached": 100,
    "followers": 100,
    "merged_here": 100,
    "ledgers": 101,
    "handled_by": 100,
    "offers": 100,
    "helpers": 60,
    "children": 30,
    "appraisals": 60,
    "consents": 6,
    "flags": 40,
    "clocks": 100,
}
"""Entries of each list of a ticket, beyond which a command that would add one is refused as ``too_many``. Clocks add to
``offers``,
``helpers``, ``children`` and ``clocks`` alone, by a step of the ladder each: at most ``LADDER`` more."""
TICKET_BYTES = 300 * KIB
"""Of a ticket as it is stored; a command that would make it larger is refused as ``too_large``. An ordinary one has 2
to 5 KiB. Merging
writes three such images in one decision, and that with its events stays below ``STORED_BYTES``."""
DUTY_WINDOWS, DUTY_BYTES = 50, 256 * KIB
"""Changes of one person's duty that stand at a time, and their size: they are one record of ``tickets.state``."""
DUTIES = 2_000
"""Changes of all people that stand at a time in a partition: the roster is made anew whenever one of them begins or
ends."""
STORED_BYTES = 2 * MIB
"""``max.message.bytes`` of the topics that only we write."""

# -- what rules try ----------------------------------------------------------------------------------------------------

WORDS_CHARS = 400
"""Characters of a text that are compared with another's: 256 candidates of 4,000 each cost 100 ms a report."""
CANDIDATES = 256
"""Open tickets of one home and category that are looked at."""
ADDRESS_CHARS = 400
"""Characters of a normalised address that are looked up: one sign may become eighteen."""

# -- a city's pack -----------------------------------------------------------------------------------------------------

PACK_FILE_BYTES = 4 * MIB
PACK_NODES = 400_000
"""YAML nodes of one file."""
PACK_DEPTH = 20
"""Levels of one file."""
BUNDLE_BYTES = 16 * MIB
"""A compiled pack as it travels on ``reference``."""
CODE_CHARS, LABEL_CHARS, STANDARD_CHARS = 200, 200, 4000
GRIDS, ADDRESSES, PEOPLE = 20_000, 100_000, 20_000
OUTLINE_POINTS = 5_000
CATEGORIES, ALIASES, CO_DEPARTMENTS, TEAM = 2_000, 50, 10, 10
DEPARTMENTS, PARTIES, LADDERS, LADDER, LEVELS = 500, 12, 50, 12, 10
RULES, RULES_UNDER, ALIKES, WINDOWS = 200, 200, 10, 500
OPEN_ATTRIBUTES, DISMISS_REASONS = 100, 200
RUNGS, RUNG_PERCENT = 20, 1000
CALENDAR_YEARS, CALENDAR_DAYS, CALENDAR_SPANS = 50, 2_000, 12
LIMIT_MINUTES = YEARS_10_MS // 60_000
"""Ten years of any unit: further no calendar reaches and no official stays."""
METRES = 100_000
FAULTS = 1000
"""Of a pack listed at once: 60,000 strange members have one each."""
WHISTLES, TICKETS = 10_000, 1_000_000
HOUSEHOLDS = 1_000_000
HOUSE_NUMBER = 999_999
"""As far as a house number in an address is read."""
CONDITION_CHARS = 1000
CONDITION_DEPTH = 32
CONDITION_LOOPS = 1
"""Of ``all``, ``exists``, ``exists_one``, ``filter``, ``map`` in one condition: one walks a list once, four of them a
list of 40 its
fourth power."""
PATTERNS, PATTERN_CHARS, PATTERN_CLASSES = 3, 100, 6
"""Of `matches` in a filter that a stranger gives, all of it together: each is made anew for every row, a class of
letters in half a millisecond, while everybody waits."""
TRIED, TRIED_IN_ALL = 20_000, 1_000_000
"""Combinations of facts on which ``pack check`` tries one rule, and conditions it evaluates in all; what needs more is
let pass."""


class Bound(NamedTuple):
    """One row of the table people read."""

    where: str
    what: str
    most: int
    unit: str
    answer: str


TABLE: tuple[Bound, ...] = (
    Bound("`incidents.raw`", "key, value and headers of a record", RECORD_BYTES, "bytes", "rejected `too_large`"),
    Bound("`incidents.raw`", "levels of nesting", DEPTH, "levels", "rejected `too_deep`"),
    Bound("`incidents.raw`", "lists and objects", BRACKETS, "", "rejected `too_large`"),
    Bound("`incidents.raw`", "colons in it all, and so members", COLONS, "", "rejected `too_large`"),
    Bound(
        "`incidents.raw`", "members of `data`, of `reporter`, of `attributes`", MEMBERS, "each", "rejected `too_large`"
    ),
    Bound("`incidents.raw`", "headers", HEADERS, "", "rejected `too_large`"),
    Bound("`incidents.raw`", "one attribute in a header", ATTRIBUTE_BYTES, "bytes", "rejected `invalid_field`"),
    Bound(
        "`incidents.raw`",
        "source, id, code, address, URL, listed attribute",
        NAME_CHARS,
        "characters each",
        "rejected `invalid_field`",
    ),
    Bound("`incidents.raw`", "text", TEXT_CHARS, "characters", "rejected `invalid_field`"),
    Bound("`incidents.raw`", "attachments", ATTACHMENTS, "", "rejected `invalid_field`"),
    Bound("`incidents.raw`", "a time, away from now", 10, "years", "rejected `out_of_range`"),
    Bound(
        "`incidents.rejected`",
        "an original that is kept, beyond a hundred rejections a minute in one partition",
        16 * KIB,
        "bytes",
        "its position alone",
    ),
    Bound("`incidents`", "what was written there past intake", STRANGER_BYTES, "bytes", "refused `unreadable`"),
    Bound("`commands`, `dept.<code>.replies`", "value of a record", COMMAND_BYTES, "bytes", "refused `unreadable`"),
    Bound("`commands`", "a moment: 1970 to", 2100, "", "refused `out_of_range`"),
    Bound("`commands`", "reason", REASON_CHARS, "characters", "refused `too_long`"),
    Bound("`commands`", "text", TEXT_CHARS, "characters", "refused `unreadable`"),
    Bound("`commands`", "text of `appraise`", APPRAISAL_CHARS, "characters", "refused `too_long`"),
    Bound("`commands`", "names, codes, pieces of proof", NAME_CHARS, "characters each", "refused `unreadable`"),
    Bound("`commands`", "pieces of proof, departments", ATTACHMENTS, "each", "refused `unreadable`"),
    Bound("`set_duty`", "windows of one person and role that stand", DUTY_WINDOWS, "", "refused `too_many`"),
    Bound("`set_duty`", "all of them as they are stored", DUTY_BYTES, "bytes", "refused `too_many`"),
    Bound("`set_duty`", "changes of all people that stand", DUTIES, "", "refused `too_many`"),
    *(Bound("a ticket", f"`{name}`", most, "", "refused `too_many`") for name, most in LISTS.items()),
    Bound("a ticket", "the whole as it is stored", TICKET_BYTES, "bytes", "refused `too_large`"),
    Bound(
        "`tickets.*`, `incidents`, `vault`, `incidents.rejected`, `intake.state`",
        "a record we write",
        STORED_BYTES,
        "bytes",
        "proved never to be reached",
    ),
    Bound("alike", "characters compared", WORDS_CHARS, "characters", "cut"),
    Bound("alike", "open tickets compared with", CANDIDATES, "", "the latest"),
    Bound("placing", "characters of an address looked up", ADDRESS_CHARS, "characters", "cut"),
    Bound("a pack's file", "bytes", PACK_FILE_BYTES, "bytes", "fault of the pack"),
    Bound("a pack's file", "YAML nodes", PACK_NODES, "", "fault of the pack, with its line"),
    Bound("a pack's file", "levels", PACK_DEPTH, "levels", "fault of the pack, with its line"),
    Bound("a pack's file", "aliases (`*name`) and merges (`<<`)", 0, "", "fault of the pack, with its line"),
    Bound("a pack", "bundle as it travels", BUNDLE_BYTES, "bytes", "fault of the pack"),
    Bound("a pack", "grids", GRIDS, "", "fault of the pack"),
    Bound("a pack", "points of an outline", OUTLINE_POINTS, "", "fault of the pack"),
    Bound("a pack", "rows of the address table", ADDRESSES, "", "fault of the pack"),
    Bound("a pack", "people on the roster", PEOPLE, "", "fault of the pack"),
    Bound("a pack", "categories", CATEGORIES, "", "fault of the pack"),
    Bound("a pack", "departments", DEPARTMENTS, "", "fault of the pack"),
    Bound("a pack", "parties of the split", PARTIES, "", "fault of the pack"),
    Bound("a pack", "ladders, tiers of one", LADDERS, "", "fault of the pack"),
    Bound("a pack", "tiers of a ladder", LADDER, "", "fault of the pack"),
    Bound("a pack", "exceptions (CEL)", RULES, "", "fault of the pack"),
    Bound("a pack", "open attributes", OPEN_ATTRIBUTES, "", "fault of the pack"),
    Bound("a pack", "a limit, in any unit", 10, "years", "fault of the pack"),
    Bound("a condition (CEL)", "characters", CONDITION_CHARS, "characters", "fault of the pack"),
    Bound("a condition (CEL)", "brackets within brackets", CONDITION_DEPTH, "levels", "fault of the pack"),
    Bound(
        "a condition (CEL)", "`all`, `exists`, `exists_one`, `filter`, `map`", CONDITION_LOOPS, "", "fault of the pack"
    ),
    Bound("a filter or a condition (CEL)", "patterns of `matches`", PATTERNS, "", "refused, with the mend"),
    Bound(
        "a filter or a condition (CEL)",
        "their characters together",
        PATTERN_CHARS,
        "characters",
        "refused, with the mend",
    ),
    Bound(
        "a filter or a condition (CEL)",
        "`\\w`, `\\d` and the like in them",
        PATTERN_CLASSES,
        "",
        "refused, with the mend",
    ),
    Bound("`pack check`", "combinations tried for one rule", TRIED, "", "let pass"),
    Bound("`pack check`", "conditions evaluated in all", TRIED_IN_ALL, "", "let pass"),
)
"""Every bound, door by door."""

_HEAD = """# Bounds

What comes from outside is bounded in bytes, members, depth and steps; beyond a bound it is rejected (an incident),
refused (a command) or a fault of the pack, with its field. `held` means our own fault alone. Written from
`topics/bounds.py` by `python -m topics.bounds`; why each is as it is stands there.

| where | what | at most | beyond |
|---|---|---|---|
"""


def document() -> str:
    """Write the table."""
    return _HEAD + "".join(
        f"| {b.where} | {b.what} | {b.most:,} {b.unit}".rstrip() + f" | {b.answer} |\n" for b in TABLE
    )


def main() -> None:
    """Write ``docs/bounds.md`` anew."""
    (Path(__file__).parents[1] / "docs" / "bounds.md").write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
