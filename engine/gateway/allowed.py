"""Which commands are allowed now, and for each that is not, why: the law itself, run dry on the ticket as it stands."""

from collections.abc import Iterator, Mapping
from typing import Any

from rules.commands.lifecycle_table import CHILD_TABLE, TABLE
from rules.commands.required_fields import fields_of
from rules.decide import decide
from rules.law.compiled import Law
from rules.state.causes import CommandCause
from rules.state.duty_roster import Rosters
from rules.state.partition_state import Book
from rules.ticket.draft import Draft
from topics import codec
from topics.command import Actor, Command
from topics.decision import Decision
from topics.ids import Instant, record_id
from topics.refusals import REFUSED
from topics.registry import COMMANDS
from topics.vocabulary import REFUSALS, CommandKind, Reason

OF_A_FIELD = frozenset(
    {
        Reason.REASON_MISSING,
        Reason.ANSWER_MISSING,
        Reason.PROOF_MISSING,
        Reason.PROOF_UNFIT,
        Reason.DATE_MISSING,
        Reason.SCORE_MISSING,
        Reason.HOME_MISSING,
        Reason.CATEGORY_UNKNOWN,
        Reason.HOME_UNKNOWN,
        Reason.GRID_UNKNOWN,
        Reason.DEPARTMENT_UNKNOWN,
        Reason.CASE_NOT_ALLOWED,
        Reason.TARGET_NOT_OPEN,
        Reason.TARGET_ELSEWHERE,
        Reason.PERSON_UNKNOWN,
        Reason.NO_CHANGE,
    }
)
"""Reasons that lie in what a field says: a trial has to put something there, and another word may pass."""

DAY_MS = 86_400_000


def book_of(images: Mapping[str, bytes], laws: Mapping[str, Law], pack: str, rosters: Rosters) -> Book:
    """Put a ticket, and those it hangs together with, into a book that is thrown away after."""
    book = Book(laws)
    for name, image in images.items():
        book.load(b"t:" + name.encode(), image)
    book.pack, book.rosters = pack, rosters
    book.open = {name for name in images if book.tickets.look(name).is_open}
    return book


def commands(book: Book, laws: Mapping[str, Law], ticket: str, actor: Actor, at: Instant) -> list[dict[str, Any]]:
    """Try every command of the law, those of open children too."""
    draft = book.tickets[ticket]
    tried: Iterator[tuple[str, CommandKind]] = (
        *((ticket, kind) for kind in TABLE),
        *(
            (f"{ticket}/{child.code}/{child.n}", kind)
            for child in draft.children
            if child.ended_at is None
            for kind in CHILD_TABLE
        ),
    ).__iter__()
    return [_tried(book, laws, draft, name, kind, actor, at) for name, kind in tried]


def _tried(
    book: Book, laws: Mapping[str, Law], draft: Draft, name: str, kind: CommandKind, actor: Actor, at: Instant
) -> dict[str, Any]:
    """Give one command as the ticket's page lists it."""
    wanted = fields_of(kind, is_child="/" in name)
    needs = [field for field in wanted if not field.endswith("?")]
    may = [field[:-1] for field in wanted if field.endswith("?")]
    command = Command(
        id="dry-run", kind=kind, actor=actor, accepted_at=at, ticket=name, **_sample(laws[draft.pack], draft, needs, at)
    )
    reason = Reason(judged(book, laws, command, at).reason)
    found: dict[str, Any] = {"kind": kind.value, "ticket": name, "needs": needs, "may_have": may}
    if reason not in REFUSALS or reason is Reason.NO_CHANGE or (reason in OF_A_FIELD and needs + may):
        return found | {"allowed": True}
    return found | {"allowed": False} | refusal(reason)


def judged(book: Book, laws: Mapping[str, Law], command: Command, at: Instant) -> Decision:
    """Run the law on a command, and nothing comes of it."""
    return decide(
        book, laws, CommandCause(id=record_id(COMMANDS.name, 0, 0), command=command, appended_at=at), at
    ).decision


def refusal(reason: Reason, field: str | None = None) -> dict[str, Any]:
    """Say a refusal as its sender reads it: the reason's name, what it means in both languages, and the mend."""
    told = REFUSED[reason]
    found = {"reason": reason.value, "label": told.label, "label_zh": told.label_zh, "mend": told.mend}
    return found | ({"field": field} if field else {})


def _sample(law: Law, draft: Draft, needs: list[str], at: Instant) -> dict[str, Any]:
    """Fill the fields that a command needs with something, so that no guard behind them goes untried."""
    departments = [draft.lead] if draft.lead else list(law.departments)[:1]
    words: dict[str, Any] = {
        "reason": "-",
        "text": "-",
        "proof": ("photo:-",),
        "category": draft.category or next(iter(law.categories), "-"),
        "home": next((home for home in law.homes if home != draft.home), draft.home),
        "grid": draft.leaf or draft.home,
        "target": draft.person,
        "departments": tuple(departments),
        "case": "street_cannot",
        "passed": True,
        "satisfied": True,
        "until": at + DAY_MS,
        "score": 3,
    }
    return {name: words[name] for name in needs}


def read(image: bytes) -> Draft:
    """Read a ticket's image."""
    return codec.decode(image, Draft)
