"""Signing in without an LMS, signing out, settings, and moving to a tab of one's own."""

from datetime import datetime, timedelta

import structlog
from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, logout_user
from flask_wtf import FlaskForm
from sqlalchemy import select

from curricula.model import LANGUAGES
from lms import metrics
from lms.exam_pages import accommodation_words
from lms.forms.account import LoginForm, ReadingForm, SettingsForm
from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.known_browsers import kept
from lms.models import LocalAccount, Person, db, utcnow, writing
from lms.models.secrets import hashed
from lms.oidc_sign_in import provider, provider_name, way_out
from lms.pages import config, local_path, tracks, wants_json
from lms.security import limited, visitor
from lms.services import accommodations, ceremonies, guessing, identities, privacy
from lms.services.accounts import sign_in
from lms.services.awards import promise_earned
from lms.services.deep_links import hand_over
from lms.services.factors import protected
from lms.services.sessions import HANDOVER, close_session, live_session, open_session
from lms.signing_in import end_session, enter, leave, must_enrol, site

log = structlog.get_logger()

blueprint = Blueprint("account", __name__, url_prefix="/account")
#: Answers what no token of ours comes with: see ``arrive``.
OWN_TOKEN = ("account.arrive",)


@blueprint.route("/login", methods=["GET", "POST"])
@limited("20 per minute")
def login() -> ResponseReturnValue:
    """Sign in with a local account."""
    form = LoginForm()
    failure, gate = None, None
    target = local_path(request.values.get("next"), url_for("home.index"))
    if form.validate_on_submit():
        gate = guessing.about_to_try(db.session(), config().secret_key, str(form.username.data), kept())
        db.session.commit()
        account = None if gate.held else sign_in(db.session(), str(form.username.data), str(form.password.data))
        if account is not None:
            guessing.was_right(db.session(), gate)
            if protected(db.session(), account.person_id) or must_enrol(account):
                return _half_way(account, target)
            enter(account)
            log.info("signed_in", kind="password")
            return redirect(target, 303)
        failure = _too_many(gate) if gate.held else _wrong(gate)
        log.warning("sign_in_refused", kind="password")
    page = render_template(
        "account/login.html", form=form, failure=failure, next=target,
        action_url=url_for("account.login"), passkeys=site() is not None,
        oidc={"name": provider_name(), "url": url_for("oidc.begin", next=target)} if provider() else None,
    )  # fmt: skip
    if gate is not None and gate.held:
        return page, 429, {"Retry-After": str(gate.wait)}
    return page, 401 if failure else 400 if form.errors else 200


def _wrong(gate: guessing.Gate) -> str:
    guessing.was_wrong(db.session(), gate)
    db.session.commit()
    if gate.last:
        metrics.held(gate.whose)
        log.warning("passwords_held", browsers=gate.whose)
    return _("This address and this password do not go together.")


def _too_many(gate: guessing.Gate) -> str:
    minutes = -(-gate.wait // 60)
    what = ngettext(
        "Too many wrong passwords were typed for this address: no password is accepted for it in this browser for "
        "%(num)s minute.",
        "Too many wrong passwords were typed for this address: no password is accepted for it in this browser for "
        "%(num)s minutes.",
        minutes,
    )
    return (
        what
        + " "
        + _("If you cannot wait, use a passkey, or a browser where you have signed in before, or ask an administrator.")
    )


def _half_way(account: LocalAccount, target: str) -> ResponseReturnValue:
    """The password is right: on to the second factor, or the code to set one up, with nobody signed in until then."""
    leave()
    token = ceremonies.begin(db.session(), ceremonies.SECOND_FACTOR, account.id)
    db.session.commit()
    session["half_way"] = token
    return redirect(url_for("second_factor.show", next=target), 303)


@blueprint.post("/logout")
def logout() -> ResponseReturnValue:
    """Sign this browser out, and lead it to sign out of the provider it signed in with."""
    mine = visitor().session.token_hash
    id_token = identities.kept_id_token(db.session(), mine, config().secret_key)
    close_session(db.session(), mine)
    db.session.commit()
    session.clear()
    way = way_out(id_token)
    if way is None:
        return redirect(url_for("account.login"), 303)
    logout_user()  # who was signed in is nobody to the page shown now
    return render_template("account/leaving.html", go_url=way, name=provider_name())


@blueprint.post("/language")
def language() -> ResponseReturnValue:
    """Keep the language chosen: for the person when signed in, for the browser in any case."""
    chosen = request.form.get("language")
    if chosen not in LANGUAGES:
        abort(400)
    session["language"] = chosen
    if current_user.is_authenticated:
        _me().language = chosen
        db.session.commit()
    return redirect(local_path(request.form.get("next"), url_for("home.index")), 303)


@blueprint.post("/reading")
def reading() -> ResponseReturnValue:
    """Keep the size and spacing of the text."""
    form = ReadingForm()
    if not form.validate_on_submit():
        abort(400)
    me = _me()
    me.text_size, me.text_space = str(form.size.data), str(form.space.data)
    db.session.commit()
    if wants_json():
        return jsonify(message=_("Setting kept."))
    return redirect(local_path(request.form.get("next"), url_for("home.index")), 303)


@blueprint.route("/settings", methods=["GET", "POST"])
def settings() -> ResponseReturnValue:
    """What one may set for oneself."""
    me = visitor().person
    form = SettingsForm(
        size=me.text_size, space=me.text_space, language=me.language or "fr",
        certificate_name=me.certificate_name,
    )  # fmt: skip
    if form.validate_on_submit():
        me = _me()
        me.text_size, me.text_space = str(form.size.data), str(form.space.data)
        me.language = session["language"] = str(form.language.data)
        me.certificate_name = form.certificate_name.data or None
        promise_earned(db.session(), me.id, tracks())
        db.session.commit()
        flash(_("Your settings are kept."), "ok")
        return redirect(url_for("account.settings"), 303)
    page = render_template(
        "account/settings.html", form=form, action_url=url_for("account.settings"),
        factors_url=url_for("factors.index") if visitor().platform_id is None else None,
        granted=accommodation_words(accommodations.granted(db.session(), me.id, utcnow())),
    )  # fmt: skip
    return page, 400 if form.errors else 200


@blueprint.get("/new-tab")
def new_tab() -> ResponseReturnValue:
    """A one-use address that opens this session in a tab of its own.

    A browser that separates cookies by site gives a new tab none of ours: the session has to be handed over.
    """
    target = local_path(request.args.get("next"), url_for("home.index"))
    old = visitor().session
    with writing(db.session()):
        token = open_session(
            db.session(), old.person_id, frozenset(old.roles), HANDOVER,
            context_id=old.context_id, resource_link_id=old.resource_link_id,
            since=old.created_at, until=_at_the_latest(old.created_at),
        )  # fmt: skip
        identities.hand_over(db.session(), old.token_hash, hashed(token))
        db.session.commit()
    there = _for_session(target, old.token_hash, hashed(token))
    arrive_url = url_for("account.arrive", token=token, next=there)
    return render_template("account/new_tab.html", arrive_url=arrive_url, back_url=target)


@blueprint.route("/arrive/<token>", methods=["GET", "POST"])
def arrive(token: str) -> ResponseReturnValue:
    """Take a handed-over session, once. Anybody but a button of our own page must confirm first (login CSRF).

    A frame without cookies has no token of ours: its button is known by where the browser says it comes from. An
    address that is only opened is not, as we lead to addresses that we were given (``next``).
    """
    target = local_path(request.values.get("next"), url_for("home.index"))
    handed = live_session(db.session(), token)
    if handed is None:
        abort(401)
    form = FlaskForm()
    ours = request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "same-origin"
    if not ours and not form.validate_on_submit():
        here = url_for("account.arrive", token=token, next=target)
        page = render_template("account/arrive.html", form=form, action_url=here, name=handed.person.display_name)
        return page, 400 if form.is_submitted() else 200
    handed_hash, person_id = handed.token_hash, handed.person_id
    roles, context_id, link_id = frozenset(handed.roles), handed.context_id, handed.resource_link_id
    since = handed.created_at
    with writing(db.session()):
        sid = open_session(
            db.session(), person_id, roles, config().session_minutes,
            context_id=context_id, resource_link_id=link_id, since=since, until=_at_the_latest(since),
        )  # fmt: skip
        hand_over(db.session(), handed_hash, hashed(sid))
        identities.hand_over(db.session(), handed_hash, hashed(sid))
        if not close_session(db.session(), handed_hash):
            abort(401)  # taken at the same moment by another request
        end_session(db.session())
        db.session.commit()
    session.clear()
    session["sid"] = sid
    return redirect(_for_session(target, handed_hash, hashed(sid)), 303)


def _for_session(target: str, old_hash: str, new_hash: str) -> str:
    """The page to show; that of personal data is one session's alone, and asked for again by the one that goes on."""
    room = url_for("privacy.show", asked="")
    if not target.startswith(room):
        return target
    return room + privacy.hand_over(config().secret_key, target.removeprefix(room), old_hash, new_hash)


def _at_the_latest(since: datetime) -> datetime:
    """When whoever signed in then is signed out, whatever they do: a tab of its own gives no session longer."""
    return since + timedelta(minutes=config().session_minutes)


def _me() -> Person:
    return db.session.scalars(select(Person).where(Person.id == visitor().person.id)).one()
