"""The directory that holds the signing keys: private halves encrypted, a public index, safe to open at once.

``keyring.json`` lists every key ever made, public halves included, and is replaced atomically after the key
files it names exist. Opening a complete directory takes no lock and writes nothing, so it may be a read-only
mounted secret; making keys is serialised by ``flock``.
"""

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
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
    """A key in the index: ``ed-2026-1``, when it was made, its public half (PEM).

    ``certificates`` are PEM too, the key's own first; only seals and timestamping authorities have any. ``retired``
    is when it stopped signing, ``revoked`` when it stopped being believed. ``kept`` says where the private half is:
    ``here``, in ``pkcs12`` or ``pkcs11``, or with ``others`` (an authority that stamps for us).
    """

    id: str
    created: str
    public: str
    certificates: tuple[str, ...] = ()
    revoked: str | None = None
    retired: str | None = None
    kept: str = "here"

    @property
    def use(self) -> str:
        """``ed``, ``rs256``, ``es256``, ``seal`` or ``tsa``."""
        return self.id.split("-", 1)[0]

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Its certificates in DER."""
        found = [x509.load_pem_x509_certificate(pem.encode()) for pem in self.certificates]
        return tuple(certificate.public_bytes(Encoding.DER) for certificate in found)

    @property
    def state(self) -> str:
        """``compromised``, ``retired`` or ``signs``."""
        return "compromised" if self.revoked else "retired" if self.retired else "signs"


@dataclass(frozen=True)
class Ring:
    """The index, oldest key first."""

    entries: tuple[Entry, ...] = ()

    def current(self, use: str) -> Entry | None:
        """The newest key of ``use`` that may sign."""
        usable = [entry for entry in self.entries if entry.use == use and entry.state == "signs"]
        return usable[-1] if usable else None

    def entry(self, key_id: str) -> Entry:
        """The key of that identifier. Raises :class:`KeysError`."""
        for entry in self.entries:
            if entry.id == key_id:
                return entry
        raise KeysError(f"no key {key_id}")

    def retired(self, key_ids: Collection[str], now: datetime) -> "Ring":
        """The ring where those keys sign no more."""
        return self._noted(key_ids, lambda entry: replace(entry, retired=entry.retired or _text(now)))

    def revoked(self, key_ids: Collection[str], now: datetime) -> "Ring":
        """The ring where those keys are no longer believed."""
        return self._noted(key_ids, lambda entry: replace(entry, revoked=entry.revoked or _text(now)))

    def _noted(self, key_ids: Collection[str], note: Callable[[Entry], Entry]) -> "Ring":
        return Ring(tuple(note(entry) if entry.id in key_ids else entry for entry in self.entries))

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


def version(directory: Path) -> tuple[int, ...]:
    """What differs once the index was replaced: a process that keeps keys open looks at it before it uses them."""
    try:
        found = (directory / INDEX).stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


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
    key_id = _next_id(ring, use, now)
    key = generate(use)
    certificates: tuple[str, ...] = ()
    if use == "seal" and isinstance(key, EllipticCurvePrivateKey):
        root = elliptic()
        certificates = x509_seal.chain(key, root, did, key_id, now)
        # The root signs this one certificate; kept beside, it may be taken offline at once.
        write(directory / f"root-{key_id}.pem", _encrypted(root, passphrase))
    write(directory / f"{key_id}.pem", _encrypted(key, passphrase))
    public = key.public_key().public_bytes(Encoding.PEM, x509_seal.SPKI).decode()
    entry = Entry(key_id, _text(now), public, certificates)
    return replace(ring, entries=(*ring.entries, entry))


def completed(directory: Path, ring: Ring, did: str, passphrase: bytes, now: datetime) -> Ring:
    """``ring`` with a key for each use that lacks one; call it within :func:`change`."""
    for use in USES:
        if ring.current(use) is None:
            ring = add(directory, ring, use, did, passphrase, now)
    return ring


def enter(ring: Ring, use: str, chain: Sequence[bytes], kept: str, now: datetime) -> Ring:
    """``ring`` where the key of ``chain`` (certificates in DER, its own first), kept elsewhere, is the current one.

    Raises :class:`KeysError` when it was compromised.
    """
    certificates = [x509.load_der_x509_certificate(der) for der in chain]
    pems = tuple(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)
    found = next((entry for entry in ring.entries if entry.use == use and entry.certificates == pems), None)
    if found is not None and found.revoked:
        raise KeysError(f"{found.id}, which the settings name, was compromised: name another one")
    others = [entry for entry in ring.entries if entry is not found]
    ring = Ring(tuple(others)).retired({entry.id for entry in others if entry.use == use}, now)
    if found is None:
        public = certificates[0].public_key().public_bytes(Encoding.PEM, x509_seal.SPKI).decode()
        found = Entry(_next_id(ring, use, now), _text(now), public, pems, kept=kept)
    return Ring((*ring.entries, replace(found, retired=None)))


def _next_id(ring: Ring, use: str, now: datetime) -> str:
    """A key identifier never given before: ``seal-2026-2``."""
    count = sum(entry.id.startswith(f"{use}-{now.year}-") for entry in ring.entries)
    return f"{use}-{now.year}-{count + 1}"


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


def _text(now: datetime) -> str:
    return now.astimezone(UTC).isoformat()


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
