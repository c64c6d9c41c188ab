"""The proof a wallet gives that it holds the key its credential is to be bound to.

Source: OpenID for Verifiable Credential Issuance 1.0, appendix F.1 and F.4 (proof type ``jwt``).
"""

from datetime import datetime, timedelta

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from certificates.sign.compact import read_compact
from certificates.sign.trust import ProofError

TYPE = "openid4vci-proof+jwt"
ALGORITHM = "ES256"
#: How old a proof may be, and how far the clock of a wallet may run ahead of ours.
LIFE = timedelta(minutes=5)
#: A public key of P-256, and nothing else: with ``d`` a wallet would have given its secret away.
_KEY = {"kty", "crv", "x", "y"}
_MORE = {"alg", "use", "kid", "key_ops"}


def holder_key(proof: str, issuer: str, now: datetime) -> tuple[dict[str, str], str]:
    """The public JWK that made ``proof`` for ``issuer``, and the nonce it carries, for the caller to judge.

    Raises :class:`ProofError`: another type, algorithm, audience or instant, a key that is not in the header as a
    public P-256 JWK, or a signature that is not that key's.
    """
    header, claims = read_compact(proof)
    if header.get("typ") != TYPE or header.get("alg") != ALGORITHM or {"kid", "x5c", "crit", "b64"} & set(header):
        raise ProofError("proof", "another kind of proof")
    jwk = header.get("jwk")
    if not isinstance(jwk, dict) or not set(jwk) >= _KEY or set(jwk) - _KEY - _MORE:
        raise ProofError("proof", "no public key in the header")
    key = {name: jwk[name] for name in sorted(_KEY)}
    if (key["kty"], key["crv"]) != ("EC", "P-256") or not all(isinstance(value, str) for value in key.values()):
        raise ProofError("proof", "another kind of key")
    try:
        jws.deserialize_compact(proof, ECKey.import_key(key), algorithms=[ALGORITHM])
    except (JoseError, TypeError, ValueError) as error:
        raise ProofError("signature", "the signature does not match") from error
    audience, made, nonce = claims.get("aud"), claims.get("iat"), claims.get("nonce")
    if audience not in (issuer, [issuer]):
        raise ProofError("audience", "made for another issuer")
    # A whole number may be larger than any float, and then cannot even be subtracted from one.
    if isinstance(made, bool) or not isinstance(made, int | float) or not 0 <= made < 10**12:
        raise ProofError("instant", "no instant")
    if not abs(now.timestamp() - made) <= LIFE.total_seconds():
        raise ProofError("instant", "too old, or made in the future")
    if not isinstance(nonce, str) or not nonce.isascii():
        raise ProofError("nonce", "no nonce")
    return key, nonce
