"""The directory that holds the signing keys: private halves encrypted, a public index, safe to open at once.

``keyring.json`` lists every key ever made, public halves included, and is replaced atomically after the key
files it names exist. Opening a complete directory takes no lock and writes nothing, so it may be a read-only
mounted secret; making keys is serialised by ``flock``.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from certificates.sign import x509_seal
from certificates.sign.generate import PrivateKey, Use, elliptic, generate

INDEX = "keyring.json"
#: What a complete ring can do, by the prefix of its key identifiers.
USES: tuple[Use, ...] = ("ed", "rs256", "es256", "seal")


class KeysError(Exception):
    """The keys cannot be opened: wrong passphrase, unreadable or inconsistent directory. Never names a secret."""


@dataclass(frozen=True)
class Entry:
    """A key in the index: ``ed-2026-1``, when it was made, when it was revoked, its public half (PEM).

    ``certificates`` are PEM too, the key's own first; only seals have any.
    """

    id: str
    created: str
    public: str
    certificates: tuple[str, ...] = ()
    revoked: str | None = None

    @property
    def use(self) -> str:
        """``ed``, ``rs256``, ``es256`` or ``seal``."""
        return self.id.split("-", 1)[0]


@dataclass(frozen=True)
class Ring:
    """The index, oldest key first."""

    entries: tuple[Entry, ...] = ()

    def current(self, use: str) -> Entry | None:
        """The newest key of ``use`` that is not revoked."""
        usable = [entry for entry in self.entries if entry.use == use and entry.revoked is None]
        return usable[-1] if usable else None

    @property
    def complete(self) -> bool:
        """Whether everything can be signed."""
        return all(self.current(use) for use in USES)


def read(directory: Path) -> Ring:
    """The index of ``directory``; empty when there is none yet. Raises :class:`KeysError`."""
    try:
        entries = json.loads((directory / INDEX).read_text("utf-8"))["keys"]
        return Ring(tuple(Entry(**{**entry, "certificates": tuple(entry["certificates"])}) for entry in entries))
    except FileNotFoundError:
        return Ring()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeysError(f"cannot read {directory / INDEX}: {type(error).__name__}") from error


def change(directory: Path, edit: Callable[[Ring], Ring]) -> Ring:
    """Replace the index by ``edit(index)``, one process at a time; ``edit`` sees what others just wrote."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        with _locked(directory):
            ring = edit(read(directory))
            text = json.dumps({"keys": [asdict(entry) for entry in ring.entries]}, indent=1)
            write(directory / INDEX, text.encode())
            return ring
    except OSError as error:
        raise KeysError(f"cannot write in {directory}: {error.strerror}") from error


def add(directory: Path, ring: Ring, use: Use, did: str, passphrase: bytes, now: datetime) -> Ring:
    """``ring`` with a new key of ``use``, its private half stored; call it within :func:`change`."""
    count = sum(entry.id.startswith(f"{use}-{now.year}-") for entry in ring.entries)
    key_id = f"{use}-{now.year}-{count + 1}"
    key = generate(use)
    certificates: tuple[str, ...] = ()
    if use == "seal" and isinstance(key, EllipticCurvePrivateKey):
        root = elliptic()
        certificates = x509_seal.chain(key, root, did, key_id, now)
        # The root signs this one certificate; kept beside, it may be taken offline at once.
        write(directory / f"root-{key_id}.pem", _encrypted(root, passphrase))
    write(directory / f"{key_id}.pem", _encrypted(key, passphrase))
    public = key.public_key().public_bytes(Encoding.PEM, x509_seal.SPKI).decode()
    entry = Entry(key_id, now.astimezone(UTC).isoformat(), public, certificates)
    return replace(ring, entries=(*ring.entries, entry))


def load(directory: Path, entry: Entry, passphrase: bytes) -> PrivateKey:
    """The private half of ``entry``. Raises :class:`KeysError`."""
    try:
        key = load_pem_private_key((directory / f"{entry.id}.pem").read_bytes(), passphrase)
    except (OSError, ValueError, TypeError) as error:
        raise KeysError(f"cannot open {entry.id}: missing file or wrong passphrase") from error
    if key.public_key().public_bytes(Encoding.PEM, x509_seal.SPKI).decode() != entry.public:
        raise KeysError(f"{entry.id} is not the key the index names")
    return key  # type: ignore[return-value]  # its public half was just found to be one of ours


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, readable by its owner alone (0600)."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _encrypted(key: PrivateKey, passphrase: bytes) -> bytes:
    """PKCS#8, encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Hold the directory against other processes; the lock dies with its holder."""
    handle = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
