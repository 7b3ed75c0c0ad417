"""The state of a ticket and of what a partition remembers beside it: the records of ``tickets.state``.

Each record says its ``schema`` (a tag, so that it is always in the bytes, and the only one a reader takes) and none may
hold a member that its reader does not know: an engine refuses a state that a newer one has written, instead of dropping
what it does not understand. Records from before the tag was written have none and are of schema 1.
"""

import msgspec

from topics.command import Duty
from topics.ids import Instant
from topics.ticket_words import ChildStatus, OfferEnd, TicketTask
from topics.vocabulary import DepartmentRole, Status


class Clock(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """One clock as a ledger (LAW 4): budget, what is consumed, since when it runs. Its deadline is arithmetic.

    The moment of a rung of ``r`` percent: when ``limit_ms × r // 100`` are consumed, counted from ``running_since``
    with ``consumed_ms`` behind it, in working time where ``in_work_time`` says so, else day and night.
    """

    kind: str
    number: str
    """Of the offer, leg or repeat, or ``<code>/<n>`` of the child; ``0`` where there is only one."""
    limit_ms: int
    unit: str
    """The unit it was given in (``topics.vocabulary.Unit``), which also says how it runs."""
    started_at: Instant
    running_since: Instant | None
    rungs: tuple[int, ...]
    """Percentages still to fire, rising."""
    consumed_ms: int = 0
    fired: tuple[int, ...] = ()
    stopped_at: Instant | None = None
    paused_reason: str | None = None
    extended: int = 0
    """How often the original limit was added; ``limit_ms`` has it in."""
    area: str | None = None
    """The grid whose declared force majeure it stands still in; ``None``: nothing is declared there, or it never does.
    """
    until: Instant | None = None
    """A fixed moment instead of a budget: promised dates, parking, midnight of a promised day."""


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several resolve clocks side by side: the ticket's own, or that of one merged into it (LAW 6)."""

    ticket: str
    clock: Clock


class Child(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """One department called by a whistle (LAW 7); lives in its parent."""

    code: str
    n: int
    role: DepartmentRole
    """``lead`` or ``helper``."""
    called_at: Instant
    deadline_at: Instant | None
    """Of the child clock; ``None``: beyond the calendar's horizon."""
    status: ChildStatus = ChildStatus.CALLED
    person: str | None = None
    reported_in_at: Instant | None = None
    ended_at: Instant | None = None
    reason: str | None = None


class Offer(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """An offer made to a party, and how it ended."""

    n: int
    tier: str
    party: str
    at: Instant
    ended: OfferEnd | None = None
    """``None`` while it stands."""


class Asked(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What whoever holds a ticket has asked for, and who has agreed so far (LAW 6)."""

    what: str
    """``send_back``, ``extend``, ``park``, ``whistle``."""
    role: str
    person: str
    reason: str
    at: Instant
    until: Instant | None = None
    """``park``: the date."""
    approved: tuple[tuple[str, str], ...] = ()
    """Role and person of each who agreed."""
    departments: tuple[str, ...] = ()
    """``whistle``: whom to call, and in which case."""
    case: str | None = None


class Appraisal(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """What street and departments say of each other once it is over (LAW 7)."""

    by: str
    """``street`` or a department's code."""
    of: str
    score: int
    """1 poor to 5 excellent."""
    text: str = ""


class Helper(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A former holder, whose party may still finish after a move; or, ``named``, this one person of a team."""

    tier: str
    party: str
    person: str | None
    named: bool = False


class Ticket(msgspec.Struct, omit_defaults=True, tag_field="schema", tag=1, forbid_unknown_fields=True, kw_only=True):
    """What is worked and timed. Nothing personal in it but a token; every change makes the next ``version``.

    Not frozen: the ``rules.ticket.draft.Draft`` that a decision changes is one. Nobody else changes a ticket.
    """

    id: str
    version: int
    identity: str
    home: str
    status: Status
    received_at: Instant
    occurred_at: Instant
    pack: str
    """Hash of the pack it was filed under: limits, ladder, calendar and grid are frozen by it."""
    channel: str
    person: str
    """Who has it now (five in place); the tier's supervisor where nobody else has."""
    duty: str
    """The seat or post in which the person has it: ``desk``, a party, ``street``, a department code, ``centre``,
    ``checker``."""
    task: TicketTask
    """What is to be done next: ``triage``, ``accept``, ``handle``, ``coordinate``, ``check``, ``survey``, ``none``."""
    tier: str | None = None
    party: str | None = None
    """Party, ``street``, department code or ``centre`` that holds it."""
    leaf: str | None = None
    signal: str | None = None
    """One of the five 五微, if the reporter chose one."""
    category: str | None = None
    category_given: str | None = None
    rule: str | None = None
    """Id of the pack's exception that applied at filing: category, ladder, skill and co-departments are as it has them.
    """
    urgency: str | None = None
    lead: str | None = None
    """Lead department of its category (the ``departments`` tier would call it)."""
    filed_at: Instant | None = None
    generation: int = 0
    rework: int = 0
    clocks: tuple[Clock, ...] = ()
    offers: tuple[Offer, ...] = ()
    """Of the current generation; the last one is the standing one."""
    helpers: tuple[Helper, ...] = ()
    children: tuple[Child, ...] = ()
    leg: int = 0
    top_repeats: int = 0
    resolve_limit_ms: int = 0
    resolve_unit: str = "urgent_hour"
    is_overdue: bool = False
    is_escalated: bool = False
    is_exhausted: bool = False
    handled_by: tuple[str, ...] = ()
    """Persons who accepted, started or finished it: none of them may check it."""
    finished_by: tuple[str, str, str] | None = None
    """Tier, party and person that finished last: a reopened ticket goes back there."""
    finished_at: Instant | None = None
    surveyed_at: Instant | None = None
    closed_at: Instant | None = None
    close_reason: str | None = None
    merged_into: str | None = None
    merged_here: tuple[str, ...] = ()
    ledgers: tuple[Ledger, ...] = ()
    """With something merged into it: all resolve clocks, the own one first; ``clocks`` has the one that ends first."""
    reach_here: tuple[str, ...] = ()
    """Of ``merged_here`` those whose reporter can be reached, where the own one cannot."""
    before_merge: "Ticket | None" = None
    looks: int = 0
    """How often somebody was sent to look before filing."""
    asked: Asked | None = None
    parked_from: Status | None = None
    """What it was doing before it was parked."""
    was_parked: bool = False
    waits: int = 0
    waited_ms: int = 0
    """How often and how long, in working time, it has waited for the reporter."""
    supervised_by: str | None = None
    """Who ordered supervision (督办): nobody else lifts it."""
    supervised_over: str | None = None
    """The number of the limit whose 150 % ordered it, so that it goes with that; ``None``: a person did."""
    followers: tuple[str, ...] = ()
    """``role:person`` of those who stay with it to its end."""
    attached: tuple[str, ...] = ()
    appraisals: tuple[Appraisal, ...] = ()
    consent: str | None = None
    """How the three committees are asked before work begins: ``sequential``, ``parallel``; ``None``: not at all."""
    consents: tuple[tuple[str, str], ...] = ()
    """Committee and person of each who agreed."""
    folded_into: str | None = None
    """Of a flood of reports the ticket that is worked; while that is open, this one's rungs inform it only."""
    informed: tuple[str, ...] = ()
    """``<clock>/<number>/<rung>`` of what fired while it was folded: once it stands for itself they fire again, late.
    """
    was_appealed: bool = False
    """Its dismissal was appealed: that may be once."""
    hops: int = 0
    first_filed_at: Instant | None = None
    flags: tuple[str, ...] = ()
    text: str = ""
    address: str | None = None
    lat_e7: int | None = None
    lon_e7: int | None = None
    token: str | None = None
    can_reach_reporter: bool = False
    attributes: dict[str, str | int | bool] = {}
    exercise: bool = False
    promised_by: Instant | None = None
    next_due_at: Instant | None = None
    """When its earliest rung is due; derived from the clocks and kept for queues and for the index."""
    hours: str | None = None
    """When whoever has it is on duty by the roster, if at other times than the city works: reminders of U3 and U4 wait
    for that."""
    deadline_at: Instant | None = None
    """When the clock that matters now (triage, accept or leg or resolve, check, survey) reaches 100 %; for people."""


class Quota(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag=1, forbid_unknown_fields=True, kw_only=True
):
    """The split's books of one home in one window (LAW 3); amounts in units of ``per`` (2520 by default)."""

    home: str
    window: str
    """``yyyy-mm`` and, where shares changed within a month, the hash of the pack that changed them."""
    per: int
    counts: dict[str, int]
    targets: dict[str, int]
    """What each party should have had, in units: ``count × per`` is comparable."""
    split: int = 0
    """Tickets that went through the split, and of them those with all parties eligible."""
    fully_eligible: int = 0
    direct: int = 0
    emergency: int = 0
    manual: int = 0


class DayCounter(msgspec.Struct, frozen=True, tag_field="schema", tag=1, forbid_unknown_fields=True):
    """How many tickets a home has got on a day."""

    n: int
    at: Instant


class Duties(msgspec.Struct, frozen=True, tag_field="schema", tag=1, forbid_unknown_fields=True):
    """What was changed about one person in one role without a new pack; windows that have ended are gone."""

    changes: tuple[Duty, ...]


class CommandSeen(msgspec.Struct, frozen=True, tag_field="schema", tag=1, forbid_unknown_fields=True):
    """The first decision on a command id, kept for 35 days."""

    decision: str
    at: Instant


class HeldCause(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag=1, forbid_unknown_fields=True, kw_only=True
):
    """A cause that our own fault kept from being decided, until somebody has it decided again or lets it go."""

    at: Instant
    home: str
    size: int = 0
    sha256: str = ""
    """Of its bytes, which stay on its topic; a clock has none."""
    appended_at: Instant = 0
    """When the broker first had it, in engine time: decided again, it is judged by then."""


class Marker(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag=1, forbid_unknown_fields=True):
    """Where a partition stands; the record ``m:`` of its state topic, written in every transaction."""

    at: Instant
    """Time of the last decision: the next one is not earlier."""
    positions: dict[str, int]
    """Logical topic name -> next offset to read; ``tickets.decisions``: all before it is in this state, maybe more."""
    pack: str | None = None
    """``<name>@<hash>`` in force in this partition."""
    vault_key: str | None = None
    """Of intake: the id of the master key that it seals under."""
