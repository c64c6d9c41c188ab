"""Form of an administrator who opens parts of the organisation to people of HR."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from lms.i18n import gettext as _


class ScopeForm(FlaskForm):  # type: ignore[misc]
    """Whom, by their address, and which units. ``person`` is asked when the address alone does not tell."""

    email = StringField()
    person = RadioField()
    units = TextAreaField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email.label.text = _("E-mail address")
        self.email.description = _("Of a local account, or of somebody who came from a platform at least once.")
        self.email.render_kw = {"type": "email", "autocomplete": "off"}
        self.email.validators = [InputRequired(_("This is needed.")), Length(max=320, message=_("This is too long."))]
        self.person.label.text = _("Which person")
        self.person.choices, self.person.validators, self.person.validate_choice = [], [Optional()], False
        self.units.label.text = _("Units")
        self.units.description = _("Their codes, one a line; all under them is seen too.")
        self.units.render_kw = {"rows": 3}
        self.units.validators = [
            DataRequired(_("Write the code of one unit at least.")),
            Length(max=20_000, message=_("This is too long.")),
        ]
        for name in ("email", "person", "units"):
            self[name].flags.required = True

    @property
    def codes(self) -> list[str]:
        """The codes typed."""
        return [line.strip() for line in (self.units.data or "").splitlines() if line.strip()]
