"""What one's account signs in with beside the password: the authenticator app, recovery codes, and what there is."""

from base64 import b64encode

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from certificates.qr import png
from lms.factor_pages import ask_password, knows_own_password, own_account, show_codes, this_session, to_factors
from lms.forms.factors import CodeForm, NewPasswordForm, PasswordAgainForm
from lms.i18n import gettext as _
from lms.known_browsers import remember
from lms.models import AuthenticatorApp, db, utcnow
from lms.pages import config, issuer_name
from lms.security import limited
from lms.services import authenticators, factors
from lms.services.accounts import SHORTEST, WeakPassword, set_password
from lms.signing_in import site

blueprint = Blueprint("factors", __name__, url_prefix="/account/factors")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """What there is, and what can be added, removed or made anew."""
    account = own_account()
    found = factors.factors_of(db.session(), account.id)
    return render_template(
        "account/factors.html",
        found=found,
        asked=factors.asked_of(account.roles, config().second_factor_roles),
        any=bool(found.app or found.passkeys),
        possible=site() is not None,
    )


@blueprint.route("/app", methods=["GET", "POST"])
@limited("20 per minute")
def app() -> ResponseReturnValue:
    """Begin to set up the app: the password first."""
    account = own_account()
    if factors.factors_of(db.session(), account.id).app is not None:
        return to_factors()
    form = PasswordAgainForm()
    if form.validate_on_submit() and knows_own_password(form, account):
        authenticators.propose(db.session(), config().secret_key, own_account(hold=True).id)
        db.session.commit()
        return redirect(url_for("factors.code"), 303)
    title, button = _("Set up an authenticator app"), _("Continue")
    what = _("An application of your phone shows six figures, new each 30 seconds. They are asked after your password.")
    return ask_password(form, title, what, button, url_for("factors.app"))


@blueprint.route("/app/code", methods=["GET", "POST"])
@limited("20 per minute")
def code() -> ResponseReturnValue:
    """Show the secret to the app, and take it in once it shows the right code."""
    account = own_account()
    pending = db.session.get(AuthenticatorApp, account.id)
    if pending is None or pending.confirmed_at is not None:
        return to_factors()
    form, failure = CodeForm(), None
    if form.validate_on_submit():
        typed = "".join(str(form.code.data).split())
        own_account(hold=True)
        if authenticators.confirm(db.session(), config().secret_key, pending, typed, utcnow()):
            codes = factors.added(db.session(), config().secret_key, account, "app", this_session())
            db.session.commit()
            flash(_("Your app is set up. Its codes are asked from your next sign-in."), "ok")
            return show_codes(codes)
        failure = _("This is not the code of the app now. Check the clock of its device, then write the next code.")
    secret = authenticators.opened(config().secret_key, pending)
    said = authenticators.address(secret, account.email, issuer_name())
    page = render_template(
        "account/authenticator.html", form=form, failure=failure, action_url=url_for("factors.code"), address=said,
        image="data:image/png;base64," + b64encode(png(said)).decode(),
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    )  # fmt: skip
    return page, 400 if failure or form.errors else 200


@blueprint.route("/app/remove", methods=["GET", "POST"])
@limited("20 per minute")
def remove_app() -> ResponseReturnValue:
    """Remove the app, after the password."""
    account = own_account()
    form = PasswordAgainForm()
    if form.validate_on_submit() and knows_own_password(form, account):
        factors.remove_app(db.session(), own_account(hold=True))
        db.session.commit()
        flash(_("The app is removed. Delete the account in it too."), "ok")
        return to_factors()
    title, button = _("Remove the authenticator app"), _("Remove the app")
    what = _("Its codes will no longer be asked, nor accepted.")
    return ask_password(form, title, what, button, url_for("factors.remove_app"))


@blueprint.route("/password", methods=["GET", "POST"])
@limited("20 per minute")
def password() -> ResponseReturnValue:
    """Change one's password, after the present one; the other browsers are signed out."""
    account = own_account()
    form = NewPasswordForm()
    if form.validate_on_submit() and knows_own_password(form, account):
        try:
            account = own_account(hold=True)
            set_password(db.session(), account, str(form.new.data), this_session())
        except WeakPassword as weak:
            form.new.errors = [_weakness(weak.reason)]
        else:
            remember(account)  # the other browsers are no longer known to it
            db.session.commit()
            flash(_("Your password is changed. Your other browsers are signed out."), "ok")
            return to_factors()
    page = render_template(
        "account/password.html", form=form, address=account.email, action_url=url_for("factors.password")
    )
    return page, 400 if form.errors or form.new.errors else 200


def _weakness(reason: str) -> str:
    if reason == "short":
        return _("A password has at least %(count)s characters. Several words make a good one.", count=SHORTEST)
    if reason == "known":
        return _("This password is in a list of stolen ones, which are tried first. Take several words of your own.")
    return _("This password is made of words anybody would try first. Take several words of your own.")


@blueprint.route("/codes", methods=["GET", "POST"])
@limited("20 per minute")
def codes() -> ResponseReturnValue:
    """Make new recovery codes, after the password, and show them this once."""
    account = own_account()
    if not factors.protected(db.session(), account.person_id):
        return to_factors()
    form = PasswordAgainForm()
    if form.validate_on_submit() and knows_own_password(form, account):
        made = factors.new_codes(db.session(), config().secret_key, own_account(hold=True))
        db.session.commit()
        return show_codes(made)
    title, button = _("Make new recovery codes"), _("Make new codes")
    return ask_password(
        form, title, _("The codes you have will no longer be accepted."), button, url_for("factors.codes")
    )
