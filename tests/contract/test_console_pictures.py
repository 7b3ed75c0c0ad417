"""The console's page of documentation shows what its tests photograph: no picture of a page that is no more, and no
page without one."""

import re
from pathlib import Path

from engine.gateway.console import PATHS

ROOT = Path(__file__).parents[2]
OF = {
    "": "queue", "queues": "queue", "tickets": "ticket", "desk": "desk", "approvals": "queue", "whistles": "whistles",
    "numbers": "numbers", "law": "law", "map": "map", "score": "score", "records": "records", "offers": "offers",
    "callbacks": "callbacks", "duty": "duty", "handover": "handover", "notices": "notices", "webhooks": "webhooks",
    "wall": "wall", "sign-in": "queue",
}  # fmt: skip
"""Page -> its picture; one signs in by a form that needs none."""


def test_every_page_is_shown_as_it_is() -> None:
    """What is taken is shown, lies there, and every page of the console has one."""
    source = "\n".join(path.read_text() for path in sorted((ROOT / "tests" / "browser").glob("*.py")))
    taken = set(re.findall(r'"console-(\w+)\.png"', source)) | set(
        re.findall(r'"/\w+": "(\w+)"', source.partition("SHOWN = {")[2].partition("}")[0])
    )
    page = (ROOT / "docs" / "console.md").read_text()
    shown = set(re.findall(r"\(pictures/console-(\w+)\.png\)", page))
    there = {path.stem.removeprefix("console-") for path in (ROOT / "docs" / "pictures").glob("console-*.png")}
    assert taken == shown == there
    assert {path.split("/")[1] for path in PATHS} == set(OF)
    assert set(OF.values()) <= shown
