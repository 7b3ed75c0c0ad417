"""Reading somebody's pack beside the gateway, in a process of its own: what a city's law costs to prove is the
gateway's neither in time nor in memory.

``python -m engine.client.pack_trial FOLDER`` prints what is found, as JSON; ``in-force.json`` in the folder is the law
it is compared with.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec
import yaml

from engine.client.publish_pack import check
from rules.rulepack.compiler import compile_pack, pack_ref
from rules.rulepack.diff import differences_of
from rules.rulepack.loader import is_shipped, read_yaml
from rules.rulepack.validation.split_bound import farthest
from topics import codec
from topics.pack import PackBundle

IN_FORCE = "in-force.json"


def looked_at(folder: Path) -> dict[str, Any]:
    """Say which pack it is, every fault of it, and how it differs from the law in force."""
    if foreign := foreign_parent(folder):
        return {"faults": [foreign]}
    faults, source = check(str(folder))
    if faults or source is None:
        return {"faults": faults}
    bundle = compile_pack(source)
    law = codec.decode((folder / IN_FORCE).read_bytes(), PackBundle)
    changed = differences_of(_members(law), _members(bundle))
    bound = farthest({share.code: share.share for share in bundle.shares})
    return {
        "ref": pack_ref(bundle),
        "faults": [],
        "split_bound": str(bound),
        "differences": [one._asdict() for one in changed],
    }


def _members(bundle: PackBundle) -> dict[str, Any]:
    """Give each member, those at their default too: written down they are left out, and a change of one is a change."""
    names = [name for name in PackBundle.__struct_fields__ if name != "schema"]
    return {name: msgspec.to_builtins(getattr(bundle, name)) for name in names}


def foreign_parent(folder: Path) -> str | None:
    """A pack that came over the network reads no other folder of this machine."""
    try:
        parent = read_yaml(folder / "pack.yaml").get("extends")
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None  # it cannot be read, which its check says
    if parent is None or (isinstance(parent, str) and is_shipped(parent)):
        return None
    return "pack.yaml: extends: only a shipped pack may be extended here; send the members themselves"


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(looked_at(Path(sys.argv[1]))))
