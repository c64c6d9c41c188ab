"""The rule of the population P, as somebody types it."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from lms.i18n import gettext as _
from lms.models.agents import BRANCHES, CATEGORIES
from lms.services.population import Rule


class RuleForm(FlaskForm):  # type: ignore[misc]
    """Units and corps one a line, branches and grades to tick; nothing narrows nothing. ``corps`` must be known."""

    units = TextAreaField()
    branches = SelectMultipleField(widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    categories = SelectMultipleField(widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    corps = TextAreaField()
    words = TextAreaField()

    def __init__(self, known_corps: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._known = {corps.casefold(): corps for corps in known_corps}
        self.units.label.text = _("Units")
        self.units.description = _("Their codes, one a line; all under them is included. None: the whole organisation.")
        self.branches.label.text = _("Branches of the civil service")
        self.branches.choices = [(each, each) for each in BRANCHES]
        self.categories.label.text = _("Grades")
        self.categories.choices = [(each, each) for each in CATEGORIES]
        for field in (self.branches, self.categories):
            field.description = _("Nothing ticked: no limit.")
        self.corps.label.text = _("Corps or positions")
        self.corps.description = _("One a line, as HR's file has them. None: all of them.")
        self.words.label.text = _("The rule in words")
        self.words.description = _("Who is counted and why: printed beside the figures.")
        self.words.validators = [
            DataRequired(_("Say in words who is counted.")),
            Length(max=2000, message=_("This is too long.")),
        ]
        self.words.flags.required = True
        for field in (self.units, self.corps):
            field.validators = [Length(max=20_000, message=_("This is too long."))]
            field.render_kw = {"rows": 3}

    def validate_corps(self, field: Any) -> None:
        """Each must be the corps of some agent, whatever its case."""
        unknown = [line for line in _lines(field.data) if line.casefold() not in self._known]
        if unknown:
            raise ValidationError(_("No agent has this corps: %(names)s.", names=", ".join(unknown)[:300]))

    @property
    def rule(self) -> Rule:
        """What was typed."""
        return Rule(
            units=_lines(self.units.data),
            branches=tuple(self.branches.data or ()),
            categories=tuple(self.categories.data or ()),
            corps=tuple(self._known[line.casefold()] for line in _lines(self.corps.data)),
        )


def _lines(text: str | None) -> tuple[str, ...]:
    """The lines that say something, each once."""
    return tuple(dict.fromkeys(line.strip() for line in (text or "").splitlines() if line.strip()))
