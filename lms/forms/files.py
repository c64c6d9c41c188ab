"""The field of a file that somebody sends and that is kept, read into the database or noted."""

from typing import Any

from flask_wtf import file
from wtforms import ValidationError

from lms.scanning import examined


class FileField(file.FileField):  # type: ignore[misc]
    """A file, which the antivirus of the settings has examined once the field is valid. Its refusal is the field's."""

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        """Show the file to the antivirus; nothing else was wrong with it."""
        super().post_validate(form, validation_stopped)
        if self.data and not self.errors:
            refusal = examined(self.data.stream)
            if refusal:
                raise ValidationError(" ".join(refusal))
