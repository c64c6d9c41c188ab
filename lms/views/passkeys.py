"""Passkeys: a new one, one removed, and signing in with one."""

from flask import Blueprint, abort, flash, jsonify, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from lms.errors import Refused
from lms.factor_pages import ask_password, knows_own_password, own_account, show_codes, this_session, to_factors
from lms.forms.factors import MadePasskeyForm, PasskeyForm, PasswordAgainForm, UsedPasskeyForm
from lms.i18n import gettext as _
from lms.models import Passkey, db
from lms.pages import config, issuer_name, local_path
from lms.security import limited
from lms.services import factors, passkeys
from lms.services.passkeys import PasskeyRefused, Site
from lms.signing_in import enter, site

blueprint = Blueprint("passkeys", __name__, url_prefix="/account/passkeys")


@blueprint.get("/new")
def new() -> ResponseReturnValue:
    """The form of a new passkey; its script asks the browser for one."""
    own_account()
    _site()
    return _new_page(PasskeyForm())


@blueprint.post("/options")
@limited("20 per minute")
def options() -> ResponseReturnValue:
    """What the browser must know to make a passkey, once the password was given again; JSON, for the page's script."""
    account, where, form = own_account(), _site(), PasskeyForm()
    if not form.validate_on_submit() or not knows_own_password(form, account):
        said = " ".join(message for messages in form.errors.values() for message in messages)
        return jsonify(message=said), 400
    try:
        token, text = passkeys.ask_new(db.session(), where, config().secret_key, account, issuer_name())
    except PasskeyRefused:
        return jsonify(message=_("You have as many passkeys as one may. Remove one first.")), 409
    db.session.commit()
    session["passkey"] = token
    return _json(text)


@blueprint.post("/new")
@limited("20 per minute")
def make() -> ResponseReturnValue:
    """Keep the passkey that the browser made."""
    account, where, form = own_account(hold=True), _site(), MadePasskeyForm()
    if not form.validate_on_submit():
        page = PasskeyForm(name=form.name.data)
        page.validate()
        return _new_page(page, _no_script()), 400
    try:
        token, sent = session.pop("passkey", None), str(form.credential.data)
        made = passkeys.register(db.session(), where, token, account, str(form.name.data), sent)
    except PasskeyRefused:
        factors.failed(db.session(), account.id, "passkey")
        db.session.commit()
        return _new_page(PasskeyForm(formdata=None, name=form.name.data), _not_kept()), 400
    codes = factors.added(db.session(), config().secret_key, account, "passkey", this_session())
    name = made.name
    db.session.commit()
    flash(_("The passkey « %(name)s » is kept. You may sign in with it alone.", name=name), "ok")
    return show_codes(codes)


@blueprint.route("/<int:passkey_id>/remove", methods=["GET", "POST"])
@limited("20 per minute")
def remove(passkey_id: int) -> ResponseReturnValue:
    """Remove a passkey of one's own, after the password."""
    account = own_account(hold=request.method == "POST")
    passkey = db.session.get(Passkey, passkey_id)
    if passkey is None or passkey.account_id != account.id:
        abort(404)
    form, name = PasswordAgainForm(), passkey.name
    if form.validate_on_submit() and knows_own_password(form, account):
        factors.remove_passkey(db.session(), account, passkey)
        db.session.commit()
        flash(_("The passkey « %(name)s » is removed. Delete it on its device too.", name=name), "ok")
        return to_factors()
    title, button = _("Remove the passkey « %(name)s »", name=name), _("Remove the passkey")
    here = url_for("passkeys.remove", passkey_id=passkey_id)
    return ask_password(form, title, _("It will no longer be accepted."), button, here)


@blueprint.post("/sign-in/options")
@limited("20 per minute")
def sign_in_options() -> ResponseReturnValue:
    """What the browser must know to sign in with a passkey; JSON, for the page's script."""
    token, text = passkeys.ask_sign_in(db.session(), _site())
    db.session.commit()
    session["passkey"] = token
    return _json(text)


@blueprint.post("/sign-in")
@limited("20 per minute")
def sign_in() -> ResponseReturnValue:
    """Sign in with a passkey alone: it is something one has, and its device verified the person."""
    where, form = _site(), UsedPasskeyForm()
    if not form.validate_on_submit():
        raise Refused(_("No passkey came with this request."), _no_script(), cause="passkey_missing")
    try:
        token, sent = session.pop("passkey", None), str(form.credential.data)
        account = passkeys.sign_in(db.session(), where, config().secret_key, token, sent)
    except PasskeyRefused as refused:
        factors.failed(db.session(), refused.account_id, "passkey")
        db.session.commit()
        what = _("This passkey was not accepted.")
        fix = _("Try again, or sign in with your password. A removed passkey opens nothing: delete it on its device.")
        raise Refused(what, fix, status=401, cause="passkey") from refused
    factors.used(db.session(), account, "passkey")
    enter(account, strong=True)
    return redirect(local_path(request.form.get("next"), url_for("home.index")), 303)


def _site() -> Site:
    """What passkeys are bound to; 404 where there can be none."""
    found = site()
    if found is None:
        abort(404)
    return found


def _no_script() -> str:
    return _("This browser made no passkey. It needs JavaScript, and a recent version.")


def _not_kept() -> str:
    return _("The answer of this device could not be checked, or came too late. Nothing was changed: try again.")


def _json(text: str) -> ResponseReturnValue:
    answer = make_response(text)
    answer.content_type = "application/json"
    return answer


def _new_page(form: PasskeyForm, failure: str | None = None) -> str:
    return render_template(
        "account/passkey.html", form=form, failure=failure, address=own_account().email,
        action_url=url_for("passkeys.make"), options_url=url_for("passkeys.options"),
    )  # fmt: skip
