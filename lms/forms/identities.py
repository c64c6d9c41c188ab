"""Form of an administrator who links an identity to an account."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import InputRequired, Length, ValidationError

from lms.i18n import gettext as _
from lms.oidc.checks import is_subject


class IdentityForm(FlaskForm):  # type: ignore[misc]
    """The address of a local account, and the identifier its person read at sign-in."""

    email = StringField()
    identifier = StringField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        needed, long = InputRequired(_("This is needed.")), _("This is too long.")
        self.email.label.text = _("E-mail address of the account")
        self.email.render_kw = {"type": "email", "autocomplete": "off"}
        self.email.validators = [needed, Length(max=320, message=long)]
        self.identifier.label.text = _("Identifier")
        self.identifier.description = _(
            "As this person reads it after signing in. Make sure that it is they who gave it."
        )
        self.identifier.render_kw = {"autocomplete": "off", "spellcheck": "false"}
        self.identifier.validators = [needed]
        for name in ("email", "identifier"):
            self[name].flags.required = True

    def validate_identifier(self, field: StringField) -> None:
        """Refuse what no provider gives. Raises ``ValidationError``."""
        if not is_subject(field.data.strip()):
            raise ValidationError(_("This is no identifier: copy it whole, and nothing else."))
