"""Who may do what, and the headers of every response."""

import itertools
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Response, abort, current_app, g, request, session
from flask_login import UserMixin, current_user
from limits import parse
from werkzeug.routing import IntegerConverter, ValidationError

from lms.counting import counts
from lms.models import Person, WebSession

P = ParamSpec("P")
R = TypeVar("R")

#: No inline script or style; images of the page itself only; frames decided per response. Markup is put in a page by
#: one function of ours alone (``put`` of static/page.js), whose Trusted Types policy may be made once.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types mpia"
)
SELF = "'self'"
#: What no file of ours may do, and no redirection, whatever else its policy says.
FILE_POLICY = "object-src 'none'; base-uri 'none'; form-action 'none'"
#: What no page of ours asks of the browser, nor lets a frame ask.
UNUSED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
    "payment", "usb", "xr-spatial-tracking",
)  # fmt: skip

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
}
#: Methods that only read (RFC 9110, 9.2.1).
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: What pages of other sites may show or read: what is the same for all, and badges, which are made to be shown.
SHOWN_ELSEWHERE = frozenset({"static", "issuer.logo", "verify.credential_file", "shared.file"})


#: What one session may ask of a web process in a minute: ten times what a person does, with images of lessons and each
#: saving of an answer.
BY_SESSION = 600


class Visitor(UserMixin):  # type: ignore[misc]
    """Who is signed in, as Flask-Login sees it: a live session, its person and roles."""

    def __init__(self, session: WebSession) -> None:
        self.session = session

    @property
    def person(self) -> Person:
        return self.session.person

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(self.session.roles)

    @property
    def platform_id(self) -> int | None:
        """The tenant: None for a local account, which belongs to the institution itself."""
        return self.person.platform_id

    def get_id(self) -> str:
        return self.session.token_hash


def visitor() -> Visitor:
    """The signed-in visitor of this request; 401 when there is none."""
    if not current_user.is_authenticated:
        abort(401)
    return current_user._get_current_object()  # type: ignore[no-any-return]  # noqa: SLF001


def requires(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Open a view to signed-in visitors holding one of the roles: 401 without session, 403 without role."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not visitor().roles.intersection(roles):
                abort(403)
            return view(*args, **kwargs)

        guarded.roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate


def framed_by(origin: str | None) -> None:
    """Let this response be framed by ``origin``; None when it is unknown, and the page is anybody's to see."""
    if origin is not None or "sid" not in session:
        g.framers = origin or "*"


def posts_to(origin: str) -> None:
    """Let the form of this response post to ``origin``, and nowhere else; it is told who sends it."""
    g.form_target = origin


class RowNumber(IntegerConverter):
    """A number in an address that a row may have: a database cannot even compare a larger one, which names nothing."""

    def to_python(self, value: str) -> int:
        number: int = super().to_python(value)
        if number >= 2**31:
            raise ValidationError
        return number


def refuse_nul() -> None:
    """Nobody types a NUL, and PostgreSQL cannot hold one: 400 wherever it stands."""
    typed = itertools.chain.from_iterable(request.form.listvalues()) if request.method == "POST" else ()
    if "\x00" in request.path or b"%00" in request.query_string or any("\x00" in value for value in typed):
        abort(400)


def secure_headers(response: Response) -> Response:
    """Headers of every response; a page may be framed by the LMS this browser came from, and by no other site."""
    headers = response.headers
    wanted = {} if request.endpoint == "static" else {"Cache-Control": "no-store"}
    # The signed cookie names the LMS: what it frames must still show once the session has ended.
    framers = g.get("framers") or (request.endpoint != "static" and session.get("frame")) or "'none'"
    if "Content-Security-Policy" in headers:  # that of a file, which may do less than a page
        headers["Content-Security-Policy"] += f"; {FILE_POLICY}; frame-ancestors {framers}"
    if 300 <= response.status_code < 400:  # shows nothing: only what governs the way on
        wanted |= {name: HEADERS[name] for name in ("Referrer-Policy", "X-Content-Type-Options")}
        wanted["Content-Security-Policy"] = f"default-src 'none'; {FILE_POLICY}; frame-ancestors {framers}"
    else:
        target = g.get("form_target")
        policy = f"{POLICY}; form-action {target or SELF}; frame-ancestors {framers}"
        wanted |= {"Content-Security-Policy": policy, **HEADERS}
        if target:  # else browsers post from an origin they do not name, which some platforms refuse
            wanted["Referrer-Policy"] = "strict-origin"
    if request.is_secure and request.host.split(":")[0] not in {"localhost", "127.0.0.1"}:
        wanted["Strict-Transport-Security"] = "max-age=31536000"
    present = {name.lower() for name, _value in headers}
    everyone = request.endpoint in SHOWN_ELSEWHERE or "access-control-allow-origin" in present
    wanted["Cross-Origin-Resource-Policy"] = "cross-origin" if everyone else "same-origin"
    headers.extend({name: value for name, value in wanted.items() if name.lower() not in present})
    return response


def limited(rule: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """At most so many requests of one address to a public page (« 60 per minute »); then 429."""
    limit = parse(rule)

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        page = f"{view.__module__}.{view.__qualname__}"

        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not current_app.testing and not counts().hit(limit, page, request.remote_addr or ""):
                abort(429)
            return view(*args, **kwargs)

        return guarded

    return decorate


def limit_sessions() -> None:
    """At most ``BY_SESSION`` requests of one session in a minute, whatever they ask (OWASP ASVS 2.4.1); then 429.

    Pages that save answers wait and send them again (``lms/static/attempt.js``): none is lost.
    """
    if request.endpoint == "static" or current_app.testing:
        return
    sid = session.get("sid")
    if sid and current_app.extensions["pages_of_sessions"].hit(sid) > BY_SESSION:
        abort(429)


def may_try(rule: str, what: str, who: str) -> bool:
    """Whether somebody may try what they may get wrong so often (« 10 per 10 minute »).

    Counted before it is looked at, so that tries sent at once count each; ``was_right`` takes it back. A whole room
    behind one address is not counted as one person.
    """
    return current_app.testing or counts().hit(parse(rule), what, who)


def was_right(rule: str, what: str, who: str) -> None:
    """Take back a try of ``may_try``: nothing was got wrong."""
    if not current_app.testing:
        counts().take_back(parse(rule), what, who)
