"""The doors of sign-in and trust: authentication, tokens and keys (LTI Security Framework 1.0)."""

import time

from flask import Blueprint, Response, jsonify, render_template, request

from lms.devlms.campus import campus
from lms.devlms.errors import TokenRefused
from lms.devlms.launches import claims
from lms.devlms.tokens import granted_scopes, read_assertion
from lms.devlms.vocabulary import SCOPES

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
    if asked.get("client_id") != here.settings.client_id:
        return _refusal("Cet outil n'est pas connu de la plateforme (client_id).")
    if asked.get("redirect_uri") != here.settings.launch_url:
        return _refusal("L'adresse de retour n'est pas sur la liste de l'outil (redirect_uri).")
    if here.quirks.pending:
        return _form(error="unauthorized_client", error_description="The tool awaits its activation")
    expected = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
    }
    for name, value in expected.items():
        if asked.get(name) != value:
            return _form(error="invalid_request", error_description=f"{name} is {value}")
    for name in ("nonce", "state", "login_hint", "lti_message_hint"):
        if not asked.get(name):
            return _form(error="invalid_request", error_description=f"{name} is missing")
    launch = here.launches.find(asked["lti_message_hint"], asked["login_hint"])
    if launch is None:
        return _form(error="access_denied", error_description="The hints belong to no open launch")
    if launch.person.id not in here.people or not here.people[launch.person.id].is_active:
        return _form(error="access_denied", error_description="This person has left the course")
    urls = here.service_urls(launch.link.id)
    token = here.key.sign(
        claims(here.settings, launch, urls, asked["nonce"], here.now(), withhold_names=here.quirks.names_withheld)
    )
    return _form(id_token=token)


@oidc.post("/token")
def token() -> Response:
    """An access token for a client that proves itself with a signed assertion (section 4.1.1)."""
    here, quirks = campus(), campus().quirks
    if quirks.pending:
        raise TokenRefused("invalid_client", "The tool awaits its activation")
    assertion = read_assertion(request.form, here.settings, here.token_url, here.now())
    scopes = granted_scopes(request.form, SCOPES if quirks.granted_scopes is None else quirks.granted_scopes)
    if not here.store.use_assertion(str(assertion["jti"]), float(assertion["exp"]), time.time()):
        raise TokenRefused("invalid_client", "This assertion was already used (jti)")
    answer = jsonify(
        access_token=here.tokens.issue(scopes, quirks.token_seconds),
        token_type="Bearer",  # noqa: S106  (the kind of token, not a secret)
        expires_in=quirks.token_seconds,
        scope=" ".join(sorted(scopes)),
    )
    answer.headers["Cache-Control"] = "no-store"
    if quirks.token_as_html:
        answer.content_type = "text/html; charset=utf-8"
    return answer


def _form(**fields: str) -> str:
    # A failure is posted too, with the state and without id_token, as Moodle does.
    if state := request.values.get("state"):
        fields["state"] = state
    return render_template("devlms/respond.html", action=campus().settings.launch_url, fields=fields)


def _refusal(reason: str) -> tuple[str, int]:
    return render_template("devlms/refused.html", title="Ouverture refusée", reason=reason), 400
