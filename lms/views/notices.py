"""The door where platforms bring their notices (Platform Notification Service 1.0)."""

import json

import structlog
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from lms.errors import reference
from lms.lti.jwks import KeysNeeded
from lms.lti.model import LtiError
from lms.lti.notices import read, speaker, tokens_of
from lms.models.database import direct_transaction
from lms.pages import platform_keys
from lms.security import limited
from lms.services.notices import take
from lms.services.platforms import find_registration

blueprint = Blueprint("notices", __name__, url_prefix="/lti")
#: Platforms post here: the signature of each notice protects the door, not our form token.
CROSS_SITE = True

log = structlog.get_logger()


@blueprint.post("/notices")
@limited("600 per minute")
def receive() -> ResponseReturnValue:
    """Take every notice of the request, or none: 200, 409 when each was taken before, else 4xx and a reference."""
    try:
        tokens = tokens_of(_document())
        for _turn in range(2):
            try:
                taken = _take_all(tokens)
                break
            except KeysNeeded as needed:
                platform_keys().fetch(needed.url)  # no transaction is open meanwhile
        else:
            raise LtiError("unreachable", "its keys changed again at once")
    except LtiError as error:
        log.warning("notice_refused", cause=error.cause)
        status = 403 if error.cause in {"suspended", "deployment_suspended"} else 400
        return jsonify(error=error.cause, reference=reference()), status
    log.info("notices", taken=taken)
    return jsonify(taken=taken), 200 if taken else 409


def _take_all(tokens: list[str]) -> int:
    with direct_transaction() as own:
        taken = 0
        for token in tokens:
            issuer, audiences = speaker(token)
            registration = find_registration(own, issuer, audiences[0] if len(audiences) == 1 else None, None)
            taken += take(own, registration, read(token, registration, platform_keys()))
        return taken


def _document() -> object:
    try:
        return json.loads(request.get_data())
    except (ValueError, RecursionError) as error:
        raise LtiError("notice_malformed") from error
