"""Forms of one's own account."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, RadioField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from certificates.names import NameRefused, holder_name
from lms.i18n import OWN_NAMES
from lms.i18n import gettext as _


class LoginForm(FlaskForm):  # type: ignore[misc]
    """Address and password of a local account."""

    username = EmailField(validators=[InputRequired(), Length(max=320)])
    password = PasswordField(validators=[InputRequired(), Length(max=200)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.username.label.text = _("E-mail address")
        self.password.label.text = _("Password")
        self.username.validators = [InputRequired(_("Write your e-mail address.")), Length(max=320)]
        self.password.validators = [InputRequired(_("Write your password.")), Length(max=200)]
        self.username.render_kw = {"autocomplete": "username"}
        self.password.render_kw = {"autocomplete": "current-password"}


class ReadingForm(FlaskForm):  # type: ignore[misc]
    """Size and spacing of the text."""

    size = RadioField(choices=[("m", "m"), ("l", "l"), ("xl", "xl")])
    space = RadioField(choices=[("m", "m"), ("l", "l")])


class SettingsForm(FlaskForm):  # type: ignore[misc]
    """Reading settings, language, and the name certificates will carry."""

    size = RadioField()
    space = RadioField()
    language = RadioField(choices=list(OWN_NAMES.items()))
    certificate_name = StringField(validators=[Optional(), Length(max=180)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.size.label.text, self.space.label.text = _("Text size"), _("Spacing")
        self.language.label.text = _("Language")
        self.certificate_name.label.text = _("Name on my certificates")
        self.certificate_name.validators = [
            Optional(), Length(max=180, message=_("This name is too long to be printed: 180 characters at most."))
        ]  # fmt: skip
        self.size.choices = [("m", _("Normal")), ("l", _("Large")), ("xl", _("Very large"))]
        self.space.choices = [("m", _("Standard")), ("l", _("Airy"))]

    def validate_certificate_name(self, field: StringField) -> None:
        """The rule of the certificates themselves, so that a name kept here can be printed."""
        check_printable(field)


def check_printable(field: StringField) -> None:
    """Refuse a name that certificates could not print, and tidy the others. Raises ``ValidationError``."""
    try:
        field.data = holder_name(field.data)
    except NameRefused as error:
        reasons = {
            "script": _(
                "Our fonts do not draw these signs: %(signs)s. Give your name as your passport transliterates it; "
                "Latin, Greek, Cyrillic, Arabic and Hebrew letters, without vowel marks, are printed.",
                signs=" ".join(error.characters),
            ),
            "long": _("This name is too long to be printed: 180 characters at most."),
            "width": _("A word of this name is too long for the paper. Put a space or a hyphen where it may be cut."),
        }
        raise ValidationError(
            reasons.get(error.reason, _("This name holds signs that cannot be printed. Type it again."))
        ) from error
