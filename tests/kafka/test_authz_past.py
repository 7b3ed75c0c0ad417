"""What the archive shows of a ticket, by everybody: history, explain and search, as the other table has it."""

from collections import Counter
from pathlib import Path

from tests.support.house import house
from tests.support.who_may import Seat, may, seats, town
from tests.thorough.test_authz_matrix import NOT_HERE, let_in, sees, stand


def asks(seat: Seat) -> bool:
    """One role at every post, the others at one, and all who have none."""
    return seat.word in ("street", "principal") or seat.post in ("", "east1")


async def test_the_past_is_shown_to_whom_its_ticket_is(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """By key, and among what is found: neither shows more than the ticket's own page, to nobody."""
    more = {"database_url": database_url, "gateway_requests_per_second": 10_000}
    async with house(redis_url, tmp_path, bundle=town(), **more) as (here, client):
        tickets, cells, absent = await stand(here), Counter[bool](), set[str]()
        for seat, headers in (await let_in(here, client)).items():
            if not asks(seat):
                continue
            shown = {name for name, (_, holder) in tickets.items() if sees(seat, name, holder) and may("search", seat)}
            for name, (ticket, _) in tickets.items():
                for route in ("history", "explain", "attachments"):
                    found = await client.get(f"/v1/tickets/{ticket}/{route}", headers=headers)
                    assert (found.status_code == 200) is (name in shown), (seat, name, route, found.text)
                    cells[name in shown] += 1
                    absent |= {found.text} if found.status_code == 404 else set()
            page = await client.get("/v1/tickets", headers=headers)
            assert {row["id"] for row in page.json().get("rows", ())} == {tickets[name][0] for name in shown}, seat
            cells[bool(shown)] += 1
        assert len(absent) == 1 and absent.pop().startswith(NOT_HERE)
        assert sum(cells.values()) >= 400 and cells[True] >= 100, cells
        assert sum(asks(seat) for seat in seats()) >= 30
