"""Sign-in by OpenID Connect: to the provider, and back from it."""

import re

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from lms.i18n import gettext as _
from lms.known_browsers import remember as remember_browser
from lms.models import LocalAccount, db, writing
from lms.models.database import direct_transaction
from lms.models.secrets import hashed, new_token
from lms.oidc.flow import LONGEST, Provider
from lms.oidc.model import Claims, OidcError, Tokens
from lms.oidc.state import consume, remember
from lms.oidc_sign_in import provider, provider_name, sign_in_refusal, way_out
from lms.pages import config, local_path
from lms.security import limited
from lms.services import identities
from lms.services.audit import record
from lms.services.sessions import open_session
from lms.signing_in import STRONG, end_session

blueprint = Blueprint("oidc", __name__, url_prefix="/account/oidc")

#: What may be logged of a provider's refusal (RFC 6749, section 4.1.2.1).
OAUTH_CODE = re.compile(r"[a-z_]{1,50}")
#: Longest address kept to come back to.
TARGET_LIMIT = 2000


@blueprint.get("/")
@limited("300 per minute")  # a whole ministry may come from one address
def begin() -> ResponseReturnValue:
    """Send the browser to the provider, after keeping what proves that it is the same one that comes back.

    A link rather than a form: browsers let a form lead to no other site (``form-action``), and nothing is lost when
    another site opens this address: whoever signs in does it in their own name.
    """
    found = _provider()
    target = local_path(request.args.get("next"), url_for("home.index"))
    state, browser = new_token(), session.setdefault("browser", new_token())
    try:
        url = found.way_in(state)
        with direct_transaction() as own:
            remember(own, state, browser, target if len(target) <= TARGET_LIMIT else url_for("home.index"))
    except OidcError as error:
        raise sign_in_refusal(error) from error
    return redirect(url)


@blueprint.get("/back")
@limited("300 per minute")
def back() -> ResponseReturnValue:
    """Take the provider's answer: whose it is, then the account it opens here, or what to do where it opens none."""
    found = _provider()
    try:
        target, state, code = _answered(found)
        subject, tokens = found.exchange(code, state)
        account = identities.account_of(db.session(), found.client.issuer, subject)
        claims = _asked(found, subject, tokens) if account is None and config().oidc_link_by_email else None
    except OidcError as error:
        refused = sign_in_refusal(error)
        here = current_user.is_authenticated  # as after « back », or a second time the same answer
        refused.actions = [
            (_("Go on where you were"), url_for("home.index")) if here else (_("Sign in"), url_for("account.login"))
        ]
        raise refused from error
    with writing(db.session()):
        token = _opened(account, claims, found.client.issuer, subject, tokens)
    if token is None:
        return _unknown(subject, tokens)
    # A new identity starts from nothing of an earlier visitor; the proof of the browser is nobody's.
    kept = {name: session[name] for name in ("language", "browser") if name in session}
    session.clear()
    session.update(kept, sid=token, **{STRONG: True})
    return redirect(target, 303)


def _answered(found: Provider) -> tuple[str, str, str]:
    """(target, state, code) of the provider's answer; its state is used up. Raises ``OidcError``."""
    fields = request.args.to_dict()
    if any(len(request.args.getlist(name)) > 1 for name in fields):
        raise OidcError("answer_repeated")
    state = fields.get("state", "")
    with direct_transaction() as own:
        target = consume(own, state, session.get("browser", ""))
    found.check_issuer(fields.get("iss"))
    if "error" in fields:
        code = fields["error"]
        raise OidcError("provider_refused", code if OAUTH_CODE.fullmatch(code) else "not a code")
    code = fields.get("code", "")
    if not code or len(code) > LONGEST:
        raise OidcError("code_missing")
    return target, state, code


def _asked(found: Provider, subject: str, tokens: Tokens) -> Claims:
    """What the provider says of somebody new: nothing more is asked about those who are known. Raises ``OidcError``."""
    db.session.commit()  # no transaction is open while the provider answers
    return found.claims(subject, tokens)


def _opened(
    account: LocalAccount | None, claims: Claims | None, issuer: str, subject: str, tokens: Tokens
) -> str | None:
    """A session of the account, or of the one of the address claimed, with the roles it has here; None without any."""
    own = db.session()
    if account is None and claims is not None:
        trusted = issuer in config().verified_emails
        account = identities.match_by_address(own, issuer, subject, claims, trusted=trusted)
    if account is None:
        record(own, "identity_unknown")
        own.commit()
        return None
    end_session(own)  # whoever was signed in here is no more
    token = open_session(own, account.person_id, frozenset(account.roles), config().session_minutes)
    identities.note_sign_in(own, account, issuer, subject, hashed(token), tokens.id_token, config().secret_key)
    remember_browser(account)
    own.commit()
    return token


def _unknown(subject: str, tokens: Tokens) -> ResponseReturnValue:
    """What somebody reads whom the provider knows and this service does not."""
    page = render_template(
        "account/unknown.html", identifier=subject, name=provider_name(), sign_out_url=way_out(tokens.id_token),
        login_url=url_for("account.login"),
    )  # fmt: skip
    return page, 403


def _provider() -> Provider:
    found = provider()
    if found is None:
        abort(404)
    return found
