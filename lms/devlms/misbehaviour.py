"""The habits that touch every answer: outages, limits, lost headers and a clock that is wrong."""

import time

from flask import Response, request
from werkzeug.http import http_date

from lms.devlms.campus import campus
from lms.devlms.errors import Refused

SERVICES = "/services/"


def misbehave() -> None:
    """Refuse, or wait, as the quirks in force say."""
    quirks = campus().quirks
    if quirks.slow_seconds:
        time.sleep(quirks.slow_seconds)
    if request.endpoint in {"settings.show", "settings.change", "static"}:
        return  # the page that ends an outage stays open
    if quirks.down:
        raise Refused(503, "La plateforme ne répond pas pour le moment.")
    if not request.path.startswith(SERVICES):
        return
    if campus().take_rate_limited():
        raise Refused(429, "Too many requests", {"Retry-After": "1"})
    if quirks.strip_authorization:
        raise Refused(401, "No Authorization header reached the platform", {"WWW-Authenticate": "Bearer"})


def date_by_own_clock(response: Response) -> Response:
    """Date the answer by the platform's own clock."""
    response.headers["Date"] = http_date(campus().now())
    return response
