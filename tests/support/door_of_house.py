"""What reporters send to a house: through the real intake, its seals included, and decided."""

from pathlib import Path
from typing import Any

import httpx

from engine.security.vault import Vault, load_vault, make_master_key
from engine.stream.contracts import Out
from engine.stream.sending import send
from rules.state.causes import IncidentCause
from tests.support.city import REF
from tests.support.doors import intake_of
from tests.support.fetched import fetched
from tests.support.house import PARTITIONS, House
from topics import codec
from topics.incident import Incident
from topics.registry import INCIDENTS, RAW


def key_in(folder: Path) -> Path:
    """A master key where a gateway of this folder looks for one."""
    make_master_key(folder / "master.key")
    return folder


class Intake:
    """Every partition of a house's door."""

    def __init__(self, here: House) -> None:
        """Nothing is read yet."""
        self.here = here
        self.vault: Vault = load_vault(here.settings.key_file)
        law = here.city.laws[REF]
        self.cores = [intake_of(law, self.vault, number, PARTITIONS) for number in range(PARTITIONS)]
        self._read = [0] * PARTITIONS
        self._writers = [here.log.writer(f"intake.p{number}") for number in range(PARTITIONS)]
        self._n = 0

    async def run(self) -> list[str]:
        """Take in what has come; answers the tickets that were made."""
        found = []
        for number, core in enumerate(self.cores):
            for record in self.here.log.all(RAW.name, number)[self._read[number] :]:
                self._read[number] = record.offset + 1
                at = self.here.world.now
                outs = list(core.take(
                    fetched(RAW.name, record.offset, record.key, record.value, partition=number,
                            headers=record.headers, at=at), at,
                ))  # fmt: skip
                await self._commit(number, [out for out in outs if out.topic != INCIDENTS.name])
                found += [await self._decide(out) for out in outs if out.topic == INCIDENTS.name]
        return found

    async def _commit(self, number: int, outs: list[Out]) -> None:
        writer = self._writers[number]
        if self._n == 0:
            for one in self._writers:
                await one.start()
        self._n += 1
        await writer.begin_transaction()
        for ack in await send(writer, self.here.log.prefix, outs):
            await ack
        await writer.commit_transaction()

    async def _decide(self, out: Out) -> str:
        self._n += 1
        return await self.here.take(IncidentCause(f"incidents:0:{self._n}", codec.decode(out.value or b"", Incident)))


async def reported(client: httpx.AsyncClient, intake: Intake, key: dict[str, str], name: str, **data: Any) -> str:
    """Somebody reports over HTTP; answers the ticket."""
    body = {"id": name, "category": "bins", "location": {"grid": "east1"}} | data
    found = await client.post("/v1/incidents", json=body, headers=key)
    assert found.status_code == 202, found.text
    (ticket,) = await intake.run()
    return ticket
