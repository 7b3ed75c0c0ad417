"""The closed sets of words that records may use (LAW 1)."""

from enum import StrEnum


class Party(StrEnum):
    """Who takes part in the split (分流 1234)."""

    RESIDENTS = "residents"
    SPECIALIST = "specialist"
    RED_PROPERTY = "red_property"
    BACKSTOP = "backstop"


class Status(StrEnum):
    """Where a ticket stands (LAW 6); escalated and overdue are attributes, not statuses."""

    RECEIVED = "received"
    VERIFYING = "verifying"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    HANDLING = "handling"
    WHISTLED = "whistled"
    PARKED = "parked"
    DONE = "done"
    SURVEYED = "surveyed"
    CLOSED = "closed"
    DISMISSED = "dismissed"
    MERGED = "merged"
    CANCELLED = "cancelled"


FINAL = frozenset({Status.CLOSED, Status.DISMISSED, Status.MERGED, Status.CANCELLED})
"""Statuses in which every clock but ``forget`` is disarmed."""


class ClockKind(StrEnum):
    """What a clock measures (LAW 4)."""

    TRIAGE = "triage"
    VERIFY = "verify"
    ACCEPT = "accept"
    CONTACT = "contact"
    RESOLVE = "resolve"
    LEG = "leg"
    CHECK = "check"
    SURVEY = "survey"
    REPORT_IN = "report_in"
    CHILD = "child"
    PARK = "park"
    FORGET = "forget"
    FLOOD = "flood"  # no ledger: the one of a flood that is worked has ended, at that moment


class Unit(StrEnum):
    """Units of a limit: the first three run day and night, the last two in working time (LAW 4)."""

    MINUTE = "minute"
    URGENT_HOUR = "urgent_hour"
    URGENT_DAY = "urgent_day"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"


class Urgency(StrEnum):
    """How pressing a ticket is; U1 means life or property (FIELD 5)."""

    U1 = "U1"
    U2 = "U2"
    U3 = "U3"
    U4 = "U4"


class Channel(StrEnum):
    """By which way an incident came in."""

    HOTLINE = "hotline"
    APP = "app"
    PATROL = "patrol"
    CAMERA = "camera"
    VISIT = "visit"
    OPEN311 = "open311"
    IMPORT = "import"


class Signal(StrEnum):
    """The five kinds of small signals, 五微."""

    WISH = "wish"
    COMPLAINT = "complaint"
    MESSAGE = "message"
    BROADCAST = "broadcast"
    POINTS = "points"


class TierKind(StrEnum):
    """How a step of the ladder holds a ticket (LAW 1)."""

    PARTIES = "parties"  # offered to one of its parties: grid, community
    STREET = "street"  # held by the street itself
    WHISTLE = "whistle"  # an automatic whistle; the street stays holder
    OWNER = "owner"  # held by the category's own department
    CENTRE = "centre"  # the command centre: the top


class Role(StrEnum):
    """On whose behalf a command is given. A person's roster entry must carry it."""

    RESIDENTS = "residents"
    SPECIALIST = "specialist"
    RED_PROPERTY = "red_property"
    BACKSTOP = "backstop"
    STREET = "street"
    PRINCIPAL = "principal"  # of a street: may whistle, and approves a whistle
    DEPARTMENT = "department"
    CENTRE = "centre"
    DESK = "desk"
    CHIEF = "chief"
    CHECKER = "checker"
    RESIDENTS_COMMITTEE = "residents_committee"
    OWNERS_COMMITTEE = "owners_committee"
    SUPERVISOR = "supervisor"
    REPORTER = "reporter"
    SOURCE = "source"


class CommandKind(StrEnum):
    """What may be asked of a ticket, in the imperative (LAW 6), and of a partition (``PARTITION_KINDS``)."""

    FILE = "file"
    DISMISS = "dismiss"
    APPEAL = "appeal"
    DUPLICATE_OF = "duplicate_of"
    UNMERGE = "unmerge"
    UNFOLD = "unfold"
    ACCEPT = "accept"
    DECLINE = "decline"
    CONTACT = "contact"
    START = "start"
    CONSENT = "consent"
    WHISTLE = "whistle"
    ASK_WHISTLE = "ask_whistle"
    REPORT_IN = "report_in"
    FINISH = "finish"
    RELEASE = "release"
    CHECK = "check"
    ANSWER = "answer"
    REOPEN = "reopen"
    REFER = "refer"
    REASSIGN = "reassign"
    ESCALATE = "escalate"
    SEND_VERIFY = "send_verify"
    VERIFY_RESULT = "verify_result"
    SPOT_FIX = "spot_fix"
    SEND_BACK = "send_back"
    EXTEND = "extend"
    PARK = "park"
    UNPARK = "unpark"
    APPROVE = "approve"
    DENY = "deny"
    WAIT_REPORTER = "wait_reporter"
    RESUME = "resume"
    RECATEGORISE = "recategorise"
    PLACE = "place"
    REBASE = "rebase"
    APPRAISE = "appraise"
    SUPERVISE = "supervise"
    LIFT = "lift"
    REMIND = "remind"
    ATTACH = "attach"
    FOLLOW = "follow"
    NOTE = "note"
    CANCEL = "cancel"
    CLOSE_BY_SOURCE = "close_by_source"
    ADOPT_PACK = "adopt_pack"
    SET_DUTY = "set_duty"
    RETRY_HELD = "retry_held"
    DROP_HELD = "drop_held"
    UNREADABLE = "unreadable"  # what a door could not read: decided as a refusal, so that nothing is dropped unseen


PARTITION_KINDS = frozenset(
    {CommandKind.ADOPT_PACK, CommandKind.SET_DUTY, CommandKind.RETRY_HELD, CommandKind.DROP_HELD}
)
"""Asked of a partition, not of a ticket; what all are asked goes to every one."""


class DepartmentRole(StrEnum):
    """As what a department gets a task (LAW 7)."""

    OWNER = "owner"
    LEAD = "lead"
    HELPER = "helper"


class Reason(StrEnum):
    """Why a decision came out as it did: the same word in the record, the log line, the metric and on the screen."""

    # decided
    REPORTED = "reported"
    RULE_ERROR = "rule_error"
    REFERRED_IN = "referred_in"
    UNKNOWN_CATEGORY = "unknown_category"
    NO_PLACE = "no_place"
    DONE_AS_ASKED = "done_as_asked"
    LIMIT_AT_RISK = "limit_at_risk"
    LIMIT_BREACHED = "limit_breached"
    TOP_TIER_REPEATS = "top_tier_repeats"
    EXHAUSTED = "exhausted"
    ACCEPT_MISSED = "accept_missed"
    WINDOW_ENDED = "window_ended"
    FORGOTTEN = "forgotten"
    PROGRAMME_ENDED = "programme_ended"
    PACK_ADOPTED = "pack_adopted"
    DUTY_SET = "duty_set"
    HELD_RETRIED = "held_retried"
    HELD_DROPPED = "held_dropped"
    REPEATED_COMMAND = "repeated_command"
    NO_CHANGE = "no_change"
    # refused
    UNKNOWN_TICKET = "unknown_ticket"
    UNREADABLE = "unreadable"
    UNKNOWN_PACK = "unknown_pack"
    NOT_IN_THIS_STATUS = "not_in_this_status"
    NOT_YOUR_TICKET = "not_your_ticket"
    NOT_ON_ROSTER = "not_on_roster"
    NOT_ON_DUTY = "not_on_duty"
    ROLE_NOT_ALLOWED = "role_not_allowed"
    REASON_MISSING = "reason_missing"
    ANSWER_MISSING = "answer_missing"
    PROOF_MISSING = "proof_missing"
    CATEGORY_UNKNOWN = "category_unknown"
    HOME_UNKNOWN = "home_unknown"
    HOME_MISSING = "home_missing"
    DEPARTMENT_UNKNOWN = "department_unknown"
    TARGET_NOT_OPEN = "target_not_open"
    TARGET_ELSEWHERE = "target_elsewhere"
    TOO_MANY_DECLINES = "too_many_declines"
    TOO_MANY_HOPS = "too_many_hops"
    CASE_NOT_ALLOWED = "case_not_allowed"
    CHILDREN_OPEN = "children_open"
    NO_SUCH_CHILD = "no_such_child"
    CHECKER_HANDLED_IT = "checker_handled_it"
    TOO_LATE = "too_late"
    TIER_UNKNOWN = "tier_unknown"
    PERSON_UNKNOWN = "person_unknown"
    ASKED_ALREADY = "asked_already"
    NOTHING_ASKED = "nothing_asked"
    SAME_HANDS = "same_hands"
    OVERDUE = "overdue"
    TOO_MANY_EXTENSIONS = "too_many_extensions"
    DATE_MISSING = "date_missing"
    PAUSED_BEFORE = "paused_before"
    NOT_PAUSED = "not_paused"
    NOT_ITS_ISSUER = "not_its_issuer"
    CONSENT_MISSING = "consent_missing"
    NOT_YOUR_TURN = "not_your_turn"
    APPEALED_BEFORE = "appealed_before"
    GRID_UNKNOWN = "grid_unknown"
    SCORE_MISSING = "score_missing"
    APPRAISED_BEFORE = "appraised_before"
    DUTY_UNFIT = "duty_unfit"
    OUT_OF_RANGE = "out_of_range"
    BAD_TEXT = "bad_text"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    TOO_LARGE = "too_large"
    IDENTITY_MISMATCH = "identity_mismatch"
    ID_RESERVED = "id_reserved"
    PROOF_UNFIT = "proof_unfit"
    ABOVE_OWN_ROLE = "above_own_role"
    OUTSIDE_OWN_GRIDS = "outside_own_grids"
    LAST_ONE = "last_one"
    NOT_HELD = "not_held"
    # held
    HELD = "held"


REFUSALS = frozenset(
    reason
    for reason in Reason
    if list(Reason).index(Reason.UNKNOWN_TICKET) <= list(Reason).index(reason) < list(Reason).index(Reason.HELD)
)
"""Reasons that mean: nothing was changed."""
