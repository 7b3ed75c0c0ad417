"""Settings: one door for names and secrets, one place that makes clients, and what a production is refused."""

import os
import re
import ssl
import time
from pathlib import Path

import pytest

from engine.errors import InvalidSettings
from engine.production import findings
from engine.security.connections import certificates_end, kafka_arguments, redis_arguments
from engine.server_addresses import is_loopback
from engine.settings import NOT_SETTINGS, SECRETS, Settings, load_settings, shown
from engine.settings_page import ELSEWHERE
from tests.support.secure import certificates

ROOT = Path(__file__).parents[3]
SECRET = "s3cret-of-the-broker"
SCRAM = {
    "GRIDWHISTLE_KAFKA_SASL": "SCRAM-SHA-512",
    "GRIDWHISTLE_KAFKA_USER": "dispatch",
    "GRIDWHISTLE_KAFKA_PASSWORD": SECRET,
}


def test_every_client_is_made_with_the_same_arguments() -> None:
    """Kafka's and Redis' addresses and proofs are given to a client in one module; one forgotten would speak plain
    text."""
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "engine").rglob("*.py")
    }
    assert [
        Path(name).name for name, text in sources.items() if re.search(r"bootstrap_servers|\bfrom_url\(", text)
    ] == ["connections.py"]


def test_the_page_names_what_is_read_elsewhere() -> None:
    """A variable that is let through and stands on no page is found by nobody."""
    assert set(ELSEWHERE) == NOT_SETTINGS


def test_secrets_come_from_files(tmp_path: Path) -> None:
    """Without the line's end; both at once, or a file that is not there, is refused."""
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    environ = {**SCRAM, "GRIDWHISTLE_KAFKA_PASSWORD_FILE": str(file)}
    with pytest.raises(InvalidSettings, match="both set"):
        load_settings(environ)
    del environ["GRIDWHISTLE_KAFKA_PASSWORD"]
    found = load_settings(environ)
    assert kafka_arguments(found)["sasl_plain_password"] == SECRET
    file.unlink()
    with pytest.raises(InvalidSettings, match="KAFKA_PASSWORD_FILE: FileNotFoundError"):
        load_settings(environ)


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    """In no representation of the settings, in no refusal, in no finding."""
    environ = {
        **SCRAM,
        "GRIDWHISTLE_REDIS_PASSWORD": SECRET,
        "GRIDWHISTLE_REDIS_URL": f"redis://:{SECRET}@redis:6379/0",
        "GRIDWHISTLE_DATA_DIR": str(tmp_path),
    }
    found = load_settings(environ)
    assert kafka_arguments(found)["sasl_plain_password"] == redis_arguments(found)["password"] == SECRET
    said = [repr(found), str(found), *shown(found).values(), *(" ".join(one) for one in findings(found, environ))]
    assert [text for text in said if SECRET in text] == []
    with pytest.raises(InvalidSettings) as refused:
        load_settings({**environ, "GRIDWHISTLE_KAFKA_SASL": "PLAIN", "GRIDWHISTLE_PARTITIONS": "many"})
    assert SECRET not in str(refused.value)
    assert {name for name in Settings.model_fields if "password" in name} <= SECRETS
    for given in (
        {"GRIDWHISTLE_REDIS_URL": f"nonsense:{SECRET}@h:1"},
        {"GRIDWHISTLE_REDIS_URL": f"redis://:{SECRET}@h:x/0"},
    ):
        with pytest.raises(InvalidSettings) as refused:
            load_settings(given)
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({**SCRAM, "GRIDWHISTLE_KAFKA_SASL": "PLAIN"}, "KAFKA_SASL=PLAIN without KAFKA_TLS"),
        (
            {"GRIDWHISTLE_KAFKA_SASL": "OAUTHBEARER", "GRIDWHISTLE_KAFKA_TOKEN_FILE": "/t"},
            "KAFKA_SASL=OAUTHBEARER without KAFKA_TLS",
        ),
        ({"GRIDWHISTLE_KAFKA_SASL": "OAUTHBEARER", "GRIDWHISTLE_KAFKA_TLS": "true"}, "needs KAFKA_TOKEN_FILE"),
        ({"GRIDWHISTLE_KAFKA_SASL": "SCRAM-SHA-256"}, "needs KAFKA_USER and KAFKA_PASSWORD"),
        ({"GRIDWHISTLE_KAFKA_USER": "dispatch"}, "say nothing without KAFKA_SASL"),
        ({"GRIDWHISTLE_KAFKA_CA_FILE": "/ca"}, "say nothing without KAFKA_TLS"),
        ({"GRIDWHISTLE_KAFKA_TLS": "true", "GRIDWHISTLE_KAFKA_CERT_FILE": "/c"}, "go together"),
        ({"GRIDWHISTLE_REDIS_CA_FILE": "/ca"}, "need a REDIS_URL of rediss://"),
        ({"GRIDWHISTLE_CRASH_AT": "dispatch:sent:1"}, "CRASH_AT is for tests"),
        ({"GRIDWHISTLE_MIN_INSYNC_REPLICAS": "4"}, "nothing could ever be written"),
        ({"GRIDWHISTLE_METRICS_PORT": "9464"}, "GRIDWHISTLE_METRICS_PORT is now GRIDWHISTLE_HTTP_BIND=HOST:PORT"),
        ({"GRIDWHISTLE_HTTP_BIND": "0.0.0.0:99999"}, "no port below 65536"),
        ({"GRIDWHISTLE_HTTP_BIND": "9464"}, "GRIDWHISTLE_HTTP_BIND"),
        (
            {"GRIDWHISTLE_KAFAK_TLS": "true"},
            "GRIDWHISTLE_KAFAK_TLS is no setting; did you mean GRIDWHISTLE_KAFKA_TLS? docs/settings.md has them",
        ),
        ({"GRIDWHISTLE_PARTITION": "6"}, "GRIDWHISTLE_PARTITION is no setting; did you mean GRIDWHISTLE_PARTITIONS?"),
        ({"GRIDWHISTLE_KAFKA_PASWORD_FILE": "/x"}, "did you mean GRIDWHISTLE_KAFKA_PASSWORD_FILE?"),
        ({"GRIDWHISTLE_XYZZY": "1"}, "GRIDWHISTLE_XYZZY is no setting; docs/settings.md has them"),
        ({"GRIDWHISTLE_PREFIX": "a b"}, "GRIDWHISTLE_PREFIX='a b' does not fit: Begins every topic"),
        ({"GRIDWHISTLE_PARTITIONS": "many"}, "not 'many'"),
        *[
            ({"GRIDWHISTLE_KAFKA": value}, "must be HOST:PORT, several with commas between")
            for value in ("127.0.0.1:x", "h:99999", ":9092", "", "  ", "a:1,,b:2", "h:0", "h")
        ],
        ({"GRIDWHISTLE_KAFKA": "127.0.0.1:x"}, "KAFKA='127.0.0.1:x' must be HOST:PORT"),
        *[
            ({"GRIDWHISTLE_REDIS_URL": value}, "REDIS_URL must be a URL such as redis://host:6379/0")
            for value in (
                "nonsense",
                "redis://h:x/0",
                "redis://h:99999/0",
                "redis://h:0/0",
                "redis:///0",
                "",
                " redis://h:1/0",
            )
        ],
    ],
)
def test_what_contradicts_itself_is_refused(given: dict[str, str], said: str) -> None:
    """Before anything connects, with the names to mend."""
    with pytest.raises(InvalidSettings, match=re.escape(said)):
        load_settings(given)


def test_a_token_is_read_for_each_connection(tmp_path: Path) -> None:
    """Whoever renews it writes the file."""
    file = tmp_path / "token"
    found = load_settings(
        {
            "GRIDWHISTLE_KAFKA_SASL": "OAUTHBEARER",
            "GRIDWHISTLE_KAFKA_TLS": "true",
            "GRIDWHISTLE_KAFKA_TOKEN_FILE": str(file),
        }
    )
    provider = kafka_arguments(found)["sasl_oauth_token_provider"]
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        coroutine = provider.token()
        with pytest.raises(StopIteration) as ended:
            coroutine.send(None)
        assert ended.value.value == token


def test_a_certificate_that_cannot_be_read_is_a_setting_that_cannot_be_used(tmp_path: Path) -> None:
    """Named before anything connects; its end counts as past."""
    (tmp_path / "ca.pem").write_text("no certificate")
    found = load_settings({"GRIDWHISTLE_KAFKA_TLS": "true", "GRIDWHISTLE_KAFKA_CA_FILE": str(tmp_path / "ca.pem")})
    with pytest.raises(InvalidSettings, match="KAFKA_CA_FILE"):
        kafka_arguments(found)
    assert certificates_end(found) == {"kafka_ca_file": 0.0}


def test_certificates_are_read_once_and_anew_when_they_are_renewed(tmp_path: Path) -> None:
    """A client that runs takes the new ones at its next connection, without a restart."""
    ca, _ = certificates(tmp_path)
    found = load_settings({"GRIDWHISTLE_KAFKA_TLS": "true", "GRIDWHISTLE_KAFKA_CA_FILE": str(ca)})
    first = kafka_arguments(found)["ssl_context"]
    assert kafka_arguments(found)["ssl_context"] is first
    before = first.get_ca_certs()
    certificates(tmp_path)
    os.utime(ca, ns=(1, 1))
    renewed = kafka_arguments(found)["ssl_context"]
    assert renewed is first
    assert len(renewed.get_ca_certs()) == len(before) + 1
    assert (renewed.check_hostname, renewed.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert 29 * 86_400 < certificates_end(found)["kafka_ca_file"] - time.time() < 31 * 86_400


def test_the_defaults_on_another_machine_are_refused_for_production(tmp_path: Path) -> None:
    """Plain text over a network, few copies, test switches: each by name."""
    careless = {
        "GRIDWHISTLE_KAFKA": "broker-1:9092",
        "GRIDWHISTLE_REDIS_URL": "redis://redis:6379/0",
        "GRIDWHISTLE_REPLICATION_FACTOR": "1",
        "GRIDWHISTLE_MIN_INSYNC_REPLICAS": "1",
        "GRIDWHISTLE_FAULTS": "allow",
        "GRIDWHISTLE_WEBHOOK_REACH": "loopback",
        "GRIDWHISTLE_HTTP_BIND": "0.0.0.0:9464",
        "GRIDWHISTLE_DATA_DIR": str(tmp_path),
    }
    found = list(findings(load_settings(careless), careless))
    assert {name for how, name, _ in found if how == "refused"} == {
        "KAFKA_TLS",
        "REDIS_URL",
        "REPLICATION_FACTOR",
        "MIN_INSYNC_REPLICAS",
        "FAULTS",
        "WEBHOOK_REACH",
    }
    assert {name for how, name, _ in found if how == "warned"} == {
        "KAFKA_SASL",
        "REDIS_PASSWORD",
        "PREFIX",
        "HTTP_BIND",
        "MASTER_KEY_FILE",
    }


def test_a_citys_settings_pass_for_production(tmp_path: Path) -> None:
    """Sealed, signed in, and under a name of its own."""
    key, password = tmp_path / "master.key", tmp_path / "password"
    key.write_bytes(b"k")
    key.chmod(0o600)
    password.write_text(SECRET)
    city = {
        "GRIDWHISTLE_KAFKA": "broker-1:9093",
        "GRIDWHISTLE_KAFKA_TLS": "true",
        "GRIDWHISTLE_KAFKA_SASL": "SCRAM-SHA-512",
        "GRIDWHISTLE_KAFKA_USER": "dispatch",
        "GRIDWHISTLE_KAFKA_PASSWORD_FILE": str(password),
        "GRIDWHISTLE_REDIS_URL": "rediss://redis:6379/0",
        "GRIDWHISTLE_REDIS_PASSWORD_FILE": str(password),
        "GRIDWHISTLE_PREFIX": "guancheng.",
        "GRIDWHISTLE_DATA_DIR": str(tmp_path),
        "GRIDWHISTLE_HTTP_BIND": "127.0.0.1:9464",
    }
    assert list(findings(load_settings(city), city)) == []


def test_an_archive_signs_with_a_key_of_its_own_and_writes_elsewhere(tmp_path: Path) -> None:
    """A missing key and a missing file outside are named, a key that others may read is refused."""
    there = {
        "GRIDWHISTLE_DATABASE_URL": "postgresql://db/x?sslmode=verify-full",
        "GRIDWHISTLE_DATA_DIR": str(tmp_path),
    }

    def said(**more: str) -> list[tuple[str, str]]:
        given = load_settings(there | {f"GRIDWHISTLE_{name}": value for name, value in more.items()})
        return [(how, name) for how, name, _ in findings(given, {}) if name.startswith("CH")]

    assert said() == [("warned", "CHAIN_KEY_FILE"), ("warned", "CHECKPOINTS_FILE")]
    (tmp_path / "chain.key").write_bytes(b"k" * 32)
    (tmp_path / "chain.key").chmod(0o640)
    assert said(CHECKPOINTS_FILE=str(tmp_path / "out")) == [("refused", "CHAIN_KEY_FILE")]
    (tmp_path / "chain.key").chmod(0o600)
    assert said(CHECKPOINTS_FILE=str(tmp_path / "out")) == []


def test_what_never_leaves_the_machine() -> None:
    """Names are taken for another machine unless they are this one."""
    assert [host for host in ("localhost", "127.0.0.1", "::1", "[::1]", "127.1.2.3") if not is_loopback(host)] == []
    assert [host for host in ("broker", "10.0.0.1", "0.0.0.0", "::", "localhost.example") if is_loopback(host)] == []
