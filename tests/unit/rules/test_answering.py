"""What a department is told: all it needs to go there, and why what it sent was refused, once, where it listens."""

import msgspec
import pytest

from engine.doors.filters import Filter
from engine.observability.metrics import StageMetrics
from engine.stages.dispatch import DispatchCore
from engine.stages.fanout import FanoutCore
from engine.stages.replies import command_of
from tests.support.city import City
from tests.support.fetched import fetched
from tests.support.views import summary
from topics import codec
from topics.decision import Decision
from topics.refusals import REFUSED
from topics.task import Task, TaskEvent, TaskRole
from topics.vocabulary import REFUSALS


def told(decision: Decision) -> list[Task]:
    """What fan-out writes for a decision."""
    outs = FanoutCore(0, StageMetrics("fanout")).take(
        fetched("tickets.decisions", 0, b"east", codec.encode(decision)), 0
    )
    return [codec.decode(out.value or b"", Task) for out in outs]


def test_a_task_says_all_that_a_department_needs_to_go_there() -> None:
    """Path with labels, address, point, category with label, limit, what is asked, whom to call."""
    city = City()
    city.report("T", category="wall", address="West Road 1", lat_e7=347466123, lon_e7=-1136253680, text="it leans")
    assert city.ask("escalate", "T", "chief:chief-1", target="street", reason="far") == "done_as_asked"
    assert (
        city.ask(
            "whistle",
            "T",
            "street:north-street",
            departments=("urban", "water"),
            case="street_cannot",
            reason="bring a crane",
        )
        == "done_as_asked"
    )
    assert city.ask("approve", "T", "principal:north-principal") == "done_as_asked"
    lead, helper = told(city.decisions[-1])
    assert (lead.event, lead.role, helper.role) == ("dispatched", "lead", "helper")
    assert [(place.code, place.level) for place in lead.grid] == [
        ("city", "city"),
        ("north", "street"),
        ("east", "home"),
        ("east1", "grid"),
    ]
    assert all(place.label for place in lead.grid)
    assert (lead.address, lead.lat, lead.lon, lead.text) == ("West Road 1", "34.7466123", "-113.6253680", "it leans")
    assert (lead.category, lead.category_label, lead.category_label_zh) == ("wall", "Wall", "墙")
    assert lead.limit_unit == "work_day" and lead.limit_ms and lead.deadline and lead.report_in_by
    assert (lead.asks, lead.case) == ("bring a crane", "street_cannot")
    assert lead.call is not None and (lead.call.role, lead.call.person) == ("street", "north-street")


@pytest.mark.parametrize("exercise", [False, True])
def test_a_drill_says_so_in_all_that_departments_and_people_are_told(exercise: bool) -> None:
    """In the task, in each later word about it, in the answer to what was refused, in the row, and to a filter; what is
    real says nothing of it: its records are as they were."""
    city = City()
    city.report("T", "fire", exercise=exercise)
    (dispatched,) = (one for one in told(city.decisions[-1]) if one.department == "fire")
    city.ask("finish", "T", "department:fire", child="fire/9")
    (refused,) = told(city.decisions[-1])
    row = summary(city["T"])
    city.ask("cancel", "T", "chief:chief-1", reason="over")
    ended = told(city.decisions[-1])
    assert dispatched.event == "dispatched" and refused.event == "refused" and ended
    for task in (dispatched, refused, *ended):
        body = codec.encode(task)
        assert task.exercise is exercise and (b"exercise" in body) is exercise
        assert (
            Filter("exercise").takes(body.decode()) is exercise
            and Filter("!exercise").takes(body.decode()) is not exercise
        )
    assert row.get("exercise", False) is exercise


def test_an_owner_is_told_whom_of_the_street_to_call() -> None:
    """No whistle was blown: somebody of the street for its grid."""
    city = City()
    city.report("T", category="pipe")
    (task,) = told(city.decisions[-1])
    assert (task.event, task.role) == ("dispatched", "owner")
    assert task.call is not None and task.call.role == "street"
    assert task.limit_unit == "urgent_day" and [place.code for place in task.grid] == ["city", "north", "east", "east1"]


def whistled() -> City:
    """A fire: fire and water are called."""
    city = City()
    city.report("T", category="fire")
    return city


@pytest.mark.parametrize(
    ("kind", "child", "reason"),
    [
        ("report_in", "fire/1", "not_your_ticket"),
        ("report_in", "water/7", "no_such_child"),
        ("accept", "", "not_in_this_status"),
        ("note", "", None),
    ],
)
def test_a_refused_command_of_a_department_is_answered_on_its_tasks(kind: str, child: str, reason: str | None) -> None:
    """With the command, the reason in two languages and the mend; what was done is not answered."""
    city = whistled()
    said = city.ask(kind, "T", "department:water", child=child, id="dept.water.replies:2:9", text="we are there")
    answers = [task for task in told(city.decisions[-1]) if task.event == TaskEvent.REFUSED]
    if reason is None:
        assert said == "done_as_asked" or answers
        return
    (answer,) = answers
    assert said == answer.reason == reason
    assert (answer.department, answer.role, answer.answers) == ("water", TaskRole.SENDER, "dept.water.replies:2:9")
    assert answer.reason_label and answer.reason_label_zh and answer.mend
    assert answer.ticket == city["T"].id and answer.child == (f"{city['T'].id}/{child}" if child else None)


def test_others_are_not_answered_on_a_departments_tasks() -> None:
    """A person's refusal, and that of a department the pack does not know: there is no topic for it."""
    city = whistled()
    assert city.ask("report_in", "T", "street:north-street", child="fire/1") in REFUSALS
    assert told(city.decisions[-1]) == []
    assert city.ask("report_in", "T", "department:nosuch", child="fire/1") in REFUSALS
    assert told(city.decisions[-1]) == []


@pytest.mark.parametrize(
    "value",
    [None, b"{", b"[]", b'{"ticket": "x"}', b'{"ticket":"east-20260302-1","action":"dance","person":"water-1"}'],
)
def test_a_reply_that_cannot_be_read_is_answered_once(value: bytes | None) -> None:
    """From the reply's bytes to the department's topic: position, field, mend; read again it has the same id."""
    city = City()
    core = DispatchCore(0, 1, city.laws, metrics=StageMetrics("dispatch"))
    core.opened(next(iter(city.laws)), city.now)
    reply = fetched("dept.water.replies", 9, b"k", value, partition=2, at=city.now)
    command = codec.encode(command_of(reply, "water", city.now))
    found = []
    for offset in (4, 5):
        (out,) = core.take(fetched("commands", offset, None, command, at=city.now), city.now)
        found.append(told(codec.decode(out.value or b"", Decision)))
        core.flush()
    (answer,) = found[0]
    assert found[1] == []
    assert (answer.event, answer.reason, answer.answers, answer.department) == (
        "refused",
        "unreadable",
        "dept.water.replies:2:9",
        "water",
    )
    assert answer.mend and "cannot be read" in answer.mend


def test_every_refusal_has_its_labels_and_mend() -> None:
    """In both languages; and a reason that is none has no entry."""
    assert set(REFUSED) == REFUSALS
    assert all(all(one) for one in REFUSED.values())


def test_event_and_role_of_a_task_are_closed_lists_in_the_schema() -> None:
    """Clients generate their types from it."""
    schema = msgspec.json.schema(Task)["$defs"]["Task"]["properties"]
    assert set(schema["event"]["enum"]) == {word.value for word in TaskEvent}
    assert set(schema["role"]["enum"]) == {word.value for word in TaskRole}
