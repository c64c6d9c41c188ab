"""What HR's dashboard is narrowed by: everything stands in the address."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, SelectField, StringField, ValidationError
from wtforms.widgets import DateInput

from lms.i18n import gettext as _
from lms.models.agents import BRANCHES, CATEGORIES
from lms.services.dashboards import Asked


class BoardForm(Form):  # type: ignore[misc]
    """Branch, grade, track and day; ``unit`` is carried along from the map of the organisation."""

    branch = SelectField(id="board-branch", validate_choice=False)
    category = SelectField(id="board-category", validate_choice=False)
    track = SelectField(id="board-track", validate_choice=False)
    day = StringField(id="board-day", widget=DateInput())

    def __init__(self, values: MultiDict[str, str], tracks: Mapping[str, str], today: date) -> None:
        super().__init__(values)
        self._today, self._unit = today, values.get("unit", "").strip()
        everything = ("", _("All"))
        self.branch.label.text, self.branch.choices = (
            _("Branch of the civil service"),
            [everything, *((key, key) for key in BRANCHES)],
        )
        names = [(key, _("Contract staff") if key == "contractuel" else _("Not stated") if " " in key else key)
                 for key in CATEGORIES]  # fmt: skip
        self.category.label.text, self.category.choices = _("Grade"), [everything, *names]
        self.track.label.text, self.track.choices = _("Track"), [everything, *tracks.items()]
        self.day.label.text = _("As on")
        self.day.render_kw = {"max": today.isoformat()}

    def asked(self) -> Asked:
        """What is asked, once it is valid; what is not valid is left out."""
        good: dict[str, Any] = {name: field.data or "" for name, field in self._fields.items() if not field.errors}
        day = None if self.day.errors else self._day()
        unit = int(self._unit) if self._unit.isdecimal() and len(self._unit) < 10 else None
        return Asked(
            unit, good.get("branch") or None, good.get("category") or None, good.get("track", ""),
            None if day is None or day >= self._today else day,
        )  # fmt: skip

    def validate_branch(self, field: Field) -> None:
        _among(field)

    def validate_category(self, field: Field) -> None:
        _among(field)

    def validate_track(self, field: Field) -> None:
        _among(field)

    def validate_day(self, field: Field) -> None:
        day = self._day()
        if field.data and day is None:
            raise ValidationError(_("Type the day as 2026-12-31."))
        if day is not None and (day > self._today or day.year < 2000):
            raise ValidationError(_("Choose a day that is over, or leave this empty for today."))

    def _day(self) -> date | None:
        try:
            return date.fromisoformat((self.day.data or "").strip()) if self.day.data else None
        except ValueError:
            return None


def _among(field: Field) -> None:
    if field.data and field.data not in [key for key, _label in field.choices]:
        raise ValidationError(_("Choose one of the list."))
