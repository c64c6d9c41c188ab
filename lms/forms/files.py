"""The field of a file that somebody sends and that is kept, read into the database or noted."""

from typing import Any

from flask_wtf import file
from wtforms import ValidationError

from lms.i18n import filesize
from lms.i18n import gettext as _
from lms.scanning import examined


def file_limits(largest: int, together: int | None = None) -> dict[str, object]:
    """Attributes of a field of files: « tooLarge » of app.js tells what its page refuses before it is sent.

    ``largest`` a file, ``together`` all those of one sending, in bytes.
    """
    too_large = _("This file is too large to be sent: choose one of %(size)s at most.", size=filesize(largest))
    limits: dict[str, object] = {"data-largest": largest, "data-too-large": too_large}
    if together is not None:
        limits["data-together"] = together
        limits["data-too-many"] = _(
            "These files are too large to be sent together, %(size)s at most: add them one by one.",
            size=filesize(together),
        )
    return limits


class FileField(file.FileField):  # type: ignore[misc]
    """A file, which the antivirus of the settings has examined once the field is valid. Its refusal is the field's."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        """Show the file to the antivirus; nothing else was wrong with it."""
        super().post_validate(form, validation_stopped)
        if self.data and not self.errors:
            refusal = examined(self.data.stream)
            if refusal:
                raise ValidationError(" ".join(refusal))
