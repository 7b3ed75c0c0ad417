"""What a broker believes is wanted is what is wanted, whatever gets lost on the way."""

from hypothesis import given
from hypothesis import strategies as st

from engine.kafka.fetch_sessions import Place, Session, Wish

PLACES = [("incidents", number) for number in range(3)] + [("commands", number) for number in range(3)]
WANTED = st.dictionaries(st.sampled_from(PLACES), st.tuples(st.integers(0, 3), st.just(100)))
FATES = st.sampled_from(["answered", "answered", "answered", "lost before", "lost after", "dropped", "kept no longer"])


class Broker:
    """Keeps one session as KIP-227 says."""

    INVALID_TURN, NO_SUCH_SESSION = 71, 70

    def __init__(self) -> None:
        """Nobody has asked."""
        self.session, self.turn, self.made = 0, 0, 0
        self.believed: dict[Place, Wish] = {}
        self.keeps = True

    def asked(self, session: int, turn: int, tell: dict[Place, Wish], forget: list[Place]) -> tuple[int, int]:
        """Answer with a session and an error."""
        if turn == 0:
            self.believed = dict(tell)
            self.made += 1
            self.session, self.turn = (self.made, 1) if self.keeps else (0, 0)
            return self.session, 0
        if session != self.session or not session:
            return 0, self.NO_SUCH_SESSION
        if turn != self.turn:
            return 0, self.INVALID_TURN
        self.believed.update(tell)
        for place in forget:
            del self.believed[place]
        self.turn += 1
        return session, 0


@given(st.lists(st.tuples(WANTED, FATES), max_size=40))
def test_a_broker_answers_for_what_is_wanted_and_for_nothing_else(steps: list[tuple[dict[Place, Wish], str]]) -> None:
    """Requests and answers are lost, sessions dropped, or not kept at all: whatever is answered without an error is
    of all that is wanted, and two requests in a row never fail."""
    broker, session, failed = Broker(), Session(), False
    for wanted, fate in steps:
        broker.keeps = fate != "kept no longer"
        if fate == "dropped":
            broker.session = 0
        number, turn, tell, forget = session.turn(wanted)
        if fate == "lost before":
            continue
        told, error = broker.asked(number, turn, {place: wanted[place] for place in tell}, forget)
        if fate == "lost after":
            continue
        session.answered(told, error)
        assert not (error and failed)
        failed = bool(error)
        assert error or broker.believed == wanted


def test_what_has_not_changed_is_told_once() -> None:
    """One of many moves: one is told."""
    session = Session()
    wanted = dict.fromkeys(PLACES, (0, 100))
    assert session.turn(wanted) == (0, 0, PLACES, [])
    session.answered(7, 0)
    assert session.turn(wanted | {PLACES[2]: (5, 100)}) == (7, 1, [PLACES[2]], [])
    session.answered(7, 0)
    assert session.turn({PLACES[0]: (0, 100)}) == (7, 2, [], PLACES[1:])
