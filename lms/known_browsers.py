"""The cookie by which a browser is known to the accounts that signed in there (``lms.services.guessing``, ADR 47)."""

from flask import Response, after_this_request, request

from lms.models import LocalAccount
from lms.pages import config
from lms.services.guessing import known_after

#: How long a browser stays known, in seconds: a year after the last sign-in.
LIFE = 365 * 86_400


def cookie_name() -> str:
    """What the cookie is called: bound to this very host over https, as the session's is."""
    return config().cookie_name + "-known"


def kept() -> str:
    """What this browser keeps; empty when nothing."""
    return request.cookies.get(cookie_name(), "")


def remember(account: LocalAccount) -> None:
    """Let the answer of this request tell the browser that the account signed in here."""
    value = known_after(config().secret_key, account, kept())

    @after_this_request
    def _keep(response: Response) -> Response:
        response.set_cookie(
            cookie_name(), value, max_age=LIFE, secure=config().secure, httponly=True, samesite="Lax", path="/"
        )
        return response
