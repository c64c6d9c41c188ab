"""The keys a certificate is signed with: parsed once, kept, and published in the issuer's DID document."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc.jwk import ECKey, RSAKey

from certificates.sign import did as dids
from certificates.sign import keyring, seals
from certificates.sign.did import did_url, did_web
from certificates.sign.keyring import KeysError, Ring
from certificates.sign.seals import Seal, Timestamps

__all__ = ["Keys", "KeysError", "did_url", "did_web", "published"]


@dataclass(frozen=True)
class Keys:
    """The current keys of an issuer, and the public index of all it ever had.

    Opening decrypts and parses, which costs far more than signing: keep one. ``timestamps`` is who attests when a PDF
    was sealed, if anyone.
    """

    did: str
    ring: Ring
    ed25519: ed25519.Ed25519PrivateKey
    rsa: rsa.RSAPrivateKey
    es256: ec.EllipticCurvePrivateKey
    seal: Seal
    timestamps: Timestamps | None = None

    @classmethod
    def open(
        cls,
        directory: Path,
        passphrase: bytes,
        did: str,
        now: datetime,
        seal: Seal | None = None,
        timestamps: Timestamps | None = None,
    ) -> Self:
        """The keys in ``directory``, made there first if it has none; ``seal`` is one that is kept elsewhere.

        Several processes may open an empty directory at once and get the same keys. ``now`` (aware) names new
        keys and starts their certificates. Raises :class:`KeysError`.
        """
        if not passphrase:
            raise KeysError("a passphrase is needed to keep the signing keys encrypted")

        def settled(ring: Ring) -> Ring:
            ring = _as_set(ring, seal, timestamps, now)
            return keyring.completed(directory, ring, did, passphrase, now)

        ring = keyring.read(directory)
        if not ring.complete or _as_set(ring, seal, timestamps, now) != ring:
            ring = keyring.change(directory, settled)
        here = [entry for use in keyring.USES if (entry := ring.current(use)) and entry.kept == "here"]
        found = {entry.use: keyring.load(directory, entry, passphrase) for entry in here}
        own = found.get("seal")
        if seal is None and isinstance(own, ec.EllipticCurvePrivateKey):
            seal = seals.held(own, here[-1].chain)
        match found["ed"], found["rs256"], found["es256"], seal:
            case (
                ed25519.Ed25519PrivateKey() as ed,
                rsa.RSAPrivateKey() as rs,
                ec.EllipticCurvePrivateKey() as es,
                Seal() as sealing,
            ):
                return cls(did, ring, ed, rs, es, sealing, timestamps)
        raise KeysError(f"{directory} holds a key of the wrong kind")

    def method(self, use: str) -> str:
        """The DID URL of the current key of ``use`` ("ed", "rs256", "es256" or "seal")."""
        entry = self.ring.current(use)
        assert entry is not None, "an open ring is complete"
        return f"{self.did}#{entry.id}"

    @property
    def in_use(self) -> tuple[str, ...]:
        """The identifiers of all that a certificate signed now rests on; what wallets hold rests on ``es256``."""
        uses = ["ed", "rs256", "seal", *(["tsa"] if self.timestamps else [])]
        return tuple(entry.id for use in uses if (entry := self.ring.current(use)))

    @cached_property
    def jwt_key(self) -> RSAKey:
        """The RSA key as joserfc wants it, without another parse."""
        return RSAKey(self.rsa, self.rsa)

    @cached_property
    def wallet_key(self) -> ECKey:
        """The key of wallets' credentials as joserfc wants it, without another parse."""
        return ECKey(self.es256, self.es256)

    @property
    def seal_chain(self) -> tuple[bytes, ...]:
        """The seal's certificates in DER, its own first."""
        return self.seal.chain

    def did_document(self, did: str | None = None, ended: Collection[str] = ()) -> dict[str, Any]:
        """The issuer's DID document; see :func:`published`."""
        return published(self.ring, did or self.did, ended)


def published(ring: Ring, did: str, ended: Collection[str] = ()) -> dict[str, Any]:
    """The DID document of ``did``: every key of ``ring``, and in ``assertionMethod`` those that may be believed.

    Retired keys stay there, or the certificates they signed would fall with them, until they are among the ``ended``.
    Needs no passphrase: ``published(keyring.read(directory), did)`` serves a process that must not sign.
    """
    own = [entry for entry in ring.entries if entry.use in keyring.USES]
    methods = [
        dids.method(did, entry.id, load_pem_public_key(entry.public.encode()), entry.chain)  # type: ignore[arg-type]
        for entry in own
    ]
    asserting = [entry.id for entry in own if entry.revoked is None and entry.id not in ended]
    stamping = {
        entry.id: entry.chain
        for entry in ring.entries
        if entry.use == "tsa" and entry.revoked is None and entry.id not in ended
    }
    return dids.document(did, methods, asserting, stamping)


def _as_set(ring: Ring, seal: Seal | None, timestamps: Timestamps | None, now: datetime) -> Ring:
    """``ring`` where the seal and the timestamping authority are those of the settings."""
    own = ring.current("seal")
    if seal is not None and (own is None or own.chain != seal.chain):
        ring = keyring.enter(ring, "seal", seal.chain, seal.kept, now)
    elif seal is None and own is not None and own.kept != "here":
        ring = ring.retired({own.id}, now)
    authority = ring.current("tsa")
    if timestamps is not None and (authority is None or authority.chain != (timestamps.root,)):
        ring = keyring.enter(ring, "tsa", (timestamps.root,), "others", now)
    elif timestamps is None and authority is not None:
        ring = ring.retired({authority.id}, now)
    return ring
