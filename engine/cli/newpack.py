"""``gridwhistle pack new``: a commented pack of a small town that passes ``pack check``, with a feed and a few rows to
try it."""

import re
from pathlib import Path

from engine.errors import InvalidSettings

TEMPLATES = Path(__file__).parents[1] / "newpack"
NAME = re.compile(r"[a-z0-9-]{1,40}")


def make_pack(folder: Path) -> list[Path]:
    """Write the files; answers them. The folder's name is the pack's.

    Raises:
        InvalidSettings: The name fits no pack, or there is something already.
    """
    if not NAME.fullmatch(folder.name):
        raise InvalidSettings(f"{folder.name!r} is no name of a pack; use small letters, digits and '-', e.g. my-town")
    if folder.exists():
        raise InvalidSettings(f"{folder} is there already; choose another name, or move it away")
    written = []
    try:
        folder.mkdir(parents=True)
        for template in sorted(TEMPLATES.iterdir()):
            text = template.read_text(encoding="utf-8").replace("NAME", folder.name)
            path = folder / template.name
            # as Excel saves it, and as the feed reads it
            path.write_text(text, encoding="gb18030" if path.suffix == ".csv" else "utf-8")
            written.append(path)
    except OSError as error:
        raise InvalidSettings(f"{folder} cannot be written: {error.strerror}") from error
    return written
