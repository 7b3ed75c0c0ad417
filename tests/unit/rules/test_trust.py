"""LAW 2, 6: whoever may write to ``commands`` gets no more out of it than the role they may claim: ids, moments,
sources, rosters, laws."""

from msgspec.structs import replace

from tests.support.city import DAY, PARTIES, City, at, city_bundle, replay
from topics import codec
from topics.command import remembered_as
from topics.ticket import CommandSeen

# -- ids ---------------------------------------------------------------------------------------------------------------


def test_nobody_uses_up_the_ids_of_somebody_else() -> None:
    """A stranger gives a refused command under the id that the department's reply will have, another a taken one: it is
    taken all the same."""
    city = City()
    city.report("T", "fire")
    assert city.ask("note", "T", "specialist:nobody", text="x", id="r1") == "not_on_roster"
    assert city.ask("note", "T", "desk:desk-1", text="x", id="r1") == "done_as_asked"
    assert city.ask("report_in", "T", "department:fire", child="fire/1", id="r1") == "done_as_asked"
    assert city.ask("report_in", "T", "department:fire", child="fire/1", id="r1") == "repeated_command"
    assert city.decisions[-1].first_decision == city.decisions[-2].id


def test_a_refused_command_is_decided_anew_and_a_taken_one_is_not() -> None:
    """The same id: refused while somebody else must act, taken once they have."""
    city = City()
    city.report("T")
    who = city.holder("T")
    assert city.ask("start", "T", who, id="s1") == "not_in_this_status"
    city.ask("accept", "T", who)
    assert city.ask("start", "T", who, id="s1") == "done_as_asked"
    assert city.ask("start", "T", who, id="s1") == "repeated_command"
    assert (
        city.ask("follow", "T", who, id="f1") == "done_as_asked"
        and city.ask("follow", "T", who, id="f2") == "no_change"
    )
    assert city.ask("follow", "T", who, id="f2") == "repeated_command"
    assert replay(city.laws, city.causes, reopen_every=2) == city.log()


def test_ids_of_replies_are_those_of_their_department() -> None:
    """``dept.fire.replies:0:7`` is the position of a reply, which nobody else can have."""
    city = City()
    city.report("T", "fire")
    name = "dept.fire.replies:0:7"
    assert city.ask("note", "T", "desk:desk-1", text="x", id=name) == "id_reserved"
    assert city.ask("note", "T", "department:urban", text="x", id=name) == "id_reserved"
    assert city.ask("report_in", "T", "department:fire", child="fire/1", id=name) == "done_as_asked"
    assert city.ask("note", "T", "desk:desk-1", text="x", id="dept.fire.replies:0:x") == "done_as_asked"


def test_a_refused_reply_that_our_own_stage_wrote_twice_is_answered_once() -> None:
    """And stands in the way of nothing else under its position."""
    city = City()
    city.report("T", "fire")
    name, before = "dept.fire.replies:0:8", "dept.fire.replies:0:9"
    for reason in ("not_in_this_status", "repeated_command"):
        assert city.ask("accept", "T", "department:fire", id=name) == reason
    assert city.ask("note", "T", "department:fire", id=before) == "answer_missing"
    assert city.ask("report_in", "T", "department:fire", child="fire/1", id=before) == "done_as_asked"
    assert replay(city.laws, city.causes, reopen_every=2) == city.log()


def test_what_the_engine_of_before_remembers_still_counts() -> None:
    """Its state has ids alone."""
    city = City()
    city.report("T")
    city.book.load(b"c:old", codec.encode(CommandSeen("commands:0:1", city.now)))
    assert city.ask("note", "T", "desk:desk-1", text="x", id="old") == "repeated_command"
    assert remembered_as("chief:a:b", "c") != remembered_as("chief:a", "b:c")
    city.ask("note", "T", "desk:desk-1", text="x", id="n")
    assert city.ask("note", "T", "chief:chief-1", text="x", id="@desk:desk-1:n") == "done_as_asked"


# -- moments -----------------------------------------------------------------------------------------------------------


def test_a_moment_long_past_is_believed_for_as_long_as_a_door_takes() -> None:
    """Handed in a day ago, it says: it took effect a quarter of an hour before the broker had it."""
    city = City()
    city.report("T", "leak")
    city.ask("accept", "T", city.holder("T"))
    city.at("10:00")
    assert city.ask("start", "T", city.holder("T"), accepted=city.now - DAY) == "done_as_asked"
    assert city.decisions[-1].why.facts["effective_at"] == at("09:45")
    assert city.ask("finish", "T", city.holder("T"), text="x", accepted=1) == "done_as_asked"
    assert city["T"].finished_at == at("09:45")


def test_a_reply_that_waited_for_our_own_stage_is_judged_by_when_it_came() -> None:
    """The broker wrote that moment itself; a stage of ours that stood for hours makes nobody late."""
    city = City()
    city.report("T", "fire")
    city.now = at("11:00")
    assert (
        city.ask("report_in", "T", "department:fire", child="fire/1", id="dept.fire.replies:0:1", accepted=at("08:10"))
        == "done_as_asked"
    )
    assert city["T"].children[0].reported_in_at == at("08:10")


def test_who_was_not_on_duty_then_did_not_accept_then() -> None:
    """Judged by the roster of that moment, also when the window has ended since and another change was made."""
    city = City()
    city.report("T", "bins")
    who = city["T"].person
    city.duty(who, str(city["T"].party), "off", since=at("08:30"), until=at("08:50"))
    city.at("08:55")
    city.duty(who, str(city["T"].party), "on", since=at("09:30"))
    assert city.ask("accept", "T", city.holder("T"), accepted=at("08:45")) == "not_on_duty"
    assert city.ask("accept", "T", city.holder("T"), accepted=at("08:52")) == "done_as_asked"


def test_hours_of_duty_are_those_of_the_moment_it_took_effect() -> None:
    """Whoever begins at 09:00 did not accept at 08:56, though they are on duty when it is decided; at 09:01 they
    did."""
    roster = tuple(
        replace(entry, on_duty="09:00-18:00") if entry.role in PARTIES else entry for entry in city_bundle().roster
    )
    city = City(city_bundle(roster=roster))
    city.now = at("08:55")
    city.report("T", "bins")
    city.at("09:10")
    who = f"{city['T'].party}:{city['T'].party}-1"
    assert city.ask("accept", "T", who, accepted=at("08:56")) == "not_on_duty"
    assert city.ask("accept", "T", who, accepted=at("09:01")) == "done_as_asked"


def test_nobody_is_put_on_duty_for_a_time_that_is_past() -> None:
    """A change begins when it was asked for, not before."""
    city = City()
    city.duty("backstop-1", "backstop", "off", since=at("07:00"))
    assert city.book.rosters.duties["backstop:backstop-1"].changes[0].since == at("08:00")


# -- whose ticket ------------------------------------------------------------------------------------------------------


def test_a_source_ends_and_notes_its_own_tickets_only() -> None:
    """Another system's tickets are not its to close, cancel or write on."""
    city = City()
    city.report("T")
    for kind in ("close_by_source", "cancel", "note", "attach", "follow"):
        assert city.ask(kind, "T", "source:ap", reason="x", text="x", proof=("p",)) == "not_your_ticket"
    assert city.ask("close_by_source", "T", "source:app", reason="x") == "done_as_asked"


def test_a_ticket_named_by_its_incident_is_that_incidents() -> None:
    """A door that found the wrong ticket for ``source:id`` changes nothing."""
    city = City()
    city.report("T")
    city.report("U")
    assert city.ask("cancel", "T", "reporter:r", reason="x", identity="app:U") == "identity_mismatch"
    assert city.ask("cancel", "T", "reporter:r", reason="x", identity="app:T\u200b") == "done_as_asked"
