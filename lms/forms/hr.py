"""HR's forms: what an export is narrowed by, the file of certificates to check."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, SelectField, StringField, ValidationError
from wtforms.validators import Length, Optional
from wtforms.widgets import DateInput

from lms.forms.files import FileField
from lms.i18n import current_language
from lms.i18n import gettext as _
from lms.reports import reports
from lms.tables import Filter, FilterError, Report


def every_filter() -> list[Filter]:
    """Each filter of each report, once."""
    return list({item.key: item for report in reports().values() for item in report.filters}.values())


def filter_form(
    filters: Iterable[Filter], values: MultiDict[str, str], known: Mapping[str, list[str]] | None = None
) -> Form:
    """A form with one field for each filter; a text filter whose ``known`` values are given is a choice of them."""
    fields = {item.key: _field(item, (known or {}).get(item.key)) for item in filters}
    form: Form = type("FilterForm", (Form,), fields)(values)
    return form


class ChecksForm(FlaskForm):  # type: ignore[misc]
    """A CSV file of codes or numbers of certificates."""

    file = FileField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file.label.text = _("CSV file")
        self.file.validators = [FileRequired(_("Choose the file to send."))]
        self.file.render_kw = {"accept": ".csv,.txt,text/csv,text/plain"}


def refusal(error: FilterError) -> str:
    """Why a filter cannot be used, in the reader's words."""
    if error.allowed:
        return _("« %(value)s » cannot be used here. Possible: %(allowed)s.", value=error.value[:50],
                 allowed=", ".join(error.allowed))  # fmt: skip
    return _("« %(value)s » cannot be used here.", value=error.value[:50])


def _field(item: Filter, known: list[str] | None) -> Field:
    label, language = item.label[current_language()], current_language()
    # The reports it narrows: the page puts it away while another one is chosen.
    marked = {"data-of": " ".join(report.key for report in reports().values() if _has(report, item.key))}
    validators = [
        Optional(), Length(max=300, message=_("This text is too long: 300 characters at most.")), _check(item)
    ]  # fmt: skip
    if item.kind == "choice" or known is not None:
        choices = [(key, words[language]) for key, words in item.choices().items()] + [(k, k) for k in known or ()]
        return SelectField(label, choices=[("", _("All")), *choices], validators=validators, validate_choice=False,
                           render_kw=marked)  # fmt: skip
    widget = DateInput() if item.kind == "date" else None
    return StringField(label, validators=validators, widget=widget, render_kw=marked)


def _has(report: Report, key: str) -> bool:
    return any(item.key == key for item in report.filters)


def _check(item: Filter) -> Any:
    def check(_form: Form, field: Field) -> None:
        try:
            item.read(str(field.data))
        except FilterError as error:
            raise ValidationError(refusal(error)) from error

    return check
