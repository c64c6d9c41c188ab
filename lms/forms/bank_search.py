"""What the facts of a question are called in forms, and the form that narrows a bank by them."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField, StringField
from wtforms.validators import Length

from assessments.registry import question_types
from curricula.model import Module
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.services.bank import DIFFICULTIES, Search


def type_names() -> list[tuple[str, str]]:
    """The types of questions, as authors call them."""
    kinds = question_types()
    first = [key for key in ("single", "multiple") if key in kinds]
    others = sorted(((key, _(kinds[key].name)) for key in kinds if key not in first), key=itemgetter(1))
    return [*((key, _(kinds[key].name)) for key in first), *others]


def difficulty_names() -> list[tuple[str, str]]:
    """The difficulties, as authors call them."""
    names = {
        1: _("1, applies the rule"), 2: _("2, chooses between rules"), 3: _("3, a case where rules meet"),
    }  # fmt: skip
    return [(str(level), names[level]) for level in DIFFICULTIES]


def objective_names(module: Module) -> list[tuple[str, str]]:
    """The objectives of a module, each with its key."""
    return [(each.key, f"{each.key} · {localized(each.text)}") for each in module.objectives]


def source_names(module: Module) -> list[tuple[str, str]]:
    """The sources of a module."""
    return [(each.key, localized(each.title) or each.key) for each in module.sources]


def offer(field: Any, label: str, choices: Iterable[tuple[str, str]], none: str | None = None) -> None:
    """Give a choice its label and values; one that is kept though nobody offers it any more stays, as it is."""
    first = [] if none is None else [("", none)]
    field.label.text, field.choices = label, [*first, *choices]
    if field.data and field.data not in dict(field.choices):
        field.choices.append((field.data, _("%(key)s (not known here)", key=field.data[:60])))


class SearchForm(Form):  # type: ignore[misc]
    """Words and facts; a value that is not offered narrows nothing."""

    q = StringField(validators=[Length(max=200)])
    objective = SelectField()
    difficulty = SelectField()
    type = SelectField()
    state = SelectField()

    def __init__(self, values: MultiDict[str, str], module: Module) -> None:
        super().__init__(values)
        self.q.label.text, self.q.data = _("Words"), (self.q.data or "")[:200]
        states = [("unfinished", _("Unfinished")), ("untranslated", _("Not translated"))]
        for field, label, choices in (
            (self.objective, _("Objective"), objective_names(module)),
            (self.difficulty, _("Difficulty"), difficulty_names()),
            (self.type, _("Type"), type_names()),
            (self.state, _("State"), states),
        ):
            field.label.text, field.choices = label, [("", _("All")), *choices]
            if field.data not in dict(field.choices):
                field.data = ""

    def search(self) -> Search:
        """What is looked for."""
        level = int(self.difficulty.data or 0)
        return Search(self.q.data.strip(), self.objective.data, level, self.type.data, self.state.data)

    def asked(self) -> dict[str, str]:
        """The same as the values of an address."""
        return {name: value for name, value in self.data.items() if value}
