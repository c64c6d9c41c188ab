"""Sends statements to the learning record store of the settings, many at once."""

import base64
import json
from collections.abc import Mapping, Sequence

from lms.config import Config
from lms.jobs import Tools
from lms.lti.http import retry_after
from lms.lti.model import LtiError
from lms.outside_settings import lrs_secret
from lms.services import xapi
from lms.services.claiming import Claim
from lms.services.kept_keys import kept_key
from lms.services.outcomes import N_, GiveUp, Outcome, TryLater
from lms.services.xapi import Statement, Teller

#: A store that does not answer holds back no score, and waits for no roster.
BESIDE = True
TOGETHER = 50

UNREACHABLE = N_("The learning record store cannot be reached. Check LMS_LRS_URL.")
REFUSED = N_("The learning record store refuses our key. Check LMS_LRS_KEY and the file of its secret.")
NOT_TAKEN = N_("The learning record store does not take this statement. Its keeper must look at why.")
UNEXPECTED = N_("The learning record store gave an answer that is not expected.")
SECRET = N_("The file of the secret of the learning record store cannot be read. Check LMS_LRS_SECRET_FILE.")


def run(tools: Tools, claims: Sequence[Claim]) -> Mapping[int, Outcome]:
    """Send those that are still true, in one call; each by itself where the store takes them not together."""
    config = tools.authority.config
    outcomes: dict[int, Outcome] = {claim.id: None for claim in claims}
    if not config.lrs_url:
        return outcomes  # there is no store any more
    statements = _statements(tools, claims)
    tools.session.commit()  # no transaction stays open while the store answers
    if not statements:
        return outcomes
    together = _sent(tools, config, list(statements.values()))
    if len(statements) == 1 or not isinstance(together, GiveUp):
        return {**outcomes, **dict.fromkeys(statements, together)}
    # One of them spoils the others.
    return {**outcomes, **{job: _sent(tools, config, [each]) for job, each in statements.items()}}


def _statements(tools: Tools, claims: Sequence[Claim]) -> dict[int, Statement]:
    config = tools.authority.config
    teller = Teller(config.base_url, kept_key(tools.session, config.secret_key, "xapi actor"))
    found: dict[int, Statement | None] = {}
    for claim in claims:
        if "grading_id" in claim.payload:
            found[claim.id] = xapi.result(tools.session, teller, claim.payload["grading_id"])
        else:
            found[claim.id] = xapi.completion(tools.session, teller, claim.payload["enrolment_id"])
    return {job: each for job, each in found.items() if each is not None}


def _sent(tools: Tools, config: Config, statements: Sequence[Statement]) -> Outcome:
    try:
        pair = f"{config.lrs_key}:{lrs_secret(config.lrs_secret_file)}".encode()
    except (OSError, ValueError):
        return TryLater(SECRET, cause="lrs_secret")
    headers = {
        "Authorization": "Basic " + base64.b64encode(pair).decode(), "Content-Type": "application/json",
        "X-Experience-API-Version": xapi.VERSION,
    }  # fmt: skip
    body = json.dumps(statements, ensure_ascii=False).encode()
    try:
        answer = tools.services.outbound.request("POST", f"{config.lrs_url}/statements", headers=headers, content=body)
    except LtiError as error:
        return TryLater(f"{UNREACHABLE}\n{error.cause}", cause="lrs_unreachable")
    status, after = answer.status_code, retry_after(answer)
    if answer.is_success or (status == 409 and len(statements) == 1):
        return None  # a conflict: it has that statement already
    if status in {400, 409, 413}:
        return GiveUp(f"{NOT_TAKEN}\nHTTP {status}", cause="lrs_not_taken")
    if status in {401, 403}:
        return TryLater(f"{REFUSED}\nHTTP {status}", cause="lrs_refused")
    return TryLater(f"{UNEXPECTED}\nHTTP {status}", after, cause="lrs_answer")
