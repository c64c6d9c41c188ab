"""Where the seal of a PDF comes from: a key of our own, a PKCS#12 file, or a security module spoken to by PKCS#11.

Nothing of PDF is needed here: whoever only opens keys does without what makes and reads seals.

Sources: RFC 7292 (PKCS#12); OASIS PKCS#11 v3.0, sections 2.1 (RSA) and 2.3 (elliptic curves).
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from certificates.sign.keyring import KeysError

#: Asks others over the network: address, body (None to only read), its media type. Raises SealUnavailable.
Ask = Callable[[str, bytes | None, str], bytes]
SealKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
#: The smallest RSA seal accepted (ETSI TS 119 312).
RSA_BITS = 2048


class SealUnavailable(Exception):
    """A security module or an authority outside us does not answer: nothing is sealed, and it must be tried later."""


class SealEnded(SealUnavailable):
    """The seal's certificates are not valid now: nothing is sealed until there is another seal."""


@dataclass(frozen=True)
class Seal:
    """What seals: its certificates in DER, its own first, and how it signs bytes (with SHA-256).

    ``kept`` says where its key is: ``here``, ``pkcs12`` or ``pkcs11``.
    """

    chain: tuple[bytes, ...]
    sign: Callable[[bytes], bytes]
    kept: str = "here"

    @property
    def algorithm(self) -> str:
        """How its signatures are made, as CMS names it."""
        return algorithm(self.chain[0])

    def may_seal(self, now: datetime) -> None:
        """Raises :class:`SealEnded` while its certificates are not valid: no reader of PDF would believe it."""
        begins, ends = life(self.chain)
        if now < begins:
            raise SealEnded(f"the certificates of the seal are valid from {begins:%Y-%m-%d %H:%M UTC} on")
        if now > ends:
            raise SealEnded(f"the certificates of the seal ended on {ends:%Y-%m-%d %H:%M UTC}: another is needed")


@dataclass(frozen=True)
class Timestamps:
    """Who timestamps our seals: an address, the root (DER) its answers are believed under, and how it is asked.

    With ``long_term`` what proves that no certificate was revoked is kept in the PDF as well.
    """

    url: str
    root: bytes
    ask: Ask
    long_term: bool = False


def life(chain: Iterable[bytes]) -> tuple[datetime, datetime]:
    """From when and until when (UTC) every certificate of ``chain`` (DER) is valid. Source: RFC 5280, section 6.1.3."""
    certificates = [x509.load_der_x509_certificate(der) for der in chain]
    return (
        max(each.not_valid_before_utc for each in certificates),
        min(each.not_valid_after_utc for each in certificates),
    )


def algorithm(certificate: bytes) -> str:
    """The one signature algorithm of a seal of that certificate (DER). Raises ValueError for another kind of key."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS:
        return "sha256_rsa"
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return "sha256_ecdsa"
    raise ValueError("a seal is RSA of 2048 bits or more, or P-256")


def held(key: SealKey, chain: Iterable[bytes], kept: str = "here") -> Seal:
    """The seal of a key that is in memory."""
    return Seal(tuple(chain), lambda data: _signed(key, data), kept)


def from_pkcs12(path: Path, passphrase: str) -> Seal:
    """The seal of a PKCS#12 file with its certificates. Raises :class:`KeysError`, which never tells the passphrase."""
    try:
        bundle = pkcs12.load_pkcs12(path.read_bytes(), passphrase.encode() or None)
    except (OSError, ValueError) as error:
        raise KeysError(f"cannot open the seal {path}: missing file or wrong passphrase") from error
    if bundle.cert is None or not isinstance(bundle.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise KeysError(f"{path} does not hold a key and its certificate")
    others = [held.certificate for held in bundle.additional_certs]
    return _fit(held(bundle.key, chain_of(bundle.cert.certificate, others), "pkcs12"), str(path))


def from_pkcs11(module: Path, token: str, label: str, pin: str, others: Iterable[x509.Certificate] = ()) -> Seal:
    """The seal of the key and certificate called ``label`` in a security module, opened by ``pin``.

    ``others`` are certificates of its authorities that the module does not hold. Raises :class:`KeysError`, which
    never tells the PIN.
    """
    device = _Device(module, token, label, pin)
    own, held_there = device.certificates()
    return _fit(Seal(chain_of(own, [*held_there, *others]), device.sign, "pkcs11"), label)


class _Device:
    """A key that never leaves its security module. One session, opened again when it was lost; one use at a time."""

    def __init__(self, module: Path, token: str, label: str, pin: str) -> None:
        self._where, self._label, self._pin = (module, token), label, pin
        self._session: Any = None
        self._lock = Lock()

    def certificates(self) -> tuple[x509.Certificate, list[x509.Certificate]]:
        """The key's certificate, and every other one of the module. Raises :class:`KeysError`."""
        from pkcs11 import Attribute, ObjectClass, PKCS11Error

        try:
            stored = list(self._opened().get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}))
            found = [(item[Attribute.LABEL], x509.load_der_x509_certificate(item[Attribute.VALUE])) for item in stored]
        except (PKCS11Error, RuntimeError, ValueError) as error:
            raise KeysError(f"the security module does not open: {type(error).__name__}") from error
        own = [certificate for label, certificate in found if label == self._label]
        if len(own) != 1:
            raise KeysError(f"the security module holds {len(own)} certificates called {self._label}, not one")
        return own[0], [certificate for _, certificate in found if certificate != own[0]]

    def sign(self, data: bytes) -> bytes:
        """The signature of ``data``. Raises :class:`SealUnavailable` when the module does not answer."""
        from pkcs11 import KeyType, Mechanism, ObjectClass, PKCS11Error
        from pkcs11.util.ec import encode_ecdsa_signature

        with self._lock:
            try:
                key = self._opened().get_key(object_class=ObjectClass.PRIVATE_KEY, label=self._label)
                if key.key_type == KeyType.RSA:
                    return bytes(key.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS))
                # The digest is made here: not every module makes it.
                raw = key.sign(hashlib.sha256(data).digest(), mechanism=Mechanism.ECDSA)
                return bytes(encode_ecdsa_signature(raw))
            except (PKCS11Error, RuntimeError) as error:
                self._session = None
                raise SealUnavailable(f"the security module does not sign: {type(error).__name__}") from error

    def _opened(self) -> Any:
        import pkcs11

        if self._session is None:
            module, label = self._where
            token = pkcs11.lib(str(module)).get_token(token_label=label)
            try:
                self._session = token.open(user_pin=self._pin)
            except pkcs11.UserAlreadyLoggedIn:  # a process logs in once, for all its sessions
                self._session = token.open()
        return self._session


def _signed(key: SealKey, data: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), SHA256())
    return key.sign(data, ec.ECDSA(SHA256()))


def chain_of(own: x509.Certificate, others: Iterable[x509.Certificate]) -> tuple[bytes, ...]:
    """``own`` and, of ``others``, those that lead to its root, in order."""
    chain, left = [own], list(others)
    while chain[-1].issuer != chain[-1].subject:
        above = next((other for other in left if _issued(chain[-1], other)), None)
        if above is None:
            break
        left.remove(above)
        chain.append(above)
    return tuple(certificate.public_bytes(Encoding.DER) for certificate in chain)


def _issued(certificate: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _fit(seal: Seal, name: str) -> Seal:
    """``seal``, once it is known to sign as its certificate says. Raises :class:`KeysError`."""
    public = x509.load_der_x509_certificate(seal.chain[0]).public_key()
    proof = b"the key of this certificate"
    try:
        seal.algorithm  # noqa: B018 - refuses other kinds of keys
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(seal.sign(proof), proof, padding.PKCS1v15(), SHA256())
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(seal.sign(proof), proof, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError, SealUnavailable) as error:
        raise KeysError(f"the seal {name} does not sign as its certificate says: {error}") from error
    return seal
