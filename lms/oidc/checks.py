"""What the provider's tokens must say before they are believed (OpenID Connect Core 1.0, 3.1.3.7, 3.1.3.8, 5.3.2)."""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from lms.lti.token import LAST, LEEWAY, MAX_AGE, strict_part
from lms.models.clock import utcnow
from lms.oidc.model import Claims, Client, OidcError, spoken
from lms.oidc.published import PublicKey

#: Signatures believed, with the kind of key each is made with. No « none », and none that a public key could forge.
ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
#: Providers put fields of their own in headers: they are not read, and do no harm.
_REGISTRY = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
#: Longest subject (OpenID Connect Core, section 2), and longest text kept of the others.
SUBJECT = 255
LONGEST = 200

Keys = Callable[[], list[PublicKey]]


def check_id_token(token: str, client: Client, nonce: str, access_token: str, keys: Keys, newer: Keys) -> str:
    """The subject (``sub``) of an id token of this sign-in. Raises ``OidcError`` with what does not hold."""
    body = signed(token, keys, newer)
    if body.get("iss") != client.issuer:
        raise OidcError("issuer", "the token is another issuer's")
    _check_audience(body, client.client_id)
    _check_times(body)
    if body.get("nonce") != nonce:
        raise OidcError("nonce")
    # The three algorithms share SHA-256, whose left half is what the hash is made of.
    half = urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()
    if body.get("at_hash", half) != half:
        raise OidcError("at_hash")
    if client.acr_values and body.get("acr") not in client.acr_values:
        raise OidcError("acr")
    return _subject(body)


def check_userinfo(content: bytes, media: str, client: Client, subject: str, keys: Keys, newer: Keys) -> Claims:
    """What a userinfo answer says of that subject: a JSON object, or a signed token where its media type says so.

    Raises ``OidcError``.
    """
    with spoken():
        if media == "application/jwt":
            try:
                body = signed(content.decode("ascii").strip(), keys, newer)
            except UnicodeDecodeError as error:
                raise OidcError("token_malformed") from error
            if body.get("iss") != client.issuer:
                raise OidcError("issuer", "the user information is another issuer's")
            _check_audience(body, client.client_id)
            if "exp" in body and _moment(body, "exp") <= utcnow().timestamp() - LEEWAY:
                raise OidcError("clock", "the user information has expired")
        elif media == "application/json":
            # Read as strictly as a token: no repeated key, one object.
            body = strict_part(f".{urlsafe_b64encode(content).rstrip(b'=').decode()}.", 1)
        else:
            raise OidcError("userinfo", "its media type is neither JSON nor JWT")
    if _subject(body) != subject:
        raise OidcError("userinfo", "it is about somebody else")
    verified = body.get("email_verified")
    return Claims(
        email=_text(body, "email", 320),
        email_verified=None if verified is None else verified is True,  # anything else, a text too, is no yes
        given_name=_text(body, "given_name"),
        family_name=_text(body, "usual_name") or _text(body, "family_name"),
    )


def is_subject(text: str) -> bool:
    """Whether a text may be a ``sub``: 255 characters of ASCII at most (OpenID Connect Core, section 2)."""
    return 0 < len(text) <= SUBJECT and text.isascii() and text.isprintable()


def signed(token: str, keys: Keys, newer: Keys) -> dict[str, Any]:
    """The claims of a compact token signed by a key the provider publishes; ``newer`` asks for its keys again.

    Raises ``OidcError``.
    """
    with spoken():
        header, body = strict_part(token, 0), strict_part(token, 1)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or {"crit", "b64"} & set(header):
        raise OidcError("algorithm_refused")
    fitting = _fitting(keys(), algorithm, header.get("kid")) or _fitting(newer(), algorithm, header.get("kid"))
    if not fitting:
        raise OidcError("key_unknown")
    for each in fitting:  # several where the token names none: a provider that changes keys and gives them no id
        try:
            jws.deserialize_compact(token, each.key, algorithms=[algorithm], registry=_REGISTRY)
        except (JoseError, TypeError, ValueError):
            continue
        return body
    raise OidcError("signature")


def _fitting(keys: list[PublicKey], algorithm: str, kid: object) -> list[PublicKey]:
    kind = ALGORITHMS[algorithm]
    return [
        each
        for each in keys
        if each.algorithm in {None, algorithm}
        and kind == ("RSA" if isinstance(each.key, RSAKey) else "EC")
        and (kid is None or each.kid == kid)
    ]


def _check_audience(body: Mapping[str, Any], client_id: str) -> None:
    audience = body.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client_id not in audiences:
        raise OidcError("audience")
    if (len(audiences) > 1 or "azp" in body) and body.get("azp") != client_id:
        raise OidcError("azp")


def _check_times(body: Mapping[str, Any]) -> None:
    now = utcnow().timestamp()
    expires, issued = _moment(body, "exp"), _moment(body, "iat")
    begins = _moment(body, "nbf") if "nbf" in body else issued
    if expires <= now - LEEWAY:
        raise OidcError("clock", "the token has expired")
    if max(issued, begins) > now + LEEWAY:
        raise OidcError("clock", "the token comes from the future")
    if issued < now - MAX_AGE - LEEWAY:
        raise OidcError("clock", "the token is too old")


def _moment(body: Mapping[str, Any], name: str) -> float:
    value = body.get(name)
    # A bool is an int and infinity a float; neither is a NumericDate (RFC 7519, section 2).
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < LAST:
        raise OidcError("token_claims", name)
    return value


def _subject(body: Mapping[str, Any]) -> str:
    subject = body.get("sub")
    if not isinstance(subject, str) or not is_subject(subject):
        raise OidcError("token_claims", "sub")
    return subject


def _text(body: Mapping[str, Any], name: str, longest: int = LONGEST) -> str:
    """A text of a claim, if it is one that can be kept."""
    value = body.get(name)
    text = value.strip() if isinstance(value, str) else ""
    return text if len(text) <= longest and text.isprintable() else ""
