"""``/api/v1/token``: a short token for an id and a secret (OAuth 2.0, client credentials: RFC 6749, section 4.4)."""

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from lms.api_access import api_headers
from lms.models import db
from lms.security import limited
from lms.services.api_clients import SHORT, ClientRefused, give_token

blueprint = Blueprint("token", __name__, url_prefix="/api/v1/token")
blueprint.after_request(api_headers)


@blueprint.post("")
@limited("120 per minute")
def give() -> ResponseReturnValue:
    """A token, to whoever sends the id and the secret, in the header or in the form, and not in both."""
    try:
        if request.form.get("grant_type") != "client_credentials":
            raise ClientRefused(*_grant())
        token, scopes = give_token(db.session(), *_pair(), request.form.get("scope", ""))
    except ClientRefused as refusal:
        db.session.rollback()
        return _refused(refusal)
    db.session.commit()
    lasts = int(SHORT.total_seconds())
    given = jsonify({"access_token": token, "token_type": "Bearer", "expires_in": lasts, "scope": " ".join(scopes)})  # nosec B105 # the name of a kind, no secret
    given.headers["Cache-Control"] = "no-store"
    return given


def _grant() -> tuple[str, str]:
    if "grant_type" not in request.form:
        return "invalid_request", "Send a form with grant_type=client_credentials."
    return "unsupported_grant_type", "The only grant here is client_credentials."


def _pair() -> tuple[str, str]:
    """The id and the secret. Raises ``ClientRefused``."""
    header, form = request.authorization, request.form
    in_form = "client_id" in form or "client_secret" in form
    if "Authorization" in request.headers:
        if header is None or header.type != "basic":
            raise ClientRefused("invalid_client", "The header is not « Authorization: Basic … ».")
        if "client_secret" in form:
            raise ClientRefused("invalid_request", "Send the secret in the header or in the form, and not in both.")
        return header.username or "", header.password or ""
    if not in_form:
        raise ClientRefused("invalid_client", "Send client_id and client_secret.")
    return form.get("client_id", ""), form.get("client_secret", "")


def _refused(refusal: ClientRefused) -> ResponseReturnValue:
    answer: Response = jsonify(error=refusal.error, error_description=refusal.why)
    answer.headers["Cache-Control"] = "no-store"
    answer.status_code = 401 if refusal.error == "invalid_client" else 400
    if answer.status_code == 401:
        g.challenge = 'Basic realm="token"'
    return answer
