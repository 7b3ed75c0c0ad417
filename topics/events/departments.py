"""What departments are called to, answer, and are told."""

from topics.events.facts import Facts


class WhistleAsked(Facts, frozen=True, kw_only=True):
    """The street is asked to whistle."""

    by: str


class WhistleRaised(Facts, frozen=True, kw_only=True):
    """Departments are called; ``automatic``: by the law itself."""

    automatic: bool
    case: str
    departments: list[str]
    lead: str


class DepartmentReportedIn(Facts, frozen=True, kw_only=True):
    """A department signed in."""

    code: str
    late_by_ms: int
    n: int


class ChildFinished(Facts, frozen=True, kw_only=True):
    """A department's part is done."""

    code: str
    n: int


class ChildReleased(Facts, frozen=True, kw_only=True):
    """A department's part is over."""

    code: str
    n: int


class TaskDispatched(Facts, frozen=True, kw_only=True):
    """A department is told something; fan-out copies it as a ``topics.task.Task``."""

    address: str | None = None
    asks: str | None = None
    at: str
    call: dict[str, str] | None = None
    case: str | None = None
    category: str | None = None
    category_label: str | None = None
    category_label_zh: str | None = None
    child: str | None = None
    deadline: str | None = None
    department: str
    event: str
    exercise: bool = False
    grid: list[dict[str, str]] | None = None
    id: str
    lat: str | None = None
    limit_ms: int | None = None
    limit_unit: str | None = None
    lon: str | None = None
    reason: str | None = None
    report_in_by: str | None = None
    role: str
    text: str | None = None
    ticket: str
    urgency: str | None = None
    version: int


class SenderAnswered(Facts, frozen=True, kw_only=True):
    """What a department sent was refused; fan-out copies it to its tasks as a ``topics.task.Task``."""

    answers: str
    at: str
    child: str | None = None
    department: str
    event: str
    exercise: bool = False
    id: str
    mend: str
    reason: str
    reason_label: str
    reason_label_zh: str
    role: str
    ticket: str
    version: int
