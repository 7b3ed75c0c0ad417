"""DESIGN 3, 11: commands, replies and proofs are read as reports are: each member once, nothing that lies to the eye,
no address that runs."""

import pytest
from pydantic import ValidationError

from engine.cli.duty import changes_told
from engine.observability.metrics import StageMetrics
from engine.stages.dispatch import DispatchCore, cause_of
from engine.stages.replies import command_of
from rules.state.causes import CommandCause
from tests.support.city import City
from tests.support.fetched import fetched
from tests.support.poison import law_of
from topics.codec import encode
from topics.command import Actor, Command, Duty
from topics.incident import Attachment, is_proof
from topics.ticket import Duties
from topics.vocabulary import CommandKind, Role

COMMAND = Command(
    id="c1",
    kind=CommandKind.NOTE,
    actor=Actor(Role.DESK, "desk-1"),
    accepted_at=5,
    ticket="east-20260302-1",
    text="two\nlines, and 井盖",
)


def read(value: bytes) -> Command:
    """What dispatch makes of a record of ``commands``."""
    cause = cause_of(fetched("commands", 7, b"east", value))
    assert isinstance(cause, CommandCause)
    return cause.command


def test_a_sound_command_is_read_however_it_is_written() -> None:
    """By our own doors, or by another's JSON with its members in another order and letters escaped."""
    written = (
        b'{"ticket":"east-20260302-1","id":"c1","kind":"note","accepted_at":5,'
        b' "actor":{"person":"desk-1","role":"desk"},"text":"two\\nlines, and \\u4e95\\u76d6"}'
    )
    assert read(encode(COMMAND)) == read(written) == COMMAND


@pytest.mark.parametrize("value", {
    "twice an actor": encode(COMMAND)[:-1] + b',"actor":{"role":"chief","person":"chief-1"}}',
    "twice a role within it": encode(COMMAND).replace(b'"role":"desk"', b'"role":"desk","role":"chief"'),
    "twice a ticket, once escaped": encode(COMMAND)[:-1] + b',"tic\\u006bet":"west-20260302-1"}',
    "no command": b"[]", "no text": b"\xff", "nothing": b"",
}.values())  # fmt: skip
def test_a_command_that_two_would_read_differently_is_unreadable(value: bytes) -> None:
    """It is decided as a refusal; the last of two members won before."""
    found = read(value)
    assert (found.kind, found.id) == (CommandKind.UNREADABLE, "commands:0:7")


def test_doubled_members_cost_no_more_than_others() -> None:
    """Two thousand names, each twice."""
    members = b",".join(b'"m%d":1' % (n % 2000) for n in range(4000))
    assert read(b"{" + members + b"}").kind == CommandKind.UNREADABLE


def test_a_reply_with_a_doubled_member_or_a_proof_that_runs_is_unreadable() -> None:
    """The same door for departments."""
    good = b'{"ticket":"east-20260302-1/fire/1","action":"finish","person":"fire-1","text":"x","proof":["photo:1"]}'
    for value, kind in {
        good: CommandKind.FINISH,
        good[:-1] + b',"person":"fire-2"}': CommandKind.UNREADABLE,
        good.replace(b"photo:1", b"javascript:alert(1)"): CommandKind.UNREADABLE,
    }.items():
        assert command_of(fetched("dept.fire.replies", 1, b"", value), "fire", 5).kind == kind


@pytest.mark.parametrize(
    ("proof", "fits"),
    [
        ("https://city.test/a?b=1#c", True),
        ("HTTP://[::1]:80/x", True),
        ("photo:1", True),
        ("photo:commands:0:12#urban#t/urban/1", True),
        ("before", True),
        ("照片1.jpg", True),
        ("a/b.png", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("https://good.test@evil.test", False),
        ("//evil.test", False),
        ("https://", False),
        ("photo:", False),
        ("a b", False),
        ("", False),
        ("photo:<script>", False),
        ("ftp://x.test/y", False),
        ("https://x.test/\u202e", False),
        ("photo:x\u200b", False),
    ],
)
def test_what_a_proof_may_be(proof: str, fits: bool) -> None:
    """An http(s) address, one of four kinds with a name, or a name alone."""
    assert is_proof(proof) is fits


def test_a_proof_that_is_none_is_refused_by_the_law_too() -> None:
    """Whichever door it came by; and a report's attachment is an http(s) address."""
    city = City()
    city.report("T")
    assert city.ask("attach", "T", "desk:desk-1", proof=("photo:1", "javascript:alert(1)")) == "proof_unfit"
    assert city.ask("attach", "T", "desk:desk-1", proof=("photo:1", "https://x.test/2")) == "done_as_asked"
    assert Attachment(url="https://x.test/1.jpg", sha256="0" * 64).url == "https://x.test/1.jpg"
    for url in ("photo:1", "javascript:alert(1)", "x.test/1"):
        with pytest.raises(ValidationError, match="http"):
            Attachment(url=url, sha256="0" * 64)


def test_a_change_told_to_one_partition_alone_is_seen_with_those_that_have_it() -> None:
    """Partition 0 alone was looked at before. What was told later, with a later beginning, is the same change; what has
    ended is none."""
    off, later = (
        Duty(person="p", role=Role.SPECIALIST, change="off", since=100),
        Duty(person="p", role=Role.SPECIALIST, change="off", since=150),
    )
    tomorrow, over = (
        Duty(person="q", role=Role.CHIEF, change="on", since=900),
        Duty(person="r", role=Role.CHIEF, change="on", since=1, until=5),
    )
    states: list[dict[str, bytes | None]] = [
        {"d:specialist:p": encode(Duties((later,))), "t:x": b"{}", "d:junk": b"{"},
        {"d:specialist:p": encode(Duties((off, over))), "d:chief:q": encode(Duties((tomorrow,)))},
        {"d:specialist:p": None},
    ]
    assert changes_told(states, 200) == {later: [0, 1], tomorrow: [1]}


def test_a_command_in_an_american_city_hides_ten_bare_digits() -> None:
    """By the pack in force, as its reports do."""
    law = law_of("los-angeles")
    core = DispatchCore(0, 1, {law.ref: law}, metrics=StageMetrics("dispatch"))
    core.opened(law.ref, 0)
    value = encode(
        Command(
            id="c1",
            kind=CommandKind.NOTE,
            actor=Actor(Role.DESK, "desk-1"),
            accepted_at=5,
            ticket="east-20260302-1",
            text="reach me 2135550123",
        )
    )
    out, *_ = core.take(fetched("commands", 7, b"east", value, at=5), 5)
    assert b"2135550123" not in (out.value or b"") and "〔phone〕".encode() in (out.value or b"")
