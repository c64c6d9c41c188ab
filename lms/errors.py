"""What people are told when something cannot be done: what happened, what to do, a reference."""

from collections.abc import Sequence
from traceback import extract_tb

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request, session
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from lms import request_ids
from lms.database_errors import FULL, READ_ONLY, trouble
from lms.i18n import filesize
from lms.i18n import gettext as _
from lms.models import db
from lms.models.pooling import let_go

log = structlog.get_logger()

#: After how many seconds to try again, as ``Retry-After`` says: a server restarts, a standby takes over; a person makes
#: room; what is counted by the minute is counted anew.
RETRY, RETRY_FULL, RETRY_MINUTE = 5, 60, 60
#: What passes by itself: the same request may do in a moment.
PASSING = frozenset({429, 500, 502, 503, 504})


class Refused(Exception):
    """A request that cannot be granted, with words for the person: ``what`` happened, ``fix`` to do.

    ``actions`` are ways out, (label, address). ``cause`` is a short key for logs and metrics, never personal data.
    """

    def __init__(self, what: str, fix: str = "", *, status: int = 400, cause: str = "refused") -> None:
        super().__init__(what)
        self.what, self.fix, self.status, self.cause = what, fix, status, cause
        self.actions: list[tuple[str, str]] = []


def reference() -> str:
    """The reference shown to the person: the id of this request, which its log lines have (``lms.request_ids``)."""
    return request_ids.current() or ""


def init_errors(app: Flask) -> None:
    """Register the handlers: every error ends as an accessible page, or as JSON for scripts."""
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: Refused) -> Response:
    log.info("refused", cause=error.cause, status=error.status)
    return _answer(error.status, error.what, error.fix, error.actions, error.cause)


def _forged(error: CSRFError) -> Response:
    del error
    log.info("refused", cause="form_token", status=400)
    what = _("This page was open for too long, or was opened in another session.")
    return _answer(400, what, _("Go back, reload the page and try again. Saved answers are kept."))


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()  # type: ignore[return-value]
    _settle_visitor()
    most = filesize(request.max_content_length or 0)
    texts = {
        400: (_("This request could not be understood."), _("Go back and try again.")),
        401: (
            _("You are not signed in, or your session has ended."),
            _("Open the activity again from your training platform: you will find your work as you left it."),
        ),
        403: (_("Your role does not open this page."), _("Ask the person in charge of the training.")),
        404: (_("This page does not exist."), _("Check the address, or go back to your tracks.")),
        405: (_("This page cannot be used in this way."), _("Go back and try again.")),
        413: (_("What you sent is too large."), _("Choose a smaller file: %(size)s at most.", size=most)),
        429: (_("Too many requests came from you or your network."), _("Wait a minute and try again.")),
    }
    fallback = (
        texts[400] if status < 500 else (_("The service met a problem."), _("Nothing is lost. Try again in a moment."))
    )
    response = _answer(status, *texts.get(status, fallback))
    if status == 429:
        response.headers["Retry-After"] = str(RETRY_MINUTE)
    if status == 405 and error.get_response().headers.get("Allow"):
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response


def _unexpected(error: Exception) -> Response:
    cause = trouble(error)
    if cause is not None:
        return _troubled(cause, error)
    log.error("unexpected", route=request.endpoint or "none", trace=_trace(error))
    return _http(InternalServerError())


def _troubled(cause: str, error: Exception) -> Response:
    """The database or a disk cannot do its part now (``lms.database_errors``): a page that asks nothing of them."""
    log.error("database_trouble", cause=cause, route=request.endpoint or "none", trace=_trace(error))
    let_go(db.session())
    g._login_user = AnonymousUserMixin()  # noqa: SLF001
    whats = {
        FULL: _("The service has no room left: what you sent was not kept."),
        READ_ONLY: _("The service can only show things at the moment: what you sent was not kept."),
    }
    if cause == FULL:
        fix = _("What was saved before is kept. Try again later, and tell the person in charge of the training.")
    elif request.method in {"GET", "HEAD"}:
        fix = _("Nothing is lost. Try again in a moment.")
    else:
        fix = _("What was saved before is kept. Go back to your page and send it again in a moment.")
    response = _answer(503, whats.get(cause) or _("The service cannot reach its data at the moment."), fix, cause=cause)
    response.headers["Retry-After"] = str(RETRY_FULL if cause == FULL else RETRY)
    return response


def _once_more(status: int) -> list[tuple[str, str]]:
    """The way on when it was no fault of the request: a page in a frame has no button of the browser's to go back."""
    if status not in PASSING:
        return []
    if request.method in {"GET", "HEAD"}:
        return [(_("Try this page again"), request.url)]
    page = request.referrer or ""
    return [(_("Back to my page"), page)] if page.startswith(request.host_url) else []


def _settle_visitor() -> None:
    """Take the visitor for nobody when the database does not answer: the page that says so must not ask it."""
    let_go(db.session())
    try:
        if current_user.is_authenticated:
            str(current_user.person.language)
    except Exception as error:
        if trouble(error) is None:
            raise
        let_go(db.session())
        g._login_user = AnonymousUserMixin()  # noqa: SLF001


def _trace(error: BaseException | None) -> list[str]:
    """Where it happened, causes last. Messages are left out: they may quote a name, an answer or a token."""
    lines = []
    while error is not None:
        frames = extract_tb(error.__traceback__)
        shown = [frame for frame in frames[:-1] if "site-packages" not in frame.filename] + frames[-1:]
        lines.append(f"{type(error).__name__}: " + ", ".join(f"{f.filename}:{f.lineno} {f.name}" for f in shown))
        error = error.__cause__ or error.__context__
    return lines


def _answer(
    status: int, what: str, fix: str, actions: Sequence[tuple[str, str]] = (), cause: str | None = None
) -> Response:
    let_go(db.session())
    if request.path.startswith("/api/"):  # RFC 9457
        problem = jsonify(type="about:blank", title=what, status=status, detail=fix, cause=cause, reference=reference())
        problem.content_type = "application/problem+json"
        return make_response(problem, status)
    wants_json = request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    if wants_json:
        body = jsonify(message=what, fix=fix, reference=reference())
        return make_response(body, status)
    if status == 401 and session.get("frame"):
        page = render_template("lti/relaunch.html", course_url=session.get("course"), reference=reference())
    else:
        ways = [{"label": label, "url": url} for label, url in actions or _once_more(status)]
        page = render_template(
            "error.html", code=status, title=what, what=what, fix=fix, reference=reference(), actions=ways
        )
    return make_response(page, status)
