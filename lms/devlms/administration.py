"""What administrators do: connect tools, activate them, and the doors a tool registers through."""

import json
import secrets
from dataclasses import replace
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lms.devlms.campus import campus
from lms.devlms.errors import Refused
from lms.devlms.registrations import MetadataRefused, accepted, answered, platform_configuration
from lms.devlms.services import require_whole_characters
from lms.devlms.tools import origin_of
from lms.devlms.visitors import know_visitors

administration = Blueprint("administration", __name__)
know_visitors(administration)
registration_doors = Blueprint("registration", __name__)


@administration.before_request
def only_administrators() -> None:
    """Refuse anybody else."""
    if g.person is None or not g.person.is_administrator:
        raise Refused(403, "Seul un administrateur connecte des outils. Choisissez-le dans « Personnes ».")


@administration.get("/tools")
def tools() -> str:
    """The tools, and where to paste the registration address of another."""
    return render_template("devlms/tools.html", tools=campus().tools(), deliveries=list(campus().deliveries))


@administration.post("/tools/register")
def register() -> str:
    """Open the tool's registration page in a frame, with our configuration and a one-use token."""
    url = request.form.get("url", "").strip()
    if not url.startswith(("http://", "https://")):
        raise Refused(400, "Collez l'adresse d'inscription que donne l'outil.")
    here = campus()
    asked = {
        "openid_configuration": f"{here.settings.issuer}/.well-known/openid-configuration",
        "registration_token": here.registration_tokens.issue(),
    }
    g.framed = {origin_of(url)}
    src = f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"
    return render_template("devlms/register.html", src=src, origin=origin_of(url))


@administration.post("/tools/<int:number>/activate")
def activate(number: int) -> BaseResponse:
    """Let a registered tool be launched and given tokens."""
    tool = next((tool for tool in campus().catalogue.tools() if tool.number == number), None)
    if tool is None:
        abort(404, "Cet outil n'existe pas.")
    campus().catalogue.change_tool(replace(tool, active=True))
    return redirect(url_for(".tools"), code=303)


@registration_doors.get("/.well-known/openid-configuration")
def openid_configuration() -> Response:
    """What a tool must know of this platform before it registers."""
    return jsonify(platform_configuration(campus()))


@registration_doors.post("/register")
def register_client() -> Response:
    """Register the tool that bears an administrator's token; the token serves once."""
    here = campus()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not here.registration_tokens.is_open(token):
        return _token_refused()
    try:
        asked = json.loads(request.get_data())
        require_whole_characters(asked)
    except ValueError as error:
        raise MetadataRefused(f"The body is no JSON: {error}") from error
    if not isinstance(asked, dict):
        raise MetadataRefused("The body is a JSON object")
    described = accepted(here, asked, secrets.token_urlsafe(12))
    if not here.registration_tokens.use(token):
        return _token_refused()
    tool = here.catalogue.add_tool(described)
    return jsonify(answered(asked, tool, with_deployment=not here.quirks.no_deployment_in_registration))


def _token_refused() -> Response:
    # Moodle's answer to a reused token is plain text, whatever the tool expects.
    return Response("The registration token is unknown, expired or already used.", 401, content_type="text/plain")
