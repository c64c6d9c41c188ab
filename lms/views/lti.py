"""LTI doors: login, every message, the tool's public keys."""

import re
from dataclasses import replace

import structlog
from flask import Blueprint, jsonify, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from lms import metrics
from lms.arriving import arrived, going_on
from lms.errors import Refused, reference
from lms.i18n import gettext as _
from lms.lti.addresses import origin_of
from lms.lti.binding import proof_of, proven, storage_key, storage_target
from lms.lti.jwks import KeysNeeded
from lms.lti.launch import ours, verify
from lms.lti.model import Login, LtiError, Message, PendingLogin, Registration
from lms.lti.pylti import login_url
from lms.lti.state import LIFETIME, consume, full, remember
from lms.models import db, utcnow
from lms.models.database import direct_statements, direct_transaction
from lms.models.secrets import hashed, new_token, same
from lms.pages import config, platform_keys, tool_keys
from lms.refusals import lti_refusal
from lms.security import framed_by
from lms.services.platforms import find_registration, login_under_way
from lms.services.sessions import HANDOVER
from lms.signing_in import end_session

blueprint = Blueprint("lti", __name__, url_prefix="/lti")
#: Platforms post here from their own origin: state and signature protect these doors, not our form token.
CROSS_SITE = True

log = structlog.get_logger()

FIELD_LIMIT = 8000
#: What may be logged of a platform's refusal (RFC 6749, section 4.1.2.1).
OAUTH_CODE = re.compile(r"[a-z_]{1,50}")
#: A longer address of the course would not fit in the cookie, which keeps it for when the session has ended.
COURSE_LIMIT = 500
#: Longest target kept between login and launch.
TARGET_LIMIT = 2000


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    """Third-party-initiated login: remember it, send the browser to the platform (LTI 1.3 core, 5.1.1.1)."""
    framed_by(None)  # a refusal shows in whatever frame opened us: nothing of anybody is on it
    fields = _single(request.form if request.method == "POST" else request.args)
    asked = Login(
        issuer=fields.get("iss", ""),
        login_hint=fields.get("login_hint", ""),
        target=fields.get("target_link_uri", ""),
        client_id=fields.get("client_id") or None,
        deployment_id=fields.get("lti_deployment_id") or None,
        message_hint=fields.get("lti_message_hint") or None,
        storage_target=storage_target(fields.get("lti_storage_target", "")),
    )
    try:
        if not asked.issuer or not asked.login_hint:
            raise LtiError("login_malformed", "iss and login_hint are required")
        if not ours(asked.target, config().base_url) or len(asked.target) > TARGET_LIMIT:
            raise LtiError("target")
        with direct_statements() as own:
            found = find_registration(own, asked.issuer, asked.client_id, asked.deployment_id)
            return _begin(own, asked, found)
    except LtiError as error:
        raise _refusal(error) from error


@blueprint.get("/again")
def again() -> ResponseReturnValue:
    """Begin the same login again in a tab of its own, where the browser keeps our cookie (LTI.md R5)."""
    state = _single(request.args).get("state", "")
    try:
        with direct_transaction() as own:
            known, found = login_under_way(own, state)
            consume(own, state)
            asked = Login(
                found.issuer, known.login_hint, known.target, found.client_id, known.deployment_id, known.message_hint
            )
            return _begin(own, asked, found)
    except LtiError as error:
        raise _refusal(error) from error


def _begin(own: Connection, asked: Login, found: Registration) -> ResponseReturnValue:
    """Send the browser to the platform's authentication, after keeping what proves that it is the same one."""
    framed_by(origin_of(found.auth_url))
    if full(own):
        raise LtiError("busy")
    cookie_came = "browser" in session
    browser = session.setdefault("browser", new_token())
    state, nonce = new_token(), new_token()
    pending = PendingLogin(
        found.platform_id, asked.deployment_id, nonce, asked.target, hashed(browser), utcnow() + LIFETIME,
        asked.login_hint, asked.message_hint, asked.storage_target,
    )  # fmt: skip
    remember(own, state, pending)
    url = login_url(asked, found, config().base_url + url_for("lti.launch"), state, nonce)
    framed = asked.storage_target is not None or request.headers.get("Sec-Fetch-Dest") in {"iframe", "frame"}
    if cookie_came or not framed:
        return redirect(url)
    # A first visit in a frame: the browser may refuse our cookie there, so the proof is kept elsewhere too.
    proof = proof_of(state, config().secret_key)
    return render_template("lti/keep.html", go_url=url, proof=proof, **_storage(pending, found, state))


@blueprint.post("/launch")
def launch() -> ResponseReturnValue:
    """Every LTI message: verified, then its consequences in one transaction, then the page it asks for."""
    framed_by(None)
    fields = _single(request.form)
    try:
        if config().trusted_proxies and config().base_url.startswith("https:") and not request.is_secure:
            raise LtiError("insecure")
        if not fields.get("state") or request.args:
            raise LtiError("message_incomplete")
        for _turn in range(2):
            try:
                return _received(fields)
            except KeysNeeded as needed:
                _fetch_keys(needed.url, fields["state"])
        raise LtiError("unreachable", "its keys changed again at once")
    except LtiError as error:
        raise _refusal(error) from error


@blueprint.get("/jwks.json")
def jwks() -> ResponseReturnValue:
    """The tool's public keys (RFC 7517)."""
    answer = make_response(jsonify(tool_keys().public(db.session())))
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def _fetch_keys(url: str, state: str) -> None:
    # No transaction is open while the platform answers.
    try:
        platform_keys().fetch(url)
    except LtiError:
        _use_up(state)
        raise


def _received(fields: dict[str, str]) -> ResponseReturnValue:
    state, bound = fields["state"], False
    try:
        with direct_transaction() as own:
            known, found = login_under_way(own, state)
            by_cookie = same(known.browser_hash, hashed(session.get("browser", "")))
            bound = by_cookie or _brought_by_our_page(fields)
            framed_by(origin_of(found.auth_url))
            if not bound:
                return _unbound(fields, known, found)
            if "error" in fields:
                code = fields["error"]
                raise LtiError("platform_refused", code if OAUTH_CODE.fullmatch(code) else "not a code")
            message = _as_shown(verify(fields.get("id_token", ""), known, found, platform_keys(), config().base_url))
            if not consume(own, state):
                raise LtiError("state_unknown", "used at the same moment by another request")
            token, page = arrived(own, message, config().session_minutes if by_cookie else HANDOVER)
            if by_cookie:
                end_session(own)
    except LtiError:
        if bound:
            _use_up(state)
        raise
    metrics.accepted(type(message).__name__)
    log.info("launch", platform=found.platform_id, message=type(message).__name__, roles=sorted(message.roles))
    if not by_cookie:  # the browser keeps no cookie here: the same session goes on in a tab of its own
        return render_template("lti/hand_over.html", arrive_url=url_for("account.arrive", token=token, next=page))
    # A new identity starts from nothing of an earlier visitor. The proof of the browser is nobody's, and another
    # activity may be opening in a second tab.
    kept = {name: session[name] for name in ("language", "browser") if name in session}
    session.clear()
    session.update(kept, sid=token)
    if message.embedded:
        session["frame"] = origin_of(found.auth_url)
        if message.return_url and len(message.return_url) <= COURSE_LIMIT:
            session["course"] = message.return_url
    return redirect(page, 303)


def _as_shown(message: Message) -> Message:
    """The message, in a tab of its own where the browser says so: a login begun again there still speaks of a frame."""
    alone = request.headers.get("Sec-Fetch-Dest") == "document"
    return replace(message, embedded=False) if alone and message.embedded else message


def _brought_by_our_page(fields: dict[str, str]) -> bool:
    """Whether the proof came from a page of ours: on another site's word it could be an attacker's own (T15)."""
    ours_alone = request.headers.get("Origin") == origin_of(config().base_url)
    return ours_alone and proven(fields.get("proof", ""), fields["state"], config().secret_key)


def _unbound(fields: dict[str, str], known: PendingLogin, found: Registration) -> ResponseReturnValue:
    """No cookie came back: nothing is used up, and the page looks for the other proof, or offers a tab of its own."""
    metrics.refused("browser")
    log.warning("lti_refused", cause="browser")
    page = render_template(
        "lti/browser.html", state=fields["state"], id_token=fields.get("id_token", ""), reference=reference(),
        tried="proof" in fields, again_url=url_for("lti.again", state=fields["state"]),
        **_storage(known, found, fields["state"]),
    )  # fmt: skip
    return page, 403


def _storage(pending: PendingLogin, found: Registration, state: str) -> dict[str, str | None]:
    """What the script needs to keep or find the proof of a state."""
    return {
        "storage_key": storage_key(state),
        "storage_target": pending.storage_target,
        "storage_origin": origin_of(found.auth_url),
    }


def _use_up(state: str) -> None:
    # A message that does not hold uses its state up all the same: it cannot be tried again with another token.
    with direct_transaction() as own:
        consume(own, state)


def _single(values: MultiDict[str, str]) -> dict[str, str]:
    for name in values:
        if len(values.getlist(name)) > 1:
            raise _refusal(LtiError("message_repeated", name[:50]))
        if name != "id_token" and len(values[name]) > FIELD_LIMIT:
            raise _refusal(LtiError("message_too_long", name[:50]))
    return values.to_dict()


def _refusal(error: LtiError) -> Refused:
    """The page of a cause; whoever is signed in, as after « back » or a second post, may go on where they were."""
    metrics.refused(error.cause)
    log.warning("lti_refused", cause=error.cause, detail=error.detail[:100])
    refused = lti_refusal(error.cause)
    if error.cause == "state_unknown" and current_user.is_authenticated:
        refused.actions = [(_("Go on where you were"), going_on())]
    return refused
