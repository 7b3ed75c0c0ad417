"""What came with a report and lies elsewhere, over HTTP, on a real PostgreSQL."""

from pathlib import Path
from typing import Any

from tests.kafka.test_gateway_past import got
from tests.support.city import REF
from tests.support.house import house
from topics import codec
from topics.ids import HomeCode
from topics.incident import Incident
from topics.registry import INCIDENTS


async def test_what_came_with_a_report_is_named_and_not_fetched(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    """As intake wrote it, masked: what was masked leads nowhere. A report that came alone has none; what the log keeps
    no longer is said; and another's is another's."""
    addresses = ("https://pictures.example/1.jpg", "https://pictures.example/〔电话〕/2.jpg")
    async with house(redis_url, tmp_path, database_url=database_url) as (here, client):
        for with_it in ((), addresses, ()):  # at 0 stands none of the city's
            incident = Incident(
                identity="app:X",
                home=HomeCode("east"),
                occurred_at=1,
                received_at=1,
                channel="app",
                pack=REF,
                placed_by="grid",
                attachments=with_it,
            )
            here.log.append(INCIDENTS.name, 0, codec.encode(incident), b"east")
        tickets = [await here.report(name) for name in ("A", "B", "C")]
        desk, told = here.person("desk:desk-1"), list[dict[str, Any]]()
        for ticket in tickets:
            told.append(await got(client, f"/v1/tickets/{ticket}/attachments", desk))
        assert told[0]["attachments"] == [
            {"address": addresses[0], "is_whole": True}, {"address": addresses[1], "is_whole": False},
        ]  # fmt: skip
        assert told[1] == {"attachments": [], "gone": False} and told[2] == {"attachments": [], "gone": True}
        south = here.person("street:south-street")
        assert (await client.get(f"/v1/tickets/{tickets[0]}/attachments", headers=south)).status_code == 404
