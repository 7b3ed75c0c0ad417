"""What may stand in a pack: every member with its kind, its least and most, and what it is when nobody writes it.

The table beside was read line by line; whoever changes a bound or a default on purpose writes it anew with
``python -m tests.contract.test_pack_members``.
"""

import json
from pathlib import Path
from typing import Any

from rules.rulepack.model import PackSource

TABLE = Path(__file__).with_name("pack_members.tsv")


def plain(schema: Any) -> Any:
    """A schema without its words."""
    if isinstance(schema, dict):
        return {name: plain(value) for name, value in schema.items() if name not in ("description", "title")}
    return [plain(one) for one in schema] if isinstance(schema, list) else schema


def rows() -> list[str]:
    """``Model.member``, whether it must be there, and its schema."""
    whole = PackSource.model_json_schema()
    models = {"PackSource": whole, **whole["$defs"]}
    return [
        f"{model}.{member}\t{'must' if member in schema.get('required', ()) else 'may'}\t"
        + json.dumps(plain(kind), ensure_ascii=False, sort_keys=True)
        for model, schema in sorted(models.items())
        for member, kind in schema.get("properties", {"": schema}).items()
    ]


def test_members_of_a_pack_have_their_bounds_and_defaults() -> None:
    """A least of 1 that becomes 0, a default that turns round: seen here, wherever else it would show."""
    assert rows() == TABLE.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    TABLE.write_text("\n".join(rows()) + "\n", encoding="utf-8")
