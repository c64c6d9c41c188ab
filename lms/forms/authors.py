"""Forms of an administrator who gives roles in the studio, and names institutions."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from lms.i18n import gettext as _

Choices = list[tuple[str, str]]


class RoleForm(FlaskForm):  # type: ignore[misc]
    """Who is given which roles, and over what. ``person`` is asked when the address alone does not tell."""

    email = StringField()
    person = RadioField()
    roles = SelectMultipleField(widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    reach = SelectField()

    def __init__(self, roles: Choices, reach: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email.label.text = _("E-mail address")
        self.email.description = _("Of a local account, or of somebody who came from a platform at least once.")
        self.email.render_kw = {"type": "email", "autocomplete": "off"}
        self.email.validators = [
            InputRequired(_("This is needed.")),
            Length(max=320, message=_("This is too long.")),
        ]
        self.person.label.text = _("Which person")
        self.person.choices, self.person.validators, self.person.validate_choice = [], [Optional()], False
        self.roles.label.text = _("What they may do")
        self.roles.choices = roles
        self.roles.validators = [InputRequired(_("Tick one role at least."))]
        self.reach.label.text = _("Over what")
        self.reach.choices = reach
        for name in ("email", "person", "roles"):
            self[name].flags.required = True


class InstitutionForm(FlaskForm):  # type: ignore[misc]
    """The name of an institution."""

    name = StringField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name.label.text = _("Name of the institution")
        self.name.validators = [
            DataRequired(_("This is needed.")),
            Length(max=200, message=_("This is too long.")),
        ]
        self.name.flags.required = True
