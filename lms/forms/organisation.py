"""Forms of who changes the organisation by hand: a unit made, renamed, moved; of which day it is read."""

import re
from datetime import datetime, time, timedelta
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Form, SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, Length
from wtforms.widgets import DateInput

from lms.cells import YEARS
from lms.forms.dates import read_date
from lms.i18n import ZONE
from lms.i18n import gettext as _
from lms.models.organisation import UNIT_KINDS


def kind_names() -> dict[str, str]:
    """Kind of a unit → its name."""
    names = {
        "branch": _("Branch of the civil service"),
        "ministry": _("Ministry"),
        "operator": _("Operator"),
        "authority": _("Local authority"),
        "hospital": _("Hospital"),
        "directorate": _("Directorate"),
        "service": _("Service"),
        "other": _("Other"),
    }
    return {kind: names[kind] for kind in UNIT_KINDS}


class UnitForm(FlaskForm):  # type: ignore[misc]
    """What a unit is called; ``code`` stays what it is once the unit is made."""

    code = StringField()
    name = StringField()
    kind = SelectField()
    siret = StringField()

    def __init__(self, *args: Any, made: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if made:
            del self.code
        else:
            self.code.label.text = _("Code")
            self.code.description = _("What your HR files call it. It never changes.")
            self.code.validators = _needed(200)
        self.name.label.text = _("Name")
        self.name.validators = _needed(300)
        self.kind.label.text, self.kind.choices = _("Kind"), list(kind_names().items())
        self.siret.label.text = _("SIRET")
        self.siret.description = _("14 digits.")
        for field in self:
            field.flags.required = field.short_name in {"code", "name"}

    def validate_siret(self, field: Any) -> None:
        """Digits alone, their spaces removed."""
        field.data = re.sub(r"\s", "", field.data or "") or None
        if field.data and not re.fullmatch(r"[0-9]{14}", field.data):
            raise ValidationError(_("A SIRET has 14 digits."))


class MoveForm(FlaskForm):  # type: ignore[misc]
    """Under which unit another goes."""

    under = StringField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.under.label.text = _("Code of the unit it goes under")
        self.under.description = _("Empty: at the top of the organisation.")
        self.under.validators = [Length(max=200, message=_("This is too long."))]


class DayForm(Form):  # type: ignore[misc]
    """The day at whose end the organisation is read, in the address."""

    day = StringField(widget=DateInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.day.label.text = _("As it was at the end of")
        self.at: datetime | None = None

    def validate_day(self, field: Any) -> None:
        """A whole day; ``at`` is its end, in France."""
        said = (field.data or "").strip()
        if not said:
            return
        try:
            day = datetime.fromisoformat(read_date(said))
            if len(read_date(said)) != len("2026-01-31") or day.year not in YEARS:
                raise ValueError(said)
        except ValueError as error:
            raise ValidationError(_("Write a day, for example 31/12/2025.")) from error
        self.at = datetime.combine(day.date() + timedelta(days=1), time(), ZONE)


def _needed(limit: int) -> list[Any]:
    return [DataRequired(_("This is needed.")), Length(max=limit, message=_("This is too long."))]
