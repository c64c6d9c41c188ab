"""Which attempts an analysis is of, and why attempts are marked again."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Form, HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired, Length, StopValidation
from wtforms.widgets import CheckboxInput, DateInput, ListWidget

from lms.cells import YEARS
from lms.forms.dates import read_date
from lms.i18n import ZONE
from lms.i18n import gettext as _

#: Longest reason, in characters.
REASON = 1000


class WhichForm(Form):  # type: ignore[misc]
    """Revisions of the track, and a period, by its first and last day."""

    revision = SelectMultipleField(
        option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False), validate_choice=False
    )
    since = StringField(widget=DateInput())
    until = StringField(widget=DateInput())

    def __init__(self, values: MultiDict[str, str], revisions: Iterable[tuple[str, str]]) -> None:
        super().__init__(values)
        self.revision.label.text = _("Versions of the track")
        self.revision.description = _("None ticked: all of them.")
        self.revision.choices = list(revisions)
        self.since.label.text, self.until.label.text = _("Submitted from"), _("Submitted until")

    def validate_since(self, field: StringField) -> None:
        """A day, or nothing."""
        _day(field)

    def validate_until(self, field: StringField) -> None:
        """A day, or nothing, and not before the first."""
        last, first = _day(field), _known(self.since.data)
        if first and last and last < first:
            raise ValidationError(_("The last day comes before the first."))

    def digests(self) -> frozenset[str]:
        """The revisions that are ticked and known."""
        return frozenset(self.revision.data or ()) & {value for value, _label in self.revision.choices}

    def period(self) -> tuple[datetime | None, datetime | None]:
        """From the first moment of the first day to the last of the last, as lived in France."""
        first, last = _known(self.since.data), _known(self.until.data)
        return _midnight(first), _midnight(last + timedelta(days=1) if last else None)

    def asked(self) -> dict[str, Any]:
        """The same as the values of an address."""
        return {
            "revision": sorted(self.digests()), "since": self.since.data or None, "until": self.until.data or None,
        }  # fmt: skip


class RegradeForm(FlaskForm):  # type: ignore[misc]
    """What became of the question, and why, for learners; ``digest`` and ``total`` are what the numbers said."""

    kind = RadioField()
    reason = TextAreaField()
    digest = HiddenField(validators=[Length(max=64)])
    total = HiddenField(validators=[Length(max=10)])

    def __init__(self, kinds: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.label.text = _("What became of the question")
        self.kind.choices = list(kinds)
        self.kind.validators = [InputRequired(_("Choose one."))]
        self.reason.label.text = _("Why the results are seen again")
        self.reason.description = _("Learners read it beside their result. Two sentences are enough.")
        self.reason.render_kw = {"rows": 3}
        too_long = Length(max=REASON, message=_("This is too long: %(count)s characters at most.", count=REASON))
        self.reason.validators = [_said, too_long]
        self.reason.flags.required = True


def _said(_form: FlaskForm, field: TextAreaField) -> None:
    field.data = (field.data or "").strip()
    if not field.data:
        raise StopValidation(_("Write a sentence."))


def _day(field: StringField) -> date | None:
    found = _known(field.data)
    if field.data and found is None:
        raise ValidationError(_("Write a day, for example 30/09/2026."))
    return found


def _known(text: str | None) -> date | None:
    """The day that a text says, between years that calendars know; None where it says none."""
    try:
        found = date.fromisoformat(read_date(text or ""))
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), ZONE) if day else None
