"""OpenID Connect values: what this service is at a provider, what the provider publishes, what a sign-in says."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lms.lti.model import LtiError


class OidcError(ValueError):
    """A sign-in that cannot be trusted or finished. ``cause`` is a stable key; neither part holds personal data."""

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause, self.detail = cause, detail


@contextmanager
def spoken() -> Iterator[None]:
    """Around what is shared with LTI, outbound calls and the reading of tokens: the same causes, as ``OidcError``."""
    try:
        yield
    except LtiError as error:
        raise OidcError(error.cause, error.detail) from error


@dataclass(frozen=True)
class Client:
    """This service as registered at the provider."""

    #: The provider's issuer, compared exactly.
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    #: Where the provider sends browsers back to, after signing in and after signing out.
    redirect_url: str
    signed_out_url: str
    #: Scopes asked for, separated by spaces.
    scopes: str = "openid"
    #: Levels of assurance asked for (``acr_values``); one of them must be answered. Any when empty.
    acr_values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metadata:
    """What a provider publishes of itself (OpenID Connect Discovery 1.0, section 3), checked."""

    authorization_url: str
    token_url: str
    jwks_url: str
    userinfo_url: str | None = None
    end_session_url: str | None = None
    #: Whether the secret goes in the form rather than in a header (``client_secret_post``).
    posts_secret: bool = False
    #: Whether every answer names its issuer (RFC 9207).
    names_issuer: bool = False


@dataclass(frozen=True)
class Tokens:
    """What a code was exchanged for: read once, never logged."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


@dataclass(frozen=True)
class Claims:
    """What the provider says of a person, of all it may send: nothing else is read. Empty where it does not say."""

    email: str = ""
    #: Whether the provider says it checked the address; None when it says nothing.
    email_verified: bool | None = None
    given_name: str = ""
    #: ``usual_name`` at ProConnect, ``family_name`` elsewhere.
    family_name: str = ""
