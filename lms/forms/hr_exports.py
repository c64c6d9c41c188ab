"""The form of an export that a worker makes: what, for what, where it goes, and when it makes itself again."""

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length

from lms.exports import offered
from lms.i18n import current_language
from lms.i18n import gettext as _
from lms.reports import reports
from lms.services.purposes import PURPOSES


class ExportForm(FlaskForm):  # type: ignore[misc]
    """An export. Only the ``places`` that are configured are offered; ``schedules``: whether it may make itself again.

    Field names leave those of the filters free, which stand in the same form.
    """

    report_key = SelectField()
    format_key = SelectField()
    purpose = SelectField()
    place = SelectField()
    title = StringField()
    schedule = SelectField()

    def __init__(self, places: Iterable[str], *args: Any, schedules: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        speech = current_language()
        self._choice("report_key", _("Report"), [(key, item.title[speech]) for key, item in reports().items()])
        self._choice("format_key", _("Format"), [(item.key, item.title[speech]) for item in offered()])
        asked = [("", _("Choose")), *((key, words[speech]) for key, words in PURPOSES.items())]
        self._choice("purpose", _("Purpose"), asked, InputRequired(_("Choose what it is for.")))
        self._choice("place", _("Where it goes"), [item for item in place_names().items() if item[0] in places])
        self.title.label.text = _("Name, to keep this export")
        self.title.validators = [Length(max=100, message=_("This text is too long: 100 characters at most."))]
        days = schedule_names()
        self._choice("schedule", _("Made again"), list(days.items()) if schedules else [("none", days["none"])])

    def _choice(self, name: str, label: str, choices: list[tuple[str, str]], *validators: Any) -> None:
        field = self[name]
        field.label.text, field.choices, field.validators = label, choices, list(validators)

    def validate_schedule(self, field: SelectField) -> None:
        """What comes back has a name to be known by."""
        if field.data != "none" and not (self.title.data or "").strip():
            raise ValidationError(_("Give a name to what is made again."))


def place_names() -> dict[str, str]:
    """Where files go, in the reader's words."""
    return {
        "download": _("Kept here, for me to download"),
        "folder": _("In the institution’s folder"),
        "sftp": _("To the institution’s SFTP server"),
    }


def schedule_names() -> dict[str, str]:
    """When exports make themselves, in the reader's words."""
    return {
        "none": _("Only when I ask"),
        "daily": _("Every day, early"),
        "weekly": _("Every Monday, early"),
        "monthly": _("On the first of each month, early"),
    }
