"""Forms of a trainer before an assessment: a sitting, and what a learner is granted."""

import re
from datetime import datetime, time, timedelta
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, StringField, ValidationError
from wtforms.validators import InputRequired

from lms.cells import YEARS
from lms.forms.parts import DatedField, NumberField
from lms.i18n import ZONE
from lms.i18n import gettext as _
from lms.services.accommodations import Granted

#: « 9:30 », « 9 h 30 », « 14h ».
_TIME = re.compile(r"([01]?[0-9]|2[0-3])(?:\s*[:hH]\s*([0-5][0-9])?)?")


class TimeField(StringField):  # type: ignore[misc]
    """A time of day, as people type it."""

    data: Any
    raw_data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        said = (valuelist or [""])[0].strip()
        found = _TIME.fullmatch(said)
        self.data = None
        self.raw_data = [said] if said else []  # spaces are no answer
        if said and found is None:
            raise ValueError(_("Write a time of day, for example 9:30."))
        if found is not None:
            self.data = time(int(found[1]), int(found[2] or 0))

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else ""


class DayField(DatedField):
    """A day, not too far away: a year of four digits may be mistyped."""

    data: Any
    raw_data: Any

    def __init__(self, **more: Any) -> None:
        super().__init__("", whole=True, **more)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed."""
        if not (valuelist or [""])[0].strip():
            self.raw_data = []  # spaces are no answer
        super().process_formdata(valuelist)

    def pre_validate(self, form: Any) -> None:
        """Refuse a year nobody means."""
        del form
        if self.data is not None and self.data.year not in YEARS:
            raise ValidationError(_("Write a day, for example 30/09/2026."))


class SittingForm(FlaskForm):  # type: ignore[misc]
    """Which assessment, and when it may be begun; days and times are those lived in France."""

    module = SelectField()
    opens_on = DayField()
    opens = TimeField()
    closes = TimeField()
    closes_on = DayField()

    def __init__(self, modules: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.module.label.text, self.module.choices = _("Assessment"), modules
        self.opens_on.label.text = _("Day")
        self.opens_on.description = _("For example 30/09/2026.")
        self.opens.label.text = _("Opens at")
        self.opens.description = _("Paris time, for example 9:30.")
        self.closes.label.text = _("Closes at")
        self.closes.description = _("Nobody begins after that; those who began have their whole time.")
        self.closes_on.label.text = _("Closing day, when it is another one")
        for name, words in (
            ("opens_on", _("Give the day of the sitting.")),
            ("opens", _("Give the time when it opens.")),
            ("closes", _("Give the time when it closes.")),
        ):
            self[name].validators = [InputRequired(words)]
            self[name].flags.required = True

    def window(self) -> tuple[datetime, datetime]:
        """When the sitting opens and closes."""
        last = self.closes_on.data or self.opens_on.data
        return (
            datetime.combine(self.opens_on.data, self.opens.data, ZONE),
            datetime.combine(last, self.closes.data, ZONE),
        )


class AccommodationForm(FlaskForm):  # type: ignore[misc]
    """What a learner is granted. There is no field for a reason, on purpose."""

    extra_time = NumberField("", 0, 300, needed=False)
    pauses = NumberField("", 0, 10, needed=False)
    read_aloud = BooleanField()
    enlarged = BooleanField()
    spaced = BooleanField()
    other_forms = BooleanField()
    until = DayField()

    def __init__(self, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today = now.astimezone(ZONE).date()
        self.extra_time.label.text = _("Extra time, in percent")
        self.extra_time.description = _("33 for a third more: 60 min become 80 min.")
        self.pauses.label.text = _("More pauses")
        self.pauses.description = _("Beside those everybody has, of 15 min each at the longest.")
        self.read_aloud.label.text = _("Questions read aloud by the browser")
        self.enlarged.label.text = _("Larger letters")
        self.spaced.label.text = _("Wider spacing")
        self.other_forms.label.text = _("Questions in another form, where there is one")
        self.until.label.text = _("Until")
        self.until.description = _("That day included. Without one, it holds until it is taken back.")

    def validate_until(self, field: DayField) -> None:
        """A day that is not over."""
        if field.data is not None and field.data < self._today:
            raise ValidationError(_("This day is over. Give one to come, or none."))

    def granted(self) -> Granted:
        """What was typed."""
        last = self.until.data
        return Granted(
            self.extra_time.data or 0, self.pauses.data or 0, self.read_aloud.data, self.enlarged.data,
            self.spaced.data, self.other_forms.data,
            datetime.combine(last + timedelta(days=1), time(), ZONE) - timedelta(seconds=1) if last else None,
        )  # fmt: skip
