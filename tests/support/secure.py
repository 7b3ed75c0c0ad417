"""A broker with SASL_SSL and a Valkey behind TLS with a user of its own, for tests; certificates are made anew for each
run.

The Valkey of the local stack is built without TLS, so its TLS ends in a forwarder before it, as stunnel's or a mesh's
would;
user and password are Valkey's own.
"""

import asyncio
import ipaddress
import ssl
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from engine.local import servers
from tests.support.servers import PATIENCE, free_ports

USER, PASSWORD = "gridwhistle", "correct-horse-battery-staple"


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificates(folder: Path, host: str = "localhost", days: int = 30) -> tuple[Path, Path]:
    """Make a CA and a server's certificate for ``host`` (``localhost``: the loopback's numbers as well) that ends in so
    many days; gives the CA's file, and one with the server's key and chain."""
    now, ca_key, key = (
        datetime.now(UTC),
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )

    def made(subject: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        named = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("a city's own CA"))
            .public_key(public)
        )
        return (
            named.serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=90))
            .not_valid_after(now + timedelta(days=30 if subject != host else days))
        )

    signs = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    ca = (
        made("a city's own CA", ca_key.public_key())
        .add_extension(x509.BasicConstraints(True, None), True)
        .add_extension(signs, True)
    )
    numbers = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))] if host == "localhost" else []
    where = x509.SubjectAlternativeName([x509.DNSName(host), *numbers])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), False)
    server = made(host, key.public_key()).add_extension(where, False).add_extension(issuer, False)
    pem = serialization.Encoding.PEM
    ca_pem, server_pem = (one.sign(ca_key, hashes.SHA256()).public_bytes(pem) for one in (ca, server))
    key_pem = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(ca_pem)
    (folder / "server.pem").write_bytes(key_pem + server_pem + ca_pem)
    return folder / "ca.pem", folder / "server.pem"


@contextmanager
def kafka(folder: Path, ca: Path, server: Path, more: Mapping[str, object] = MappingProxyType({})) -> Iterator[str]:
    """Run Apache Kafka that takes nobody in but by SCRAM over TLS, with ``more`` properties; yields host:port."""
    port = free_ports(2)
    java, properties = _java(folder, port), folder / "server.properties"
    lines = servers._properties(folder, port) | _secured(port, ca, server) | dict(more)
    properties.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    _format([*java, "kafka.tools.StorageTool", "format"], properties)
    process = servers.Server("kafka", [*java, "kafka.Kafka", str(properties)], port, log=folder / "log")
    try:
        process.wait_ready(PATIENCE)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()


def _secured(port: int, ca: Path, server: Path) -> dict[str, object]:
    """Properties by which it takes nobody in otherwise."""
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return {
        "listeners": f"SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1}",
        "advertised.listeners": f"SASL_SSL://127.0.0.1:{port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
        "inter.broker.listener.name": "SASL_SSL",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            f'{scram} required username="{USER}" password="{PASSWORD}";'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": server,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": ca,
    }


def _format(command: list[str], properties: Path) -> None:
    """Lay out its folder, with the one user that it knows."""
    cluster = servers.cluster_id(lambda: uuid.uuid4().bytes)
    user = ["--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"]
    words = [*command, "-t", cluster, "-c", str(properties), *user]
    formatted = subprocess.run(words, capture_output=True, text=True, check=False)
    assert formatted.returncode == 0, formatted.stdout[-1000:] + formatted.stderr[-1000:]


def _java(folder: Path, port: int) -> list[str]:
    # formats a folder beside, whose Java and jars are the stack's
    command = servers.kafka_command(folder / "plain", port)
    return command[: command.index("kafka.Kafka")]


@contextmanager
def valkey(folder: Path, server: Path) -> Iterator[str]:
    """Run Valkey with one user, who needs a password, behind TLS; yields the URL without it."""
    inner, outer = free_ports(1), free_ports(1)
    command = servers.valkey_command(folder, inner)
    with (folder / "valkey.conf").open("a") as file:
        file.write(f"user default off\nuser {USER} on >{PASSWORD} ~* &* +@all\n")
    process = servers.Server("valkey", command, inner, log=folder / "log")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    try:
        process.wait_ready(PATIENCE)
        asyncio.run_coroutine_threadsafe(
            asyncio.start_server(lambda r, w: _forward(r, w, inner), "127.0.0.1", outer, ssl=context), loop
        ).result(10)
        yield f"rediss://127.0.0.1:{outer}/0"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        process.kill()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Hand on both ways until one side ends."""
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await source.read(65_536):
                sink.write(chunk)
                await sink.drain()
        sink.close()

    await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))
