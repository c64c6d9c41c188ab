"""The keys a certificate is signed with: parsed once, kept, and published in the issuer's DID document."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from joserfc.jwk import ECKey, RSAKey

from certificates.sign import did as dids
from certificates.sign import keyring
from certificates.sign.did import did_url, did_web
from certificates.sign.keyring import Entry, KeysError, Ring

__all__ = ["Keys", "KeysError", "did_url", "did_web", "published"]


@dataclass(frozen=True)
class Keys:
    """The current keys of an issuer, and the public index of all it ever had.

    Hold one for the life of a process: opening decrypts and parses, which costs far more than signing.
    """

    did: str
    ring: Ring
    ed25519: ed25519.Ed25519PrivateKey
    rsa: rsa.RSAPrivateKey
    es256: ec.EllipticCurvePrivateKey
    seal: ec.EllipticCurvePrivateKey

    @classmethod
    def open(cls, directory: Path, passphrase: bytes, did: str, now: datetime) -> Self:
        """The keys in ``directory``, made there first if it has none.

        Several processes may open an empty directory at once and get the same keys. ``now`` (aware) names new
        keys and starts their certificates. Raises :class:`KeysError`.
        """
        if not passphrase:
            raise KeysError("a passphrase is needed to keep the signing keys encrypted")
        ring = keyring.read(directory)
        if not ring.complete:
            ring = keyring.change(directory, lambda ring: _completed(directory, ring, did, passphrase, now))
        found = {
            use: keyring.load(directory, entry, passphrase) for use in keyring.USES if (entry := ring.current(use))
        }
        match found["ed"], found["rs256"], found["es256"], found["seal"]:
            case (
                ed25519.Ed25519PrivateKey() as ed,
                rsa.RSAPrivateKey() as rs,
                ec.EllipticCurvePrivateKey() as es,
                ec.EllipticCurvePrivateKey() as seal,
            ):
                return cls(did, ring, ed, rs, es, seal)
        raise KeysError(f"{directory} holds a key of the wrong kind")

    @classmethod
    def rotate(cls, directory: Path, passphrase: bytes, did: str, now: datetime) -> Self:
        """New keys of every use; the old ones stay published, so what they signed stays valid."""

        def renewed(ring: Ring) -> Ring:
            for use in keyring.USES:
                ring = keyring.add(directory, ring, use, did, passphrase, now)
            return ring

        keyring.change(directory, renewed)
        return cls.open(directory, passphrase, did, now)

    @staticmethod
    def revoke(directory: Path, key_id: str, now: datetime) -> Ring:
        """Stop believing a key, for ever: all it signed becomes invalid, whatever date it claims.

        Raises :class:`KeysError` for an unknown key. The next :meth:`open` makes the replacement.
        """

        def marked(ring: Ring) -> Ring:
            if key_id not in {entry.id for entry in ring.entries}:
                raise KeysError(f"no key {key_id}")
            moment = now.astimezone(UTC).isoformat()
            return Ring(
                tuple(
                    replace(entry, revoked=entry.revoked or moment) if entry.id == key_id else entry
                    for entry in ring.entries
                )
            )

        return keyring.change(directory, marked)

    def method(self, use: str) -> str:
        """The DID URL of the current key of ``use`` ("ed", "rs256", "es256" or "seal")."""
        entry = self.ring.current(use)
        assert entry is not None, "an open ring is complete"
        return f"{self.did}#{entry.id}"

    @cached_property
    def jwt_key(self) -> RSAKey:
        """The RSA key as joserfc wants it, without another parse."""
        return RSAKey(self.rsa, self.rsa)

    @cached_property
    def wallet_key(self) -> ECKey:
        """The key of wallets' credentials as joserfc wants it, without another parse."""
        return ECKey(self.es256, self.es256)

    @cached_property
    def seal_chain(self) -> tuple[bytes, ...]:
        """The seal's certificates in DER, its own first."""
        entry = self.ring.current("seal")
        assert entry is not None, "an open ring is complete"
        return _chain(entry)

    def did_document(self, did: str | None = None) -> dict[str, Any]:
        """The issuer's DID document; see :func:`published`."""
        return published(self.ring, did or self.did)


def published(ring: Ring, did: str) -> dict[str, Any]:
    """The DID document of ``did``: every key of ``ring``, and in ``assertionMethod`` those not revoked.

    Retired keys stay there, or the certificates they signed would fall with them. Needs no passphrase:
    ``published(keyring.read(directory), did)`` serves a process that must not sign.
    """
    methods = [
        dids.method(did, entry.id, load_pem_public_key(entry.public.encode()), _chain(entry))  # type: ignore[arg-type]
        for entry in ring.entries
    ]
    return dids.document(did, methods, (entry.id for entry in ring.entries if entry.revoked is None))


def _completed(directory: Path, ring: Ring, did: str, passphrase: bytes, now: datetime) -> Ring:
    """``ring`` with a key for each use that lacks one; another process may have just added them."""
    for use in keyring.USES:
        if ring.current(use) is None:
            ring = keyring.add(directory, ring, use, did, passphrase, now)
    return ring


def _chain(entry: Entry) -> tuple[bytes, ...]:
    """The entry's certificates in DER."""
    return tuple(x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER) for pem in entry.certificates)
