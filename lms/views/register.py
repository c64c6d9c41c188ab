"""Connecting a platform from inside it: one pasted address, one consent (LTI Dynamic Registration 1.0, LTI.md R25)."""

import json

import structlog
from cryptography.fernet import InvalidToken
from flask import Blueprint, Response, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, validate_csrf
from wtforms import ValidationError

from lms.connecting import canvas_key, copy_fields, product_name, promised_services
from lms.errors import Refused, reference
from lms.lti.addresses import origin_of
from lms.lti.model import LtiError
from lms.lti.registration import (
    TOKEN_LIMIT,
    PlatformConfiguration,
    RegistrationRefused,
    fetch_configuration,
    register,
    registration_request,
)
from lms.models import Invitation, db
from lms.models.secrets import cipher, hashed
from lms.pages import config, outbound
from lms.refusals import platform_refusal, registration_refusal
from lms.security import framed_by, limited
from lms.services import invitations
from lms.services.registrations import check_issuer, connect

blueprint = Blueprint("register", __name__, url_prefix="/lti")
#: A frame may keep no cookie: the form token is then missing, and the page must say what to do (LTI.md G12).
OWN_TOKEN = ("register.consent",)

log = structlog.get_logger()

PURPOSE = "registration form"
#: How long a consent page may stay open, in seconds: as long as Moodle's registration token.
LIFETIME = 3600
ADDRESS_LIMIT = 2000


@blueprint.get("/register")
@limited("60 per minute")
def ask() -> ResponseReturnValue:
    """Where the address is to be pasted; opened by a platform, what it will share and one button."""
    _in_any_frame()
    token, url = request.args.get("invite", ""), request.args.get("openid_configuration", "")
    try:
        invitation = invitations.usable(db.session(), token)
        if not url:
            return _paste_page(token)
        key = request.args.get("registration_token", "")
        if len(url) > ADDRESS_LIMIT or len(key) > TOKEN_LIMIT:
            raise LtiError("configuration_malformed", "openid_configuration")
        hosts = tuple(invitation.hosts)
        db.session.rollback()  # no transaction is open while the platform answers
        found = fetch_configuration(outbound(), url, hosts)
        check_issuer(db.session(), invitations.usable(db.session(), token), found.issuer)
    except LtiError as error:
        raise _refusal(error) from error
    _in_frame_of(found)
    return render_template(
        "register/consent.html", name=found.name, issuer=found.issuer, product=product_name(found.product),
        services=promised_services(found), sealed=_seal(found, key, token), invite=token, embedded=True,
        platform_origin=origin_of(found.url),
    )  # fmt: skip


@blueprint.post("/register")
@limited("60 per minute")
def consent() -> ResponseReturnValue:
    """Register the tool on the platform that the page named; the invitation is used up, or given back."""
    _in_any_frame()
    token = request.form.get("invite", "")
    try:
        found, key = _unseal(request.form.get("request", ""), token)
        _in_frame_of(found)
        if not _same_browser():
            return _without_cookie(found, key, token)
        row = invitations.usable(db.session(), token)
        check_issuer(db.session(), row, found.issuer)
        invitations.use_up(db.session(), row)
        db.session.commit()
        platform_id, deployed = _connected(found, key, token)
    except LtiError as error:
        raise _refusal(error) from error
    log.info("platform_connected", platform=platform_id, product=found.product[:20])
    return render_template(
        "register/done.html", name=found.name, product=found.product, product_name=product_name(found.product),
        deployed=deployed, embedded=True, close_origins=_framers(found),
        status_url=config().base_url + url_for("platforms.status", platform_id=platform_id),
    )  # fmt: skip


@blueprint.get("/canvas.json")
def canvas() -> ResponseReturnValue:
    """The tool as a Canvas developer key reads it from an address."""
    return jsonify(canvas_key(config().base_url))


def _connected(found: PlatformConfiguration, key: str, token: str) -> tuple[int, bool]:
    """(our platform, whether it has a deployment); the invitation is given back unless both sides agree."""
    connected = False
    try:
        answer = register(outbound(), found, key or None, registration_request(config().base_url, found))
        row = db.session.get_one(Invitation, hashed(token), populate_existing=True)
        platform = connect(db.session(), row, found, answer)
        db.session.commit()
        connected = True
    except RegistrationRefused as error:
        log.warning("registration_refused", status=error.status)
        raise platform_refusal(error.status, error.said) from error
    finally:
        if not connected:
            db.session.rollback()
            invitations.give_back(db.session(), hashed(token))
            db.session.commit()
    return platform.id, bool(platform.deployments)


def _paste_page(token: str) -> str:
    address = invitations.address(config().base_url, token)
    return render_template("register/paste.html", address=address, fields=copy_fields(config().base_url))


def _without_cookie(found: PlatformConfiguration, key: str, token: str) -> ResponseReturnValue:
    """The frame keeps no cookie: nothing is used up, and the same consent is asked for in a tab of its own."""
    log.warning("registration_refused", cause="cookie")
    again = url_for("register.ask", invite=token, openid_configuration=found.url, registration_token=key or None)
    page = render_template(
        "register/new_tab.html", again_url=again, reference=reference(), name=found.name, embedded=True
    )
    return page, 403


def _same_browser() -> bool:
    try:
        validate_csrf(request.form.get("csrf_token", ""))
    except (ValidationError, CSRFError):
        return False
    return True


def _seal(found: PlatformConfiguration, key: str, token: str) -> str:
    """What was consented to, kept in the page: what is registered is what was shown."""
    kept = json.dumps({"found": found.as_json(), "key": key, "invite": hashed(token)})
    return cipher(config().secret_key, PURPOSE).encrypt(kept.encode()).decode()


def _unseal(sealed: str, token: str) -> tuple[PlatformConfiguration, str]:
    try:
        kept = json.loads(cipher(config().secret_key, PURPOSE).decrypt(sealed.encode(), ttl=LIFETIME))
    except InvalidToken as error:
        raise LtiError("form_expired") from error
    if kept["invite"] != hashed(token):
        raise LtiError("invitation_unknown")
    return PlatformConfiguration.from_json(kept["found"]), kept["key"]


def _in_any_frame() -> None:
    """A refusal shows wherever we were opened: nothing of anybody is on it."""
    framed_by(None)


def _in_frame_of(found: PlatformConfiguration) -> None:
    """From now on, only this platform's own pages may frame the answer (LTI.md G11)."""
    g.framers = " ".join(_framers(found))


def _framers(found: PlatformConfiguration) -> list[str]:
    """The origins of a platform's pages, checked to be its own."""
    return sorted({origin_of(url) for url in (found.url, found.issuer, found.auth_url, found.registration_url)})


def _refusal(error: LtiError) -> Refused:
    log.warning("registration_refused", cause=error.cause, detail=error.detail[:100])
    return registration_refusal(error.cause, error.detail)


@blueprint.after_request
def _keep_opener(response: Response) -> Response:
    # Some platforms open us in a window of its own, and wait there for the word that we are done.
    response.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return response
