"""A cause that was set aside stands in the duty desk's queue, so that somebody deals with it."""

from engine.settings import Settings
from engine.views.redis_view import RedisView
from topics.decision import Decision, Event
from topics.ids import DecisionId


async def test_a_held_cause_has_a_row_in_the_desks_queue(stack_settings: Settings) -> None:
    """The row names the cause; folding it again changes nothing."""
    view = RedisView(stack_settings)
    name = DecisionId("incidents:0:7")
    decision = Decision(
        id=name, at=5, cause="held", reason="held", home="tawan", events=(Event("CauseHeld", "", {"record": name}),)
    )
    try:
        await view.fold(0, [decision], 0, 1)
        await view.fold(0, [decision], 1, 2)
        (row,) = await view.rows("desk", limit=10)
        assert (row["id"], row["status"], row["person"]) == (name, "held", "duty-desk")
        assert await view.counts() == {"desk": 1}
        assert await view.ticket_of("") is None
    finally:
        await view.drop()
        await view.close()
