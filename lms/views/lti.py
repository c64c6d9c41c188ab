"""LTI doors: login, launch, the tool's public keys."""

import re
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, jsonify, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from lms.errors import Refused, reference
from lms.i18n import from_lti_locale
from lms.i18n import gettext as _
from lms.lti.jwks import KeysNeeded
from lms.lti.launch import ours, verify
from lms.lti.model import Launch, Login, LtiError, PendingLogin, Registration
from lms.lti.pylti import login_url
from lms.lti.state import LIFETIME, consume, full, remember
from lms.models import db, utcnow
from lms.models.database import direct_transaction
from lms.models.secrets import hashed, new_token, same
from lms.pages import config, platform_keys, tool_keys, tracks
from lms.security import framed_by
from lms.services.launches import Arrival, arrive
from lms.services.learning import enrol
from lms.services.platforms import find_registration, login_under_way
from lms.services.results import promise_certificates, promise_scores
from lms.services.sessions import open_session

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
    )
    browser = session.setdefault("browser", new_token())
    state, nonce = new_token(), new_token()
    try:
        if not asked.issuer or not asked.login_hint:
            raise LtiError("login_malformed", "iss and login_hint are required")
        if not ours(asked.target, config().base_url) or len(asked.target) > TARGET_LIMIT:
            raise LtiError("target")
        with direct_transaction() as own:
            found = find_registration(own, asked.issuer, asked.client_id, asked.deployment_id)
            framed_by(_origin(found))
            if full(own):
                raise LtiError("busy")
            until = utcnow() + LIFETIME
            login = PendingLogin(found.platform_id, asked.deployment_id, nonce, asked.target, hashed(browser), until)
            remember(own, state, login)
        launch_url = config().base_url + url_for("lti.launch")
        return redirect(login_url(asked, found, launch_url, state, nonce))
    except LtiError as error:
        raise _refusal(error) from error


@blueprint.post("/launch")
def launch() -> ResponseReturnValue:
    """Every LTI message: verified, then its consequences in one transaction, then the learner's page."""
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
            bound = same(known.browser_hash, hashed(session.get("browser", "")))
            if not bound:
                raise LtiError("browser", "the login began in another browser, or its cookie was kept from us")
            framed_by(_origin(found))
            if "error" in fields:
                code = fields["error"]
                raise LtiError("platform_refused", code if OAUTH_CODE.fullmatch(code) else "not a code")
            message = verify(fields.get("id_token", ""), known, found, platform_keys(), config().base_url)
            if not consume(own, state):
                raise LtiError("state_unknown", "used at the same moment by another request")
            token, page = _arrived(own, message)
    except LtiError:
        if bound:
            _use_up(state)
        raise
    # A new identity starts from nothing of an earlier visitor. The proof of the browser is nobody's, and another
    # activity may be opening in a second tab.
    kept = {name: session[name] for name in ("language", "browser") if name in session}
    session.clear()
    session.update(kept, sid=token)
    if message.embedded:
        session["frame"] = _origin(found)
        if message.return_url and len(message.return_url) <= COURSE_LIMIT:
            session["course"] = message.return_url
    log.info("launch", platform=found.platform_id, roles=sorted(message.roles))
    return redirect(page, 303)


def _arrived(own: Connection, message: Launch) -> tuple[str, str]:
    """(session token, page to show) of a launch, recorded."""
    arrival = arrive(own, message, from_lti_locale(message.locale))
    token = open_session(
        own, arrival.person_id, arrival.roles, config().session_minutes,
        launch=message, context_id=arrival.context_id, resource_link_id=arrival.link_id,
    )  # fmt: skip
    if arrival.named:
        with Session(own) as joined:
            promise_certificates(joined, arrival.person_id, tracks())
    return token, _page(own, arrival)


def _page(own: Connection, arrival: Arrival) -> str:
    """Where the link leads: its track or module for learners, their room for the others."""
    if "learner" not in arrival.roles and arrival.roles & {"hr", "administrator"}:
        return url_for("home.index")
    if "trainer" in arrival.roles:
        return url_for("teach.cohort", context_id=arrival.context_id)
    track = tracks().get(arrival.track_key or "")
    if track is None:
        if arrival.track_key:
            raise LtiError("track_unknown", arrival.track_key)
        return url_for("learn.catalogue")
    if not arrival.enrolled:
        enrol(own, arrival.person_id, track)
    elif arrival.new_column:
        with Session(own) as joined:
            promise_scores(joined, arrival.person_id, track, arrival.link_id)
    module = track.module(arrival.module_key or "")
    if module is not None and module.published:
        return url_for("learn.module", track_key=track.key, module_key=module.key)
    return url_for("learn.track", track_key=track.key)


def _use_up(state: str) -> None:
    # A message that does not hold uses its state up all the same: it cannot be tried again with another token.
    with direct_transaction() as own:
        consume(own, state)


def _origin(found: Registration) -> str:
    parts = urlsplit(found.auth_url)
    return f"{parts.scheme}://{parts.netloc}"


def _single(values: MultiDict[str, str]) -> dict[str, str]:
    for name in values:
        if len(values.getlist(name)) > 1:
            raise _refusal(LtiError("message_repeated", name[:50]))
        if name != "id_token" and len(values[name]) > FIELD_LIMIT:
            raise _refusal(LtiError("message_too_long", name[:50]))
    return values.to_dict()


def _refusal(error: LtiError) -> Refused:
    """The words for a cause: what happened, what to do (LTI.md R22)."""
    relaunch = _("Go back to your training platform and open the activity again.")
    tell = _("Give this reference to the administrator of your training platform.")
    words = {
        "state_unknown": (_("This opening has expired or was already used."), relaunch),
        "browser": (
            _("Your browser did not keep the cookie that protects your sign-in."),
            _("Open the activity again, in a new tab if your platform offers it."),
        ),
        "clock": (
            _("The message of the training platform is too old, or its clock and ours differ."),
            _("Open the activity again. If this comes back, the administrator should check both clocks."),
        ),
        "suspended": (_("The connection with this training platform is suspended."), tell),
        "issuer_unknown": (_("This training platform is not connected to the service."), tell),
        "client_ambiguous": (_("The training platform did not say which connection it uses."), tell),
        "unreachable": (_("The training platform does not answer, so its message cannot be checked."), relaunch),
        "track_unknown": (
            _("This activity leads to a track that does not exist here."),
            _("The trainer should choose the track again in the course."),
        ),
        "platform_refused": (_("The training platform refused to sign you in."), relaunch),
        "busy": (_("Many people are signing in at this moment."), _("Wait a minute and open the activity again.")),
    }
    what, fix = words.get(error.cause, (_("The message of the training platform cannot be accepted."), tell))
    log.warning("lti_refused", cause=error.cause, detail=error.detail[:100], reference=reference())
    status = {"busy": 503, "suspended": 403, "browser": 403}.get(error.cause, 400)
    return Refused(what, fix, status=status, cause="lti_" + error.cause)
