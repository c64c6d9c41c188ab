"""The doors of sign-in and trust: authentication, tokens and keys (LTI Security Framework 1.0)."""

import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from lms.devlms.campus import Campus, campus
from lms.devlms.errors import TokenRefused
from lms.devlms.messages import claims
from lms.devlms.tokens import check_request, claimed_client, granted_scopes, read_assertion
from lms.devlms.tools import Tool

oidc = Blueprint("oidc", __name__)


@oidc.get("/jwks.json")
def jwks() -> Response:
    """The platform's public keys."""
    return jsonify(campus().key.jwks())


@oidc.route("/auth", methods=["GET", "POST"])
def authenticate() -> tuple[str, int] | str:
    """Answer an authentication request with a form posted to the tool (section 5.1.1)."""
    here, asked = campus(), request.values
    # Nothing is ever sent to an address that is not on the list: these two faults stay on our page.
    tool = here.tool(asked.get("client_id", ""))
    if tool is None:
        return _refusal("Cet outil n'est pas connu de la plateforme (client_id).")
    address = asked.get("redirect_uri", "")
    if address not in tool.redirect_uris:
        return _refusal("L'adresse de retour n'est pas sur la liste de l'outil (redirect_uri).")
    try:
        return _form(address, id_token=here.key.sign(_answer(here, tool, asked)))
    except _Refusal as refusal:
        # Posted too, with the state and without id_token, as Moodle does.
        return _form(address, error=refusal.code, error_description=refusal.reason)


class _Refusal(Exception):
    """An authentication error to post to the tool (OpenID Connect Core, section 3.1.2.6)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def _answer(here: Campus, tool: Tool, asked: Mapping[str, str]) -> dict[str, Any]:
    if not tool.active:
        raise _Refusal("unauthorized_client", "The tool awaits its activation")
    expected = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
    }
    for name, value in expected.items():
        if asked.get(name) != value:
            raise _Refusal("invalid_request", f"{name} is {value}")
    for name in ("nonce", "state", "login_hint", "lti_message_hint"):
        if not asked.get(name):
            raise _Refusal("invalid_request", f"{name} is missing")
    launch = here.launches.find(asked["lti_message_hint"], asked["login_hint"])
    if launch is None or launch.tool.client_id != tool.client_id:
        raise _Refusal("access_denied", "The hints belong to no open launch")
    person = here.people.get(launch.person.id)
    if person is None or not person.is_active:
        raise _Refusal("access_denied", "This person has left the course")
    return claims(here, launch, asked["nonce"])


@oidc.post("/token")
def token() -> Response:
    """An access token for a client that proves itself with a signed assertion (section 4.1.1)."""
    here, quirks = campus(), campus().quirks
    check_request(request.form)
    tool = here.tool(claimed_client(request.form))
    if tool is None or not tool.active:
        raise TokenRefused("invalid_client", "No such tool, or it awaits its activation")
    assertion = read_assertion(request.form, tool, here.at(tool).token, here.now())
    allowed = here.scopes() if tool.scopes is None else tool.scopes
    if quirks.granted_scopes is not None:
        allowed = tuple(scope for scope in allowed if scope in quirks.granted_scopes)
    scopes = granted_scopes(request.form, allowed)
    if not here.store.use_assertion(str(assertion["jti"]), float(assertion["exp"]), time.time()):
        raise TokenRefused("invalid_client", "This assertion was already used (jti)")
    answer = jsonify(
        access_token=here.tokens.issue(tool.client_id, scopes, quirks.token_seconds),
        token_type="Bearer",  # nosec B106 # noqa: S106 - the kind of token, not a secret
        expires_in=quirks.token_seconds,
        scope=" ".join(sorted(scopes)),
    )
    answer.headers["Cache-Control"] = "no-store"
    if quirks.token_as_html:
        answer.content_type = "text/html; charset=utf-8"
    return answer


def _form(action: str, **fields: str) -> str:
    if state := request.values.get("state"):
        fields["state"] = state
    return render_template("devlms/respond.html", action=action, fields=fields)


def _refusal(reason: str) -> tuple[str, int]:
    return render_template("devlms/refused.html", title="Ouverture refusée", reason=reason), 400
