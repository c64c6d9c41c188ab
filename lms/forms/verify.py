"""Forms of the public check."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from lms.i18n import gettext as _


class CodeForm(FlaskForm):  # type: ignore[misc]
    """The code printed on a certificate. A search changes nothing: it needs no form token."""

    class Meta:
        csrf = False

    code = StringField(validators=[InputRequired(), Length(max=60)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code.label.text = _("Code of the certificate")
        self.code.render_kw = {"autocomplete": "off", "spellcheck": "false"}


class FileForm(FlaskForm):  # type: ignore[misc]
    """A certificate as received."""

    file = FileField(validators=[FileRequired()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file.label.text = _("PDF, badge (PNG, SVG), JSON or JWT file")
        self.file.validators = [FileRequired(_("Choose the file you received."))]
        self.file.render_kw = {"accept": ".pdf,.png,.svg,.json,.jwt"}


def why_unreadable(reason: str) -> tuple[str, str]:
    """What is wrong with a file that cannot be judged (``certificates.verify.Unreadable``), and what to do."""
    again = _("Choose the PDF, PNG, SVG, JSON or JWT file as you received it.")
    return {
        "empty": (_("This file is empty."), again),
        "large": (_("This file is too large to be a certificate of ours."), again),
        "encrypted": (_("This PDF is protected by a password, so its seal cannot be read."), again),
        "damaged": (_("This file is damaged: it cannot be read to its end."), _("Ask its holder to send it again.")),
        "no_credential": (
            _("This picture carries no credential, so nothing proves what it shows."),
            _("Ask its holder for the original file: a screenshot, or a copy made by a messaging service, loses it."),
        ),
        "several": (
            _("This picture carries several credentials: it is not one of ours."),
            _("Ask its holder for the original file."),
        ),
    }.get(reason, (_("This file is neither a PDF, nor a PNG or SVG badge, nor a JSON or JWT credential."), again))
