"""The X.509 certificate of a seal, under a root of its own: for tests and demonstrations, trusted by no one.

A production seal is an organisation's certificate from a (qualified) trust service; only its key and chain differ.
Source: RFC 5280; ETSI EN 319 412-3 for the certificates of seals.
"""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

SPKI = PublicFormat.SubjectPublicKeyInfo
_SEAL_LIFE = timedelta(days=3653)
_ROOT_LIFE = timedelta(days=7305)
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def chain(
    key: ec.EllipticCurvePrivateKey, root: ec.EllipticCurvePrivateKey, did: str, key_id: str, now: datetime
) -> tuple[str, str]:
    """PEM certificates of the seal ``key`` and of the ``root`` that signs it, valid from ``now``."""
    root_name = _name(f"Racine de démonstration {key_id}", did)
    root_certificate = (
        _builder(root_name, root_name, root, root, now, _ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(root, hashes.SHA256())
    )
    seal_certificate = (
        _builder(_name(f"Sceau {key_id}", did), root_name, key, root, now, _SEAL_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature", "content_commitment"), critical=True)
        .sign(root, hashes.SHA256())
    )
    return tuple(  # type: ignore[return-value]  # two in, two out
        certificate.public_bytes(Encoding.PEM).decode() for certificate in (seal_certificate, root_certificate)
    )


def _name(common: str, did: str) -> x509.Name:
    """A subject; the DID ties the certificate to the issuer. X.520 allows 64 characters each."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, did[:64]),
        ]
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    """What both certificates share. A day's margin before ``now`` forgives clocks that run late."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + life)
        .add_extension(identifier, critical=False)
        .add_extension(authority, critical=False)
    )


def _usage(*allowed: str) -> x509.KeyUsage:
    """A key usage extension with only ``allowed``."""
    return x509.KeyUsage(**{usage: usage in allowed for usage in _USAGES})
