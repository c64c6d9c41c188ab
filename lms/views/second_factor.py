"""The second step of a sign-in, after the password: a code of the app, a recovery code, or the first time one given."""

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from lms.forms.factors import CodeForm
from lms.i18n import gettext as _
from lms.i18n import ngettext
from lms.models import Ceremony, LocalAccount, db, utcnow
from lms.pages import config, local_path
from lms.security import limited
from lms.services import ceremonies, factors, recovery_codes
from lms.signing_in import enter, site

blueprint = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Ask for the code, once the password was right; lead back to it when that was too long ago."""
    row = _under_way()
    return _page(CodeForm(recovery=True), row) if row is not None else _begin_again()


@blueprint.post("")
@limited("20 per minute")
def check() -> ResponseReturnValue:
    """Sign in with the code."""
    row = _under_way()
    if row is None:
        return _begin_again()
    form = CodeForm(recovery=True)
    if not form.validate_on_submit():
        return _page(form, row), 400
    account = db.session.get_one(LocalAccount, row.account_id)
    if not ceremonies.count_try(db.session(), row):
        factors.failed(db.session(), account.id, "tries")
        db.session.commit()
        return _page(form, row, _too_many()), 429
    kind = factors.accepted(db.session(), config().secret_key, account, str(form.code.data), utcnow())
    if kind is None:
        factors.failed(db.session(), account.id, "code")
        db.session.commit()
        return _page(form, row, _wrong(row)), 401
    if not ceremonies.end(db.session(), row.token_hash):
        abort(401)  # ended at the same moment by another request
    factors.used(db.session(), account, kind)
    left = recovery_codes.left(db.session(), account.id)
    enter(account, strong=True)
    if kind == "recovery_code":
        said = ngettext("%(num)s recovery code is left.", "%(num)s recovery codes are left.", left)
        flash(said + " " + _("Make new ones in My settings before the last one."), "warm")
    return redirect(_target(), 303)


def _enrolling(row: Ceremony) -> bool:
    """Whether the account has no factor yet: what it needs is the code that lets it set one up (ADR 43)."""
    return not factors.protected(db.session(), db.session.get_one(LocalAccount, row.account_id).person_id)


def _under_way() -> Ceremony | None:
    return ceremonies.under_way(db.session(), ceremonies.SECOND_FACTOR, session.get("half_way"))


def _begin_again() -> ResponseReturnValue:
    return redirect(url_for("account.login", next=_target()), 303)


def _target() -> str:
    return local_path(request.values.get("next"), url_for("home.index"))


def _wrong(row: Ceremony) -> str:
    if _enrolling(row):
        return _(
            "This enrolment code is not accepted. It serves once, within a day. Ask an administrator for a new one."
        )
    return _(
        "This code is not accepted. Each code serves once: wait for the next one in the app, and check that the clock "
        "of its device is right."
    )


def _too_many() -> str:
    return _("Too many codes were typed for this account. Wait ten minutes, then sign in again.")


def _page(form: CodeForm, row: Ceremony, failure: str | None = None) -> str:
    assert row.account_id is not None
    found = factors.factors_of(db.session(), row.account_id)
    if _enrolling(row):
        form.for_enrolment()
    return render_template(
        "account/second_factor.html", form=form, failure=failure, next=_target(), app=found.app is not None,
        passkeys=bool(found.passkeys) and site() is not None, action_url=url_for("second_factor.check"),
        enrolling=_enrolling(row),
    )  # fmt: skip
