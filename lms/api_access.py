"""How a program is let in: its token, its scope, its share of requests."""

import time

from flask import Response, g, request
from limits import RateLimitItemPerMinute

from lms.counting import counts
from lms.errors import Refused
from lms.i18n import gettext as _
from lms.models import db
from lms.pages import config
from lms.services import api_clients
from lms.services.api_clients import Caller


def let_in(scope: str) -> Caller:
    """The client that asks, if its token holds that scope. Raises ``Refused``: 401, 403, 429."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        g.challenge = "Bearer"
        what = _("This address asks for a token.")
        raise Refused(what, _("Send it in the header: Authorization: Bearer …"), status=401, cause="token_missing")
    who = api_clients.caller(db.session(), token.strip())
    if who is None:
        g.challenge = 'Bearer error="invalid_token"'
        what = _("This token is unknown, has ended or was revoked.")
        raise Refused(what, _("Ask for another one with your client_id and secret."), status=401, cause="token_refused")
    _count(who)
    if scope not in who.scopes:
        g.challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        what = _("This token does not open this address.")
        fix = _("It must hold the scope « %(scope)s ». Ask the administrator of the institution.", scope=scope)
        raise Refused(what, fix, status=403, cause="scope_missing")
    return who


def _count(who: Caller) -> None:
    limit = RateLimitItemPerMinute(config().api_rate)
    passed = counts().hit(limit, "api", who.key)
    ends, left = counts().window(limit, "api", who.key)
    g.api_rate = (config().api_rate, left, max(1, round(ends - time.time())))
    if not passed:
        what = _("This client asks too often.")
        raise Refused(what, _("Wait for the seconds that « Retry-After » says."), status=429, cause="rate")


def api_headers(answer: Response) -> Response:
    """What every answer to a program says: how many requests are left, how to come in, that it is for it alone."""
    if "api_rate" in g:
        limit, left, seconds = g.api_rate
        answer.headers["RateLimit-Limit"] = str(limit)
        answer.headers["RateLimit-Remaining"] = str(left)
        answer.headers["RateLimit-Reset"] = str(seconds)
        if answer.status_code == 429:
            answer.headers["Retry-After"] = str(seconds)
    if "challenge" in g and answer.status_code in {401, 403}:
        answer.headers["WWW-Authenticate"] = g.challenge
    answer.headers.setdefault("Cache-Control", "private, no-cache")
    answer.vary.update(("Authorization", "Accept-Language"))
    return answer
