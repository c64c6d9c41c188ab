"""Forms of the legal watch: a text that changed, a module that was read again."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from lms.i18n import gettext as _

#: Dates as browsers send them, and as people type them.
DATES = ("%Y-%m-%d", "%d/%m/%Y")


class LawChangedForm(FlaskForm):  # type: ignore[misc]
    """The new version of a text of law."""

    version = StringField()
    in_force_from = DateField(format=list(DATES), validators=[Optional()])
    note = TextAreaField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version.label.text = _("New version")
        self.version.description = _(
            "As the reference of the track will name it: most often the date of the text, 2026-09-30."
        )
        self.version.validators = [
            DataRequired(_("This is needed.")),
            Length(max=50, message=_("This is too long: %(count)s characters at most.", count=50)),
        ]
        self.version.flags.required = True
        self.in_force_from.label.text = _("In force from")
        self.note.label.text = _("What changes")
        self.note.description = _("One or two sentences for whoever reads the modules again.")
        self.note.validators = [
            Length(max=2000, message=_("This is too long: %(count)s characters at most.", count=2000))
        ]
        self.note.render_kw = {"rows": 3}

    def validate_in_force_from(self, field: DateField) -> None:
        """A date, or nothing."""
        if field.process_errors:
            field.process_errors = [_("Write a date, for example 30/09/2026.")]


class CloseTaskForm(FlaskForm):  # type: ignore[misc]
    """What came of reading a module again."""

    outcome = StringField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcome.label.text = _("What came of it")
        self.outcome.validators = [
            DataRequired(_("This is needed.")),
            Length(max=2000, message=_("This is too long: %(count)s characters at most.", count=2000)),
        ]
        self.outcome.flags.required = True
