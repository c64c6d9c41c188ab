"""Forms of review and publication: a word, a comment, what is published and for whom, a folder as an archive."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired
from wtforms import BooleanField, HiddenField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from lms.forms.files import FileField
from lms.i18n import gettext as _

#: Longest word with an act, and longest comment, in characters.
WORD, COMMENT = 500, 5000


def _not_too_long(most: int) -> Length:
    return Length(max=most, message=_("This is too long: %(count)s characters at most.", count=most))


def _said(_form: FlaskForm, field: TextAreaField) -> None:
    """Something, and not spaces alone."""
    field.data = (field.data or "").strip()
    if not field.data:
        raise StopValidation(_("Write a sentence."))


class WordForm(FlaskForm):  # type: ignore[misc]
    """A word that goes with an act; needed when one is sent back."""

    word = TextAreaField()

    def __init__(self, label: str, *args: Any, needed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word.label.text = label
        self.word.render_kw = {"rows": 3}
        self.word.filters = [lambda text: (text or "").strip()]
        self.word.validators = [*([_said] if needed else []), _not_too_long(WORD)]
        self.word.flags.required = needed


class CommentForm(FlaskForm):  # type: ignore[misc]
    """What is said of a piece, or of the whole."""

    path = HiddenField(validators=[Length(max=300)])
    text = TextAreaField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.text.label.text = _("Comment")
        self.text.render_kw = {"rows": 3}
        self.text.validators = [_said, _not_too_long(COMMENT)]
        self.text.flags.required = True


class PublishForm(FlaskForm):  # type: ignore[misc]
    """What changed, for those who read the list of versions, and what becomes of those who are learning."""

    note = TextAreaField()
    learners = RadioField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.note.label.text = _("What changes in this version")
        self.note.description = _("Two sentences are enough: they stay in the list of versions.")
        self.note.render_kw = {"rows": 3}
        self.note.validators = [_said, _not_too_long(WORD)]
        self.note.flags.required = True
        self.learners.label.text = _("Learners of earlier versions")
        self.learners.choices = [
            ("stay", _("stay on the version they began")),
            ("move", _("go on with this one, if they have not completed theirs")),
        ]
        self.learners.validators = [InputRequired(_("Choose one."))]
        if self.learners.data in {None, "None"} and not self.is_submitted():
            self.learners.data = "stay"


class SureForm(FlaskForm):  # type: ignore[misc]
    """One box to tick before what is written is left."""

    sure = BooleanField()

    def __init__(self, label: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sure.label.text = label
        self.sure.validators = [InputRequired(_("Tick the box to confirm."))]


class PackageForm(FlaskForm):  # type: ignore[misc]
    """The folder of a track as a ZIP archive, and the state of the draft it was chosen for."""

    file = FileField()
    state = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file.label.text = _("ZIP archive of the track's folder")
        self.file.validators = [FileRequired(_("Choose the file to send."))]
        self.file.render_kw = {"accept": ".zip,application/zip"}
