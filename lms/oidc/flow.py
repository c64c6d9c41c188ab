"""The way to the provider and back: authorization code with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636; RFC 9207)."""

import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from lms.lti.addresses import with_query
from lms.lti.http import Outbound
from lms.models.secrets import derived_key, new_token
from lms.oidc.checks import check_id_token, check_userinfo
from lms.oidc.model import Claims, Client, Metadata, OidcError, Tokens, spoken
from lms.oidc.published import Published

#: Longest code and access token taken, in characters.
LONGEST = 8000
#: Largest answer of the token and user addresses, in bytes.
LIMIT = 200_000


class Provider:
    """The provider people sign in with. No transaction is open while one of its methods runs: they call it."""

    def __init__(self, outbound: Outbound, client: Client, secret: str) -> None:
        self.client = client
        self._outbound, self._secret = outbound, secret
        self._published = Published(outbound, client)

    def way_in(self, state: str) -> str:
        """Where a browser signs in, for a sign-in of that state. Raises ``OidcError``."""
        asked = {
            "response_type": "code",
            "client_id": self.client.client_id,
            "redirect_uri": self.client.redirect_url,
            "scope": self.client.scopes,
            "state": state,
            "nonce": self._nonce(state),
            "code_challenge": _challenge(self._verifier(state)),
            "code_challenge_method": "S256",
        }
        if self.client.acr_values:
            asked["acr_values"] = " ".join(self.client.acr_values)
        return with_query(self._metadata().authorization_url, **asked)

    def way_out(self, id_token: str) -> str | None:
        """Where a browser signs out of the provider (RP-Initiated Logout 1.0); None when it has no such address.

        Raises ``OidcError``.
        """
        url = self._metadata().end_session_url
        back = {"post_logout_redirect_uri": self.client.signed_out_url, "state": new_token()}
        return with_query(url, id_token_hint=id_token, **back) if url else None

    def check_issuer(self, named: str | None) -> None:
        """Refuse an answer that names another issuer, or none where this one always does (RFC 9207, section 2.4).

        Raises ``OidcError``. Before anything of the answer is used: a code given to another is never sent to this one.
        """
        if named != self.client.issuer and (named is not None or self._metadata().names_issuer):
            raise OidcError("issuer", "the answer names another issuer" if named else "the answer names no issuer")

    def exchange(self, code: str, state: str) -> tuple[str, Tokens]:
        """(subject, tokens) for the code that came back with that state. Raises ``OidcError``."""
        metadata = self._metadata()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_url,
            "code_verifier": self._verifier(state),
        }
        headers = {"Accept": "application/json"}
        if metadata.posts_secret:
            form |= {"client_id": self.client.client_id, "client_secret": self.client.client_secret}
        else:  # each part encoded first (RFC 6749, section 2.3.1); a space as %20, which every provider decodes
            pair = f"{quote(self.client.client_id, safe='')}:{quote(self.client.client_secret, safe='')}"
            headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
        with spoken():
            answer = self._outbound.request("POST", metadata.token_url, headers=headers, data=form, limit=LIMIT)
            tokens = read_tokens(answer.status_code, answer.content)
        published = self._published
        subject = check_id_token(
            tokens.id_token, self.client, self._nonce(state), tokens.access_token, published.keys, published.newer_keys
        )
        return subject, tokens

    def claims(self, subject: str, tokens: Tokens) -> Claims:
        """What the provider says of the person who just signed in; nothing where it has no such address.

        Raises ``OidcError``.
        """
        url = self._metadata().userinfo_url
        if url is None:
            return Claims()
        headers = {"Accept": "application/json, application/jwt", "Authorization": f"Bearer {tokens.access_token}"}
        with spoken():
            answer = self._outbound.request("GET", url, headers=headers, limit=LIMIT)
        if not answer.is_success:
            raise OidcError("userinfo", str(answer.status_code))
        media = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
        published = self._published
        return check_userinfo(answer.content, media, self.client, subject, published.keys, published.newer_keys)

    def _metadata(self) -> Metadata:
        return self._published.metadata()

    def _nonce(self, state: str) -> str:
        return self._derived("OIDC nonce", state)

    def _verifier(self, state: str) -> str:
        """What only this service can make of a state: 43 characters, as RFC 7636 asks, and nothing to store."""
        return self._derived("OIDC verifier", state)

    def _derived(self, purpose: str, state: str) -> str:
        made = hmac.new(derived_key(self._secret, purpose), state.encode(), sha256).digest()
        return urlsafe_b64encode(made).rstrip(b"=").decode()


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def read_tokens(status: int, body: bytes) -> Tokens:
    """The tokens of an answer (RFC 6749, sections 5.1 and 5.2; OpenID Connect Core, 3.1.3.3).

    Raises ``OidcError``: ``code_refused`` with the provider's code, ``token_answer`` with what is wrong.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not 200 <= status < 300:
        code = said.get("error") if isinstance(said, dict) else None
        raise OidcError("code_refused", code if isinstance(code, str) and code.isidentifier() else str(status))
    if not isinstance(said, dict):
        raise OidcError("token_answer", "it is no JSON object")
    if str(said.get("token_type", "")).lower() != "bearer":
        raise OidcError("token_answer", "the token is not a bearer token")
    if not _is_token(said.get("access_token")):
        raise OidcError("token_answer", "it holds no access token")
    if not _is_token(said.get("id_token")):
        raise OidcError("token_answer", "it holds no id token")
    return Tokens(said["id_token"], said["access_token"])


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isascii() and value.isprintable()
