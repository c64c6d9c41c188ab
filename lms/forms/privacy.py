"""Erasing a person's data."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField
from wtforms.validators import InputRequired

from lms.i18n import gettext as _


class EraseForm(FlaskForm):  # type: ignore[misc]
    """One box to tick: it cannot be undone."""

    sure = BooleanField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sure.label.text = _("I understand that this cannot be undone.")
        self.sure.validators = [InputRequired(_("Tick the box to confirm."))]
