"""A folder may have any name: its servers are told it as each reads it, or it is refused before anything is made."""

from pathlib import Path

import pytest

from engine.errors import InvalidSettings
from engine.local.folder import take_folder
from engine.local.told_paths import in_utf8, java_property, valkey_word


@pytest.mark.parametrize(
    ("path", "java", "valkey"),
    [
        ("/home/a b/stack", "/home/a b/stack", '"/home/a b/stack"'),
        ("/家/数据", r"/\u5bb6/\u6570\u636e", '"/家/数据"'),
        ("/𠀀", r"/\ud840\udc00", '"/𠀀"'),
        (r"/back\slash", r"/back\\slash", r'"/back\\slash"'),
        ('/a"b', '/a"b', r'"/a\"b"'),
    ],
)
def test_each_server_reads_it_back(path: str, java: str, valkey: str) -> None:
    """Java reads Latin-1 and unfolds escapes, so that a Chinese folder's data once lay beside it; Valkey unfolds
    them within quotes."""
    assert java_property(path) == java
    assert valkey_word(Path(path)) == valkey


def test_servers_name_files_in_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the terminal's locale is."""
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("HOME", "/nowhere")
    assert in_utf8()["LC_ALL"] == "C.UTF-8"
    assert in_utf8()["HOME"] == "/nowhere"


@pytest.mark.parametrize("name", ["a,b", "a\nb", "a\x1bb", "a\udce9b", "a\u202eb"])
def test_what_no_server_can_be_told_is_refused(name: str, tmp_path: Path) -> None:
    """Kafka and PostgreSQL read two folders where there is a comma; nothing is made."""
    with pytest.raises(InvalidSettings, match="choose another --data"):
        take_folder(tmp_path / name)
    assert not list(tmp_path.iterdir())
