"""Whether a platform can be worked with: what can be asked of it from here, one finding each (LTI.md R25)."""

import time
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from lms.lti import scopes
from lms.lti.client import ServiceClient
from lms.lti.jwks import parse_key_set
from lms.lti.members import MEDIA
from lms.lti.model import LtiError, Registration
from lms.lti.token import LEEWAY
from lms.models.clock import utcnow

#: Scopes without which something is missing, but not the gradebook's scores.
LESSER = frozenset({scopes.LINE_ITEM, scopes.RESULT, scopes.ROSTER})
#: What a check of each scope is called.
NAMES = {scopes.SCORE: "score", scopes.LINE_ITEM: "line_item", scopes.RESULT: "result", scopes.ROSTER: "roster_scope"}


@dataclass(frozen=True)
class Finding:
    """What one check found. ``state``: ok, bad, warn (works with less), wait (not yet), none (could not be checked).

    ``cause`` is a stable key, ``detail`` a figure or a code: never a secret nor a name.
    """

    key: str
    state: str
    cause: str = ""
    detail: str = ""


def check(client: ServiceClient, platform: Registration, roster_url: str | None = None) -> list[Finding]:
    """Every check that needs the network, in the order one puts things right. Never inside a transaction.

    ``roster_url`` is a service of the platform to try a token on, if one is known.
    """
    found = _answers(client, platform)
    granted: frozenset[str] | None = None
    try:
        granted = _granted(client, platform)
        found.append(Finding("token", "ok"))
    except LtiError as error:
        found.append(Finding("token", "bad", error.cause, error.detail[:100]))
    found += [_scope(scope, granted) for scope in scopes.CHECKED]
    found.append(_service(client, platform, granted, roster_url))
    return found


def _answers(client: ServiceClient, platform: Registration) -> list[Finding]:
    """Whether it answers, publishes keys, and has our time: one request says the three."""
    begun = time.monotonic()
    try:
        answer = client.outbound.request("GET", platform.jwks_url, headers={"Accept": "application/json"})
    except LtiError as error:
        failed = Finding("answers", "bad", error.cause, error.detail[:100])
        return [failed, Finding("keys", "none"), Finding("clock", "none")]
    took = round((time.monotonic() - begun) * 1000)
    found = [Finding("answers", "ok", detail=str(took))]
    try:
        if not answer.is_success:
            raise LtiError("answer_status", str(answer.status_code))
        number = len(parse_key_set(answer.json()))
        found.append(Finding("keys", "ok" if number else "bad", "" if number else "no_key", str(number)))
    except LtiError as error:
        found.append(Finding("keys", "bad", error.cause, error.detail[:100]))
    except (ValueError, RecursionError):
        found.append(Finding("keys", "bad", "answer_not_json"))
    return [*found, _clock(answer.headers.get("Date", ""))]


def _clock(date: str) -> Finding:
    try:
        theirs = parsedate_to_datetime(date)
    except (ValueError, OverflowError):  # a number too large for a date
        return Finding("clock", "none")
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)
    apart = round((theirs - utcnow()).total_seconds())
    good = abs(apart) <= LEEWAY
    return Finding("clock", "ok" if good else "bad", "" if good else "clock", str(apart))


def _granted(client: ServiceClient, platform: Registration) -> frozenset[str]:
    """The scopes a fresh token is granted; asked for one by one where asking for several is refused."""
    try:
        return client.tokens.ask(platform, scopes.CHECKED).granted
    except LtiError as error:
        if error.detail != "invalid_scope":
            raise
    granted = set[str]()
    for scope in scopes.CHECKED:
        try:
            granted |= client.tokens.ask(platform, (scope,)).granted
        except LtiError as error:
            if error.detail != "invalid_scope":
                raise
    return frozenset(granted)


def _scope(scope: str, granted: frozenset[str] | None) -> Finding:
    if granted is None:
        return Finding(NAMES[scope], "none")
    if scope in granted:
        return Finding(NAMES[scope], "ok")
    return Finding(NAMES[scope], "warn" if scope in LESSER else "bad", "scope_refused")


def _service(client: ServiceClient, platform: Registration, granted: frozenset[str] | None, url: str | None) -> Finding:
    """Whether a token that was just given is taken: a proxy that strips Authorization refuses every one."""
    if url is None or granted is None or scopes.ROSTER not in granted:
        return Finding("service", "none")
    try:
        answer = client.call(platform, (scopes.ROSTER,), "GET", url, accept=MEDIA)
    except LtiError as error:
        return Finding("service", "bad", error.cause, error.detail[:100])
    if answer.status_code == 401:
        return Finding("service", "bad", "authorization_stripped", "401")
    return Finding("service", "ok" if answer.is_success else "warn", "", str(answer.status_code))
