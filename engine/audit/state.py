"""The tickets in ``tickets.state`` against the fold of the log: each must be the image of its version, none behind
(DESIGN 5.8)."""

from engine.audit.findings import Findings
from engine.audit.history import History
from engine.kafka.log_snapshot import Entry, Log
from topics.codec import decode
from topics.registry import STATE
from topics.ticket import Ticket
from topics.unreadable import UNREADABLE

TICKET = b"t:"


def check_state(log: Log, history: History, findings: Findings) -> None:
    """Report tickets whose state the log alone does not explain.

    The state was read after the settled decisions and before the last ones, so it may stand anywhere between.
    """
    newest = {
        entry.key: entry for entry in log.of(STATE.name) if entry.key is not None and entry.key.startswith(TICKET)
    }
    for key, entry in newest.items():
        name = key[len(TICKET) :].decode(errors="replace")
        if entry.value is None:
            _check_forgotten(name, history, findings)
        else:
            _check_image(name, entry, history, findings)
    for name, version in history.settled_versions.items():
        if history.images.get((name, version)) is not None and TICKET + name.encode() not in newest:
            findings.add("state_errors", name, "is on the log and not in the state")


def _check_forgotten(name: str, history: History, findings: Findings) -> None:
    version = history.versions.get(name)
    if version is not None and history.images.get((name, version)) is not None:
        findings.add("state_errors", name, "is forgotten in the state, and lives on the log")


def _check_image(name: str, entry: Entry, history: History, findings: Findings) -> None:
    try:
        ticket = decode(entry.value or b"", Ticket)
    except UNREADABLE as error:
        findings.add("state_errors", name, f"its state cannot be read: {error}")
        return
    if name in history.adopted:
        return  # its decisions have aged away: there is nothing to compare with
    image = history.images.get((name, ticket.version))
    if (
        image is None
        and history.cut.is_unknown(entry.partition)
        and all(version > ticket.version for other, version in history.images if other == name)
    ):
        return  # the state was read just before the first decision that is left of it
    if image is None:
        findings.add("state_errors", name, f"stands at version {ticket.version}, which the log does not hold")
    elif bytes(image) != entry.value and decode(bytes(image), Ticket) != ticket:
        findings.add("state_errors", name, f"differs from version {ticket.version} on the log")
    elif ticket.version < history.settled_versions.get(name, 0):
        findings.add(
            "state_errors", name, f"stands at version {ticket.version}, the log at {history.settled_versions[name]}"
        )
