"""What lets a broker start fast is made once for each Java, jars and options; where it cannot be made, one starts
without it."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import DependencyDown, InvalidSettings
from engine.local import aot


class Teller:
    """A broker to be trained on that writes what Java would, or fails."""

    def __init__(self, writes: bool = True, fails: bool = False) -> None:
        self.calls, self._writes, self._fails = 0, writes, fails

    def __call__(self, options: list[str], folder: Path) -> "subprocess.Popen[bytes]":
        self.calls += 1
        if self._fails:
            raise DependencyDown("kafka ended with 1")
        made = options[0].removeprefix("-XX:AOTCacheOutput=")
        script = f"open({made!r}, 'w').write('classes')" if self._writes else ""
        process = subprocess.Popen([sys.executable, "-c", script])
        process.wait()
        return process


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    """The broker's only jar."""
    path = tmp_path / "a.jar"
    path.write_bytes(b"jar")
    return path


def test_it_is_made_once(jar: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second start finds it, says nothing, and trains nobody."""
    teller = Teller()
    first = aot.option([sys.executable, "-Xmx1m"], [jar], teller)
    assert "once" in capsys.readouterr().err
    assert first == aot.option([sys.executable, "-Xmx1m"], [jar], teller) and teller.calls == 1
    assert Path(first[0].removeprefix("-XX:AOTCache=")).read_text() == "classes" and capsys.readouterr().err == ""


def test_other_options_and_other_jars_have_their_own(jar: Path) -> None:
    """Java would refuse what was made with others; so many are kept and no more."""
    teller = Teller()
    one = aot.option([sys.executable, "-Xmx1m"], [jar], teller)
    assert aot.option([sys.executable, "-Xmx2m"], [jar], teller) != one
    jar.write_bytes(b"another")
    for megabytes in range(3, 15):
        assert aot.option([sys.executable, f"-Xmx{megabytes}m"], [jar], teller)[0] != one[0]
    assert len(list((jar.parent / "aot").glob("*.aot"))) == aot.KEPT and teller.calls == 14


@pytest.mark.parametrize("teller", [Teller(fails=True), Teller(writes=False)], ids=["no broker", "no file"])
def test_where_it_cannot_be_made_a_broker_starts_without(jar: Path, teller: Teller) -> None:
    """It is an aid and no condition, and ten seconds are not spent again at each start."""
    assert aot.option([sys.executable], [jar], teller) == aot.option([sys.executable], [jar], teller) == []
    assert teller.calls == 1


def test_a_link_in_its_place_is_refused(jar: Path) -> None:
    """It is code that runs: what another could have put there is not."""
    teller = Teller()
    kept = Path(aot.option([sys.executable], [jar], teller)[0].removeprefix("-XX:AOTCache="))
    kept.rename(kept.with_suffix(".other"))
    kept.symlink_to(kept.with_suffix(".other"))
    with pytest.raises(InvalidSettings, match="link"):
        aot.option([sys.executable], [jar], teller)


def test_kafkas_own_variable_takes_the_place_of_our_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name an operator of Kafka knows."""
    assert "-XX:TieredStopAtLevel=1" in aot.tuning()
    monkeypatch.setenv("KAFKA_JVM_PERFORMANCE_OPTS", "-XX:+UseG1GC -XX:MaxGCPauseMillis=20")
    assert aot.tuning() == ["-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"]
