"""What the pages of an account's second factors share: the password asked again, and recovery codes shown once."""

from flask import abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.forms.factors import PasswordAgainForm
from lms.i18n import gettext as _
from lms.models import LocalAccount, db
from lms.security import may_try, visitor, was_right
from lms.services.accounts import knows_password
from lms.services.factors import account_of

#: Wrong passwords of one account, of those asked again.
PASSWORDS = "10 per 10 minute"


def own_account(*, hold: bool = False) -> LocalAccount:
    """The visitor's local account, held when its factors are about to change.

    403 for whoever comes from an LMS, which asks for what it wants itself.
    """
    me = visitor()
    account = account_of(db.session(), me.person.id, hold=hold) if me.platform_id is None else None
    if account is None:
        abort(403)
    return account


def knows_own_password(form: PasswordAgainForm, account: LocalAccount) -> bool:
    """Whether the password of that form is the account's; says on its field that it is not. 429 after too many."""
    who = str(account.id)
    if not may_try(PASSWORDS, "password again", who):
        abort(429)
    if knows_password(account, str(form.password.data)):
        was_right(PASSWORDS, "password again", who)
        return True
    form.password.errors = [_("This is not your password. Nothing was changed.")]
    return False


def ask_password(form: PasswordAgainForm, title: str, what: str, button: str, action_url: str) -> ResponseReturnValue:
    """The page that asks for the password again before a change."""
    page = render_template(
        "account/password_again.html", form=form, address=own_account().email, title=title, what=what, button=button,
        action_url=action_url,
    )  # fmt: skip
    return page, 400 if form.errors else 200


def show_codes(codes: list[str]) -> ResponseReturnValue:
    """The page of recovery codes just made, this once; the list of factors when none were."""
    if not codes:
        return to_factors()
    return render_template("account/recovery_codes.html", codes=codes, next_url=url_for("home.index"))


def to_factors() -> ResponseReturnValue:
    """On to the list of factors."""
    return redirect(url_for("factors.index"), 303)


def this_session() -> str:
    """The visitor's session, as ``WebSession`` names it."""
    return visitor().session.token_hash
