"""A real server where limits are counted together, on a free port, killed and started again at will."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from redis import Redis

from tests.authorities_in_test import new_key
from tests.running_in_test import Running, free_port

SERVER = "redis-server"


class CacheServer(Running):
    """``redis-server`` that keeps nothing on disk; a context. ``options`` are of its command line."""

    def __init__(self, folder: Path, *options: str, port_option: str = "--port") -> None:
        self.port = free_port()
        self.url = f"valkey://127.0.0.1:{self.port}"
        self._command = [
            SERVER, "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "no", *options,
            port_option, str(self.port),
        ]  # fmt: skip
        self._log = folder / "cache.log"

    def start(self) -> None:
        """Start it, empty, and wait until it says that it takes connections."""
        self._begin(self._command, self._log, lambda: b"Ready to accept connections" in self._log.read_bytes())

    def keys(self) -> dict[str, int]:
        """What it holds, with the seconds for which it does."""
        client: Any = Redis(port=self.port)
        try:
            return {key.decode(): client.ttl(key) for key in client.scan_iter()}
        finally:
            client.close()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 and its key, as files."""
    key, name = new_key("p256"), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cache")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    certificate, private = folder / "cache.pem", folder / "cache.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, private
