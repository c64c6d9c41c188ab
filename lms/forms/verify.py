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
