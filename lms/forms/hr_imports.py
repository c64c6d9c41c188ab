"""Forms of HR's files: sending one, and how it is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import Length

from lms.forms.files import FileField
from lms.i18n import gettext as _
from lms.services.import_columns import Columns
from lms.services.import_fields import KINDS
from lms.sheets import Sheet


class FileForm(FlaskForm):  # type: ignore[misc]
    """A file of agents or of units, and where it comes from."""

    kind = RadioField()
    file = FileField()
    source = StringField()

    def __init__(self, kinds: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind.label.text = _("What the file holds")
        self.kind.choices = list(kinds.items())
        self.file.label.text = _("File")
        self.file.validators = [FileRequired(_("Choose the file to send."))]
        self.file.render_kw = {"accept": ".csv,.txt,.xlsx,.ods"}
        self.source.label.text = _("Where it comes from")
        self.source.validators = [Length(max=100, message=_("This text is too long: 100 characters at most."))]
        self.source.render_kw = {"list": "sources", "maxlength": 100}


def reading_form(kind: str, sheet: Sheet, columns: Columns, *, to_confirm: int) -> FlaskForm:
    """How a file is read: one field for each column with a heading (``column_0``…), and what is asked of it."""
    choices = [("", _("Left unread")), *((field.key, field.heading) for field in KINDS[kind].values())]
    fields: dict[str, Any] = {
        f"column_{at}": SelectField(heading, choices=choices, default=columns[at] or "")
        for at, heading in enumerate(sheet.headings)
        if heading
    }
    if len(sheet.names) > 1:
        fields["sheet"] = SelectField(_("Sheet"), choices=list(sheet.names), default=sheet.name)
    fields["partial"] = BooleanField(_("Take the good rows even if others are refused"))
    if kind == "agents":
        fields["whole"] = BooleanField(_("This file is the whole list: agents absent from it have left"))
        if to_confirm:
            fields["confirmed"] = BooleanField(_("Yes, these agents left"))
    return type("ReadingForm", (FlaskForm,), fields)()


def chosen(form: FlaskForm, kind: str, headings: Sequence[str]) -> Columns:
    """The field of each column as the form says."""
    names = [f"column_{at}" for at in range(len(headings))]
    return tuple(form[name].data if name in form and form[name].data in KINDS[kind] else None for name in names)
