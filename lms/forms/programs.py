"""Forms of an administrator who opens the API to a program, or tells one what happens."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from lms.i18n import gettext as _
from lms.services.api_clients import LONGEST

Choices = list[tuple[str, str]]


def _ticks() -> SelectMultipleField:
    return SelectMultipleField(widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())


class ReachForm(FlaskForm):  # type: ignore[misc]
    """What a program is called, and which part of the organisation it is about: said, never left to a default."""

    name = StringField()
    reach = RadioField()
    unit = StringField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name.label.text = _("Name of the program")
        self.name.validators = [DataRequired(_("This is needed.")), Length(max=200, message=_("This is too long."))]
        self.reach.label.text = _("Which part of the organisation")
        self.reach.choices = [("unit", _("One unit and all under it")), ("whole", _("The whole institution"))]
        self.reach.validators = [InputRequired(_("Choose one."))]
        self.unit.label.text = _("Code of the unit")
        self.unit.description = _("As HR's files have it; for one unit alone.")
        self.unit.render_kw = {"autocomplete": "off", "spellcheck": "false"}
        self.unit.validators = [Optional(), Length(max=200, message=_("This is too long."))]
        for name in ("name", "reach"):
            self[name].flags.required = True


class ClientForm(ReachForm):
    """A program that reads: why, what, and how it comes in."""

    purpose = StringField()
    scopes = _ticks()
    kind = RadioField()
    days = IntegerField()

    def __init__(self, scopes: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purpose.label.text = _("What for")
        self.purpose.description = _("Kept in the journal with each page it reads: « Training plan 2027 ».")
        self.purpose.validators = [DataRequired(_("This is needed.")), Length(max=300, message=_("This is too long."))]
        self.scopes.label.text = _("What it may read")
        self.scopes.choices = scopes
        self.scopes.validators = [InputRequired(_("Tick one at least."))]
        self.kind.label.text = _("How it comes in")
        self.kind.choices = [
            ("client", _("With an id and a secret, changed for tokens of 30 minutes (OAuth 2.0)")),
            ("token", _("With one long token, for programs that cannot do so")),
        ]
        self.kind.validators = [InputRequired(_("Choose one."))]
        self.days.label.text = _("Days before a long token ends")
        self.days.validators = [
            Optional(),
            NumberRange(1, LONGEST.days, message=_("From 1 to %(most)s days.", most=LONGEST.days)),
        ]
        self.days.render_kw = {"min": 1, "max": LONGEST.days}
        for name in ("purpose", "scopes", "kind"):
            self[name].flags.required = True


class WebhookForm(ReachForm):
    """A program that is told: where, and what."""

    url = StringField()
    events = _ticks()

    def __init__(self, events: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.url.label.text = _("Address")
        self.url.description = _("It begins with https://, on the public network.")
        self.url.render_kw = {"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}
        self.url.validators = [DataRequired(_("This is needed.")), Length(max=2000, message=_("This is too long."))]
        self.events.label.text = _("What it is told")
        self.events.choices = events
        self.events.validators = [InputRequired(_("Tick one at least."))]
        for name in ("url", "events"):
            self[name].flags.required = True
