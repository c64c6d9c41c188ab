"""Forms of what an account signs in with beside its password."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from lms.i18n import gettext as _


class PasswordAgainForm(FlaskForm):  # type: ignore[misc]
    """The password, asked again before what the account signs in with is changed."""

    password = PasswordField(validators=[InputRequired(), Length(max=200)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.password.label.text = _("Your password, once more")
        self.password.validators = [InputRequired(_("Write your password.")), Length(max=200)]
        self.password.render_kw = {"autocomplete": "current-password"}


class NewPasswordForm(PasswordAgainForm):
    """Another password for one's account, typed twice."""

    new = PasswordField(validators=[InputRequired(), Length(max=200)])
    again = PasswordField(validators=[InputRequired(), Length(max=200)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.password.label.text = _("Your present password")
        self.new.label.text, self.again.label.text = _("New password"), _("New password, once more")
        too_long = _("This password is too long: 200 characters at most.")
        self.new.validators = [InputRequired(_("Write the new password.")), Length(max=200, message=too_long)]
        self.again.validators = [
            InputRequired(_("Write the new password again.")),
            EqualTo("new", _("The two are not the same. Write the new password again.")),
        ]
        self.new.render_kw = self.again.render_kw = {"autocomplete": "new-password"}


class PasskeyForm(PasswordAgainForm):
    """A new passkey: what it will be called."""

    name = StringField(validators=[InputRequired(), Length(max=100)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name.label.text = _("Name of the passkey")
        self.name.validators = [
            InputRequired(_("Give the passkey a name, such as that of the device.")),
            Length(max=100, message=_("This name is too long: 100 characters at most.")),
        ]


class MadePasskeyForm(FlaskForm):  # type: ignore[misc]
    """What the browser gave for a new passkey, written by the page's script; the password came before it."""

    name = StringField(validators=[InputRequired(), Length(max=100)])
    credential = HiddenField(validators=[InputRequired(), Length(max=20_000)])


class UsedPasskeyForm(FlaskForm):  # type: ignore[misc]
    """What the browser gave when a passkey signed, written by the page's script."""

    credential = HiddenField(validators=[InputRequired(), Length(max=20_000)])


class CodeForm(FlaskForm):  # type: ignore[misc]
    """A code of the app, or a recovery code where one may stand for it."""

    code = StringField(validators=[InputRequired(), Length(max=40)])

    def __init__(self, *args: Any, recovery: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code.label.text = _("Code of the app, or recovery code") if recovery else _("Code of the app")
        self.code.validators = [
            InputRequired(_("Write the code.")), Length(max=40, message=_("A code is shorter. Write one code only."))
        ]  # fmt: skip
        self.code.render_kw = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}

    def for_enrolment(self) -> None:
        """Ask for the code that an administrator gives to whoever has no second factor yet."""
        self.code.label.text = _("Enrolment code")
