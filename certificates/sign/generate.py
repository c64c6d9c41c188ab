"""New keys, of the three kinds a certificate needs."""

from typing import Literal

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

#: 3072 bits: 128-bit security, what ANSSI and NIST ask of keys used beyond 2030.
RSA_BITS = 3072

Use = Literal["ed", "rs256", "es256", "seal"]
PrivateKey = ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def generate(use: Use) -> PrivateKey:
    """A key for ``ed`` (Data Integrity proofs), ``rs256`` (JWT), ``es256`` (wallets) or ``seal`` (PDF)."""
    match use:
        case "ed":
            return ed25519.Ed25519PrivateKey.generate()
        case "rs256":
            return rsa.generate_private_key(65537, RSA_BITS)
        case "es256" | "seal":
            return elliptic()


def elliptic() -> ec.EllipticCurvePrivateKey:
    """A P-256 key, for a seal or its root."""
    return ec.generate_private_key(ec.SECP256R1())
