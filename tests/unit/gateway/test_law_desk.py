"""The law desk over HTTP: what was checked waits, and whoever may puts that very pack in force, with a reason."""

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.client.publish_job import published
from engine.gateway import law_desk
from engine.gateway.law_desk import Given, Outcome
from engine.gateway.what_if_job import plainly
from engine.settings import Settings
from tests.support.house import house

FILES = {"pack": "extends: guancheng\nname: guancheng\nmax_declines: 1\n"}
REASON = "fewer declines, as agreed"
TELLS = """
import json, pathlib, sys
asked = json.loads(sys.stdin.readline())
assert (pathlib.Path(sys.argv[1]) / "pack.yaml").read_text().startswith("extends: guancheng")
assert asked["acting"] == "chief:chief-1" and asked["reason"] == "fewer declines, as agreed", asked
print(json.dumps({OUTCOME: asked["ref"]}))
"""


async def test_what_was_checked_waits_and_is_published_by_who_may(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checked, kept, looked at, published with a reason and gone from the list; with faults or without one, not."""
    async with house(redis_url, tmp_path) as (here, client):
        chief, admin = here.person("chief:chief-1"), await here.login(client, "root-1", "system_admin")
        faulty = await client.post("/v1/packs/waiting", json={"files": {"pack": "extends: nowhere\n"}}, headers=chief)
        assert faulty.status_code == 422 and faulty.json()["faults"]
        kept = await client.post("/v1/packs/waiting", json={"files": FILES, "note": "mild"}, headers=admin)
        assert kept.status_code == 201, kept.text
        ref = kept.json()["ref"]
        assert {"section": "max_declines", "name": "", "before": 2, "after": 1} in kept.json()["differences"]
        told = (await client.get("/v1/packs", headers=chief)).json()
        assert [one["ref"] for one in told["waiting"]] == [ref] and told["may_publish"] is True
        assert told["waiting"][0]["by"] == "system_admin:::root-1" and told["in_force"] != ref
        assert (await client.get("/v1/packs", headers=admin)).json()["may_publish"] is False
        assert (await client.get(f"/v1/packs/waiting/{ref}", headers=chief)).json()["files"] == FILES

        async def publish(who: dict[str, str], **body: Any) -> Any:
            return await client.post("/v1/packs/publish", json={"ref": ref, "reason": REASON} | body, headers=who)

        assert (await publish(chief, reason=" x ")).status_code == 422
        assert (await publish(admin)).status_code == 404
        assert (await publish(chief, ref="other@0")).status_code == 404
        for outcome, status in (("other", 412), ("refused", 409), ("away", 503), ("published", 200)):
            monkeypatch.setattr(law_desk, "COMMAND", (sys.executable, "-c", TELLS.replace("OUTCOME", f"'{outcome}'")))
            found = await publish(chief)
            assert found.status_code == status, found.text
        assert (await client.get("/v1/packs", headers=chief)).json()["waiting"] == []
        assert (await publish(chief)).status_code == 404


def test_another_pack_than_was_checked_is_never_published(tmp_path: Path) -> None:
    """The process proves it once more: by its hash, by its faults, and no folder of this machine is read."""
    asked = Given(settings=plainly(Settings(data_dir=tmp_path)), ref="guancheng@0", acting="chief:chief-1", reason="x")
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "pack.yaml").write_text(FILES["pack"])
    other = published(folder, asked)
    assert other.other.startswith("guancheng@") and msgspec.structs.replace(other, other="") == Outcome()
    (folder / "pack.yaml").write_text("extends: ../../somewhere\n")
    assert "only a shipped pack" in published(folder, asked).refused
    (folder / "pack.yaml").write_text("extends: guancheng\nshares: []\n")
    assert "fault" in published(folder, asked).refused
