"""The development LMS as a Flask application.

It plays the outside world: nothing of the service is imported here, so that a fault shared by both sides
cannot hide. Anyone may be anyone in it, hence the loopback rule of its settings.
"""

from html import escape
from urllib.parse import urlsplit

from flask import Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from lms.devlms.about_people import about_people
from lms.devlms.administration import administration, registration_doors
from lms.devlms.ags import ags
from lms.devlms.campus import EXTENSION, Campus, campus
from lms.devlms.deep_linking import deep_linking
from lms.devlms.errors import Refused
from lms.devlms.groups import groups
from lms.devlms.misbehaviour import date_by_own_clock, misbehave
from lms.devlms.notices import notices
from lms.devlms.nrps import nrps
from lms.devlms.oidc import oidc
from lms.devlms.pages import pages
from lms.devlms.settings import DevLmsSettings
from lms.devlms.settings_pages import settings_pages
from lms.devlms.teaching import teaching

_MACHINE_DOORS = ("/services/", "/token", "/register", "/jwks.json", "/grades.json", "/.well-known/")
#: Pages of people, which another site may not act upon.
_PAGES = (pages, teaching, about_people, administration, settings_pages)
_BLUEPRINTS = (oidc, ags, nrps, groups, notices, deep_linking, registration_doors, *_PAGES)


def create_devlms(settings: DevLmsSettings) -> Flask:
    """An LMS with one course, whose ``app.extensions["devlms"]`` is its :class:`Campus`."""
    app = Flask("lms.devlms")
    app.extensions[EXTENSION] = Campus(settings)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.before_request(_know_our_name)
    app.before_request(_own_pages_only)
    app.before_request(misbehave)
    app.after_request(_headers)
    app.after_request(date_by_own_clock)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _know_our_name() -> None:
    # Another site must not reach us through a name it points at the loopback (DNS rebinding).
    issuer = campus().settings.issuer
    if request.host != urlsplit(issuer).netloc:
        raise Refused(400, f"Cette plateforme répond à {issuer} seulement.")


def _own_pages_only() -> None:
    # Anyone may be anyone here, yet another site must not act through a visitor's browser.
    origin = request.headers.get("Origin")
    own = request.blueprint in {page.name for page in _PAGES}
    if own and request.method == "POST" and origin not in {None, campus().settings.issuer}:
        raise Refused(403, "Cette demande vient d'un autre site.")


def _headers(response: Response) -> Response:
    policy = "default-src 'none'; frame-ancestors 'self'; base-uri 'none'"
    if response.mimetype == "text/html":
        framed = " ".join(sorted({tool.origin for tool in campus().tools()} | g.get("framed", set())))
        policy += (
            f"; style-src 'self'; script-src 'self'; img-src 'self'; frame-src 'self' {framed}; "
            f"form-action 'self' {framed}"
        )
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _refused(refusal: Refused) -> Response:
    return _error(refusal.status, refusal.message, refusal)


def _http_error(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    said = error.description if error.description != type(error).description else None
    return _error(error.code, said or "Cette adresse n'existe pas ou n'accepte pas cette demande.", None)


def _error(status: int, message: str, refusal: Refused | None) -> Response:
    headers = refusal.headers if refusal else {}
    if not request.path.startswith(_MACHINE_DOORS):
        page = render_template("devlms/refused.html", title=f"Erreur {status}", reason=message)
        return Response(page, status, headers, content_type="text/html; charset=utf-8")
    if campus().quirks.html_errors:
        page = f"<html><body><h1>{status}</h1><p>{escape(message)}</p></body></html>"
        return Response(page, status, headers, content_type="text/html; charset=utf-8")
    answer = jsonify(refusal.body() if refusal else {"error": message})
    answer.status_code = status
    answer.headers.update(headers)
    return answer
