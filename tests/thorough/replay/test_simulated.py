"""A history told under another law: what differs is what a comparison by brute force finds, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from engine.kafka.log_snapshot import Log
from engine.replay.recorded_history import Gap, history_of
from engine.replay.verify import laws_of
from engine.replay.what_if import Simulated, simulate
from rules.history.compare import Load, Row, Side
from rules.law.compiled import Law
from rules.state.causes import CommandCause
from tests.support.busy_days import Dispatch, busy_days
from tests.support.town import HOUR, MINUTE, REF, SPEED, START, ref_of, town
from topics.codec import decode, encode
from topics.command import Actor, Command
from topics.decision import Decision
from topics.incident import AnyIncident, IncidentReferred
from topics.pack import Limit, PackBundle
from topics.ticket import Ticket
from topics.vocabulary import CommandKind, Role


def law(bundle: PackBundle) -> Law:
    """The other law, as it would come from the log."""
    return Law(OTHER, decode(encode(bundle), PackBundle))


def doubled() -> PackBundle:
    """The town with twice the time for every category."""
    categories = (msgspec.structs.replace(c, limit=Limit(c.limit.amount * 2, c.limit.unit)) for c in town().categories)
    return msgspec.structs.replace(town(), categories=tuple(categories))


OTHER = ref_of(doubled())


def stricter() -> PackBundle:
    """The town with other shares, no bins for residents, another lead for lifts, and no referrals."""
    changes: dict[str, dict[str, Any]] = {
        "bins": {"parties": ("specialist", "backstop")},
        "lift": {"lead": "water", "co": ()},
    }
    shares = tuple(
        msgspec.structs.replace(s, share=share) for s, share in zip(town().shares, (40, 30, 20, 10), strict=True)
    )
    categories = tuple(msgspec.structs.replace(c, **changes.get(c.code, {})) for c in town().categories)
    return msgspec.structs.replace(town(), categories=categories, shares=shares, max_hops=0)


def told_under(log: Log, bundle: PackBundle) -> Simulated:
    """Tell a log under another bundle."""
    return simulate(history_of(log), laws_of(log), law(bundle), 1)


# -- brute force: dispatch as the made-up town has it takes the same reports and commands ------------------------------


@dataclass
class Ending:
    """A ticket at the end, read from the records of one log."""

    ticket: Ticket
    first_party: str | None = None
    departments: set[str] = field(default_factory=set)
    breaches: set[str] = field(default_factory=set)
    stood: set[tuple[str, str | None]] = field(default_factory=set)


def endings(log: Log) -> dict[tuple[str, int], Ending]:
    """Every ticket by identity and hops."""
    found: dict[str, Ending] = {}
    for entry in log.of("tickets.decisions"):
        decision = decode(entry.value or b"", Decision)
        for change in decision.changes:
            if change.after is not None:
                image = decode(bytes(change.after), Ticket)
                ending = found.setdefault(image.id, Ending(image))
                ending.ticket = image
                ending.stood.add((image.tier or "desk", image.party))
        parts = decision.id.split(":")
        if parts[0] == "clock" and parts[-1] == "100" and parts[3] not in ("survey", "park", "forget"):
            found[parts[1]].breaches.add(":".join(parts[2:-1]))
        for event in decision.events:
            if event.type == "TaskDispatched":
                found[event.ticket].departments.add(event.facts["department"])
            if event.type == "TicketOffered" and found[event.ticket].first_party is None:
                found[event.ticket].first_party = event.facts["party"]
    return {(ending.ticket.identity, ending.ticket.hops): ending for ending in found.values()}


def renamed(command: Command, names: dict[str, str]) -> Command:
    """The same of the ticket that was filed in its place."""
    ticket, slash, child = command.ticket.partition("/")
    found, target = names.get(ticket, ticket), command.target
    if command.kind is CommandKind.DUPLICATE_OF:
        target = names.get(target or "", target)
    return msgspec.structs.replace(command, ticket=found + slash + child if found else "", target=target)


def by_force(log: Log, bundle: PackBundle, since: int | None = None) -> tuple[Log, set[str]]:
    """Let a town under the other law, from ``since`` on if that is given, live through the same; answers its log and
    the commands it refuses although they were done."""
    told, names, unfit = Dispatch(bundle, OTHER) if since is None else Dispatch(), dict[str, str](), set[str]()
    told.laws[OTHER] = law(bundle)
    records = {e.id: e for topic in ("incidents", "commands") for e in log.of(topic)}
    last = START
    for entry in log.of("tickets.decisions"):
        was = decode(entry.value or b"", Decision)
        last = was.at
        if since is not None and was.at >= since and told.book.pack != OTHER:
            told.pass_time(since - 1)
            told.book.pack = OTHER
        if was.cause == "clock":
            continue
        record = records[was.id]
        if was.cause == "incident":
            incident: AnyIncident = decode(record.value or b"", AnyIncident)  # type: ignore[arg-type]
            if isinstance(incident, IncidentReferred):
                key = (incident.incident.identity, incident.carried.hops)
                names[was.ticket or ""] = next((e.ticket.id for k, e in endings(told.log).items() if k == key), "")
                continue
            told.pass_time(was.at - 1)
            told.report(int(incident.identity.split(":")[1]), incident.category, incident.home, incident.leaf, was.at)
            names[was.ticket or ""] = decode(told.log.of("tickets.decisions")[-1].value or b"", Decision).ticket or ""
            continue
        command = decode(record.value or b"", Command)
        if command.kind is CommandKind.ADOPT_PACK:
            continue
        appended = START + record.appended_ms * SPEED
        told.pass_time(appended - 1)
        asked = len(told.log.of("tickets.decisions"))
        told.command(renamed(command, names), appended)
        now = decode(told.log.of("tickets.decisions")[asked].value or b"", Decision)
        if was.changes and not now.changes and now.reason != "repeated_command":
            unfit.add(was.id)
    told.pass_time(last)
    return told.log, unfit


def side(ending: Ending | None) -> Side | None:
    """An ending as the comparison has it."""
    if ending is None:
        return None
    t = ending.ticket
    return Side(
        ticket=t.id,
        category=t.category,
        status=str(t.status),
        first_party=ending.first_party,
        tier=t.tier or "desk",
        party=t.party,
        departments=tuple(sorted(ending.departments)),
    )


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("other", [doubled, stricter])
def test_the_comparison_is_what_brute_force_finds(seed: int, other: Any) -> None:
    """Ticket by ticket: who has it, what is missed anew or no longer, which commands are refused; and the loads."""
    log = busy_days(seed, incidents=60, hours=72)
    found = told_under(log, other())
    forced, unfit = by_force(log, other())
    before, after = endings(log), endings(forced)
    assert {misfit.id for misfit in found.no_longer_fits} == unfit
    rows: dict[tuple[str, str | None, str | None], Row] = {
        (row.identity, row.before.ticket if row.before else None, row.after.ticket if row.after else None): row
        for row in found.difference.rows
    }
    none = Ending(next(iter(before.values())).ticket)
    different = 0
    for key in {*before, *after}:
        was, now = before.get(key), after.get(key)
        vanish, appear = (
            ((was or none).breaches - (now or none).breaches),
            ((now or none).breaches - (was or none).breaches),
        )
        row = rows.get((key[0], was.ticket.id if was else None, now.ticket.id if now else None))
        if row is None:
            assert (side(was), vanish, appear) == (side(now), set(), set())
            continue
        different += 1
        assert (row.before, row.after) == (side(was), side(now))
        assert (set(row.breaches_vanish), set(row.breaches_appear)) == (vanish, appear)
    assert different == len(found.difference.rows) > 0
    assert (found.difference.tickets_before, found.difference.tickets_after) == (len(before), len(after))
    for loads, member in ((found.difference.tiers, 0), (found.difference.parties, 1)):
        stood = [
            [{place[member] for place in ending.stood} - {None} for ending in ends.values()] for ends in (before, after)
        ]
        names = set().union(*stood[0], *stood[1])
        assert loads == {name: Load(*(sum(name in one for one in ends) for ends in stood)) for name in names}


def test_under_its_own_law_a_history_is_the_same() -> None:
    """No ticket moves, no limit is missed anew, every command fits, the split drifts alike."""
    log = busy_days(5, incidents=60, hours=72)
    found = told_under(log, town())
    assert found.difference.rows == ()
    assert found.no_longer_fits == () and found.newly_done == 0 and found.held == ()
    assert found.difference.breaches_before == found.difference.breaches_after
    assert all(
        (row.count_before, row.drift_before) == (row.count_after, row.drift_after)
        for row in found.difference.split.values()
    )
    assert found.recorded_packs == (REF,)


def one_ticket_left_alone(bundle: PackBundle | None = None) -> Log:
    """A lift of two hours that nobody looks at for three."""
    told = Dispatch(bundle)
    told.report(1, "lift", "east", "east-1", START)
    told.pass_time(START + 3 * HOUR)
    return told.finish()


def test_a_doubled_limit_lets_the_breach_vanish() -> None:
    """Two hours are missed within three, four hours are not; the rest of the ticket's life stays."""
    found = told_under(one_ticket_left_alone(), doubled()).difference
    assert found.breaches_before["resolve"] == 1
    assert "resolve" not in found.breaches_after
    assert "0:resolve:0" in found.rows[0].breaches_vanish
    back = told_under(one_ticket_left_alone(doubled()), town()).difference
    assert "0:resolve:0" in back.rows[0].breaches_appear


def test_the_drift_of_the_split_is_counted_apart_from_who_may_take() -> None:
    """Ten bins: each party has its share; where only two parties may take them, at 30 to 10, all others are off by
    theirs."""
    told = Dispatch()
    for n in range(1, 11):
        told.report(n, "bins", "east", "east-1", START + n * MINUTE)
    found = told_under(told.finish(), stricter()).difference.split
    assert {party: (row.count_before, row.drift_before) for party, row in found.items()} == {
        "residents": (2, 0), "specialist": (3, 0), "red_property": (4, 0), "backstop": (1, 0),
    }  # fmt: skip
    assert {party: (row.count_after, row.drift_after) for party, row in found.items()} == {
        "residents": (0, -400), "specialist": (8, 500), "red_property": (0, -200), "backstop": (2, 100),
    }  # fmt: skip


def test_an_adoption_on_the_way_is_left_out() -> None:
    """A history under two packs, told under the first alone, is the first's history."""
    alone, both = Dispatch(), Dispatch()
    both.laws[OTHER] = law(doubled())
    both._put("reference", OTHER.encode(), encode(doubled()))
    adopt = Command(
        id="adopt:2",
        kind=CommandKind.ADOPT_PACK,
        actor=Actor(Role.CHIEF, "chief-1"),
        accepted_at=START + MINUTE,
        pack=OTHER,
    )
    for told in (alone, both):
        told.report(1, "lift", "east", "east-1", START)
        if told is both:
            told.command(adopt, START + 10 * MINUTE)
        told.report(2, "lift", "east", "east-2", START + 20 * MINUTE)
        told.pass_time(START + 12 * HOUR)
    found = told_under(both.finish(), town())
    assert found.recorded_packs == (REF, OTHER)
    assert found.difference.breaches_after == told_under(alone.finish(), town()).difference.breaches_before
    assert {row.identity for row in found.difference.rows} == {"town:2"}


def test_a_command_handed_in_before_a_deadline_goes_first_although_decided_later() -> None:
    """A late worker breaches nobody under the other law either (DESIGN 6)."""
    told = Dispatch()
    told.report(1, "lift", "east", "east-1", START)
    holder = told.book.tickets["east-20260302-1"]
    command = Command(
        id="c1",
        kind=CommandKind.ACCEPT,
        actor=Actor(Role(holder.party or ""), holder.person),
        accepted_at=START + 14 * MINUTE,
        ticket=holder.id,
    )
    entry = told._put("commands", b"east", encode(command), START + 14 * MINUTE)
    told._now(START + 40 * MINUTE)
    told._write(CommandCause(id=entry.id, command=command, appended_at=START + 14 * MINUTE))
    found = told_under(told.finish(), town())
    assert found.difference.rows == ()
    assert "accept" not in found.difference.breaches_after


@pytest.mark.parametrize(
    "spoil", [lambda value: b"{", lambda value: value[:-9], lambda value: value[:-9] + b"\xff" + value[-9:]]
)
def test_a_record_that_cannot_be_read_stops_the_telling(spoil: Callable[[bytes], bytes]) -> None:
    """What happened after it is not known, whether it is broken at its beginning or at its end."""
    log = one_ticket_left_alone()
    entry = log.entries["tickets.decisions"][2]
    log.entries["tickets.decisions"][2] = entry._replace(value=spoil(entry.value or b""))
    with pytest.raises(Gap, match="tickets.decisions:0:2 cannot be read"):
        told_under(log, town())
