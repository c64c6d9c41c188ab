"""What wallets speak to: documents anybody may read, and the doors of OpenID4VCI 1.0."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from certificates.sign.jsonld import parse
from certificates.sign.token_status import MEDIA_TYPE as STATUS_TOKEN
from certificates.wallet import metadata
from lms.models import db
from lms.pages import config
from lms.security import limited
from lms.services import token_status, verification, wallet, wallet_offers
from lms.services.wallet_offers import Denied

blueprint = Blueprint("oid4vci", __name__)
#: Wallets post here: a code, a token or a proof protects each of these doors, not our form token.
OWN_TOKEN = ("oid4vci.token", "oid4vci.nonce", "oid4vci.credential", "oid4vci.deferred")

_STATUS = {"invalid_token": 401}  # nosec B105 # the name of a kind, no secret
#: What a wallet may send, in bytes: a proof is a hundred times smaller.
_LARGEST = 64 * 1024


@blueprint.after_request
def from_anywhere(answer: Response) -> Response:
    """Let wallets that live in a browser speak to us too: no door here looks at cookies."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Access-Control-Allow-Headers"] = "authorization, content-type"
    return answer


@blueprint.get("/status/token-<int:number>")
@limited("120 per minute")
def status(number: int) -> ResponseReturnValue:
    """A status list as wallets' credentials name it."""
    found = token_status.token_list(db.session(), number)
    if found is None:
        abort(404)
    return _open(make_response(found), STATUS_TOKEN)


@blueprint.get("/.well-known/openid-credential-issuer", defaults={"path": ""})
@blueprint.get("/.well-known/openid-credential-issuer/<path:path>")
def issuer(path: str) -> ResponseReturnValue:
    """What is issued here, where and how (OpenID4VCI 1.0, section 12.2.2)."""
    _here(path)
    name = {"fr": config().issuer_name_fr, "en": config().issuer_name_en}
    return _open(jsonify(metadata.issuer_metadata(config().base_url, name)))


@blueprint.get("/.well-known/oauth-authorization-server", defaults={"path": ""})
@blueprint.get("/.well-known/oauth-authorization-server/<path:path>")
def authorization(path: str) -> ResponseReturnValue:
    """How a token is had (RFC 8414)."""
    _here(path)
    return _open(jsonify(metadata.authorization_metadata(config().base_url)))


@blueprint.get("/.well-known/jwt-vc-issuer", defaults={"path": ""})
@blueprint.get("/.well-known/jwt-vc-issuer/<path:path>")
def keys(path: str) -> ResponseReturnValue:
    """The keys that sign what goes to wallets."""
    _here(path)
    document = verification.did_document(db.session(), config().base_url)
    if document is None:
        abort(503)
    return _open(jsonify(metadata.key_metadata(config().base_url, document)))


@blueprint.get("/oid4vci/types/certificate")
def credential_type() -> ResponseReturnValue:
    """What the type of our SD-JWT credentials means."""
    return _open(jsonify(metadata.type_metadata(config().base_url)))


@blueprint.post("/oid4vci/token")
@limited("60 per minute")
def token() -> ResponseReturnValue:
    """An access token for the code of an offer and the figures shown with it."""
    if request.mimetype != "application/x-www-form-urlencoded" or any(len(v) > 1 for v in request.form.listvalues()):
        return _denied(Denied("invalid_request", "A form with each value once is needed."))
    try:
        given = wallet_offers.claim(db.session(), config().secret_key, request.form)
    except Denied as error:
        db.session.commit()  # a try that failed counts
        return _denied(error)
    db.session.commit()
    life = int(wallet_offers.TOKEN_LIFE.total_seconds())
    return _private(jsonify({"access_token": given, "token_type": "Bearer", "expires_in": life}))  # nosec B105 # the name of a kind, no secret


@blueprint.post("/oid4vci/nonce")
@limited("120 per minute")
def nonce() -> ResponseReturnValue:
    """A nonce for the next proof."""
    return _private(jsonify(c_nonce=wallet.new_nonce(config().secret_key)))


@blueprint.post("/oid4vci/credential")
@limited("60 per minute")
def credential() -> ResponseReturnValue:
    """Ask for a credential: it is signed by a worker, and collected with the number given."""
    try:
        number = wallet.ask(db.session(), config().secret_key, config().base_url, _bearer(), _body())
    except Denied as error:
        db.session.commit()  # a nonce that was used stays so
        return _denied(error)
    db.session.commit()
    return _later(number)


@blueprint.post("/oid4vci/deferred_credential")
@limited("240 per minute")
def deferred() -> ResponseReturnValue:
    """Collect a credential asked for, once; 202 while it is being signed."""
    body = _body()
    number = body.get("transaction_id") if isinstance(body, dict) else None
    try:
        given = wallet.collect(db.session(), _bearer(), number)
    except Denied as error:
        return _denied(error)
    db.session.commit()
    if given is None:
        return _later(str(number))
    return _private(jsonify(credentials=[{"credential": given}]))


def _here(path: str) -> None:
    """Wallets put the path of our address after the well-known one (RFC 8615); any other names somebody else."""
    if path.strip("/") not in {"", urlsplit(config().base_url).path.strip("/")}:
        abort(404)


def _bearer() -> str:
    scheme, _space, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _body() -> Any:
    """What was sent as JSON; None when it is not, or too large."""
    data = request.get_data()
    try:
        return parse(data) if len(data) <= _LARGEST else None
    except ValueError:
        return None


def _later(number: str) -> Response:
    answer = _private(jsonify(transaction_id=number, interval=wallet.INTERVAL))
    answer.status_code = 202
    return answer


def _denied(error: Denied) -> Response:
    answer = _private(jsonify(error=error.error, error_description=error.why))
    answer.status_code = _STATUS.get(error.error, 400)
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return answer


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _open(answer: Response, media_type: str = "application/json") -> Response:
    answer.headers["Content-Type"] = media_type
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer
