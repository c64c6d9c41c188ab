"""What every request leaves behind: its id in the answer, a line in the log, its place in the figures."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask, Response, request

from lms import metrics, request_ids

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

#: Methods by their names in logs; a client may send any other word.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: Asked every few seconds by machines, or many times a page: a line only when they fail.
QUIET = frozenset({"static", "system.alive", "system.ready", "system.metrics"})
_BEGAN = "mpia.began"


class Identified:
    """Gives each request an id before anything else sees it.

    That of the proxy in front where there is one to trust and what it says is well formed; else a new one. The proxy
    must set ``X-Request-ID`` itself, as it does ``X-Forwarded-For``: what browsers send there is not theirs to choose.
    """

    def __init__(self, app: "WSGIApplication", *, trusting: bool) -> None:
        self._app, self._trusting = app, trusting

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        said = environ.get("HTTP_X_REQUEST_ID") if self._trusting else None
        environ[_BEGAN] = time.perf_counter()
        with request_ids.during(request_ids.accepted(said) or request_ids.new()):
            return self._app(environ, start_response)


def init_access(app: Flask) -> None:
    """Note every request of the application. Before any other hook, so that its time holds them all."""
    app.after_request(_note)


def _note(response: Response) -> Response:
    began: Any = request.environ.get(_BEGAN)
    seconds = time.perf_counter() - began if began is not None else 0.0
    # A name of the code, never the path: codes of certificates and numbers of people stand in paths.
    route = request.endpoint or "none"
    metrics.answered(route, response.status_code, seconds)
    if route not in QUIET or response.status_code >= 500:
        log.info(
            "request",
            method=request.method if request.method in METHODS else "other",
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
    request_id = request_ids.current()
    if request_id is not None:
        response.headers[request_ids.HEADER] = request_id
    return response
