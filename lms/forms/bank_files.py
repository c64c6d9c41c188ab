"""Forms of a bank's files: one to bring, what is said of its questions, one to take away."""

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField

from curricula.exchange.registry import formats
from curricula.model import LANGUAGES
from lms.forms.files import FileField
from lms.i18n import gettext as _


class BankFileForm(FlaskForm):  # type: ignore[misc]
    """A file of questions, its format, the language of texts that do not say theirs."""

    file = FileField()
    format = SelectField()
    language = SelectField()

    def __init__(self, languages: Sequence[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        read = [each for each in formats().values() if each.read]
        self.file.label.text = _("File of questions")
        self.file.validators = [FileRequired(_("Choose the file to send."))]
        self.file.render_kw = {"accept": ",".join(dict.fromkeys(end for each in read for end in each.suffixes))}
        self.format.label.text = _("Format")
        self.format.choices = [("", _("As the file says")), *((each.key, each.name) for each in read)]
        self.language.label.text = _("Language of its texts")
        self.language.description = _("Where the file does not say it.")
        self.language.choices = list(languages)


class DefaultsForm(FlaskForm):  # type: ignore[misc]
    """What is said of the questions of a file where the file does not say it."""

    objective = SelectField()
    difficulty = SelectField(default="2")
    source = SelectField()

    def __init__(
        self, objectives: Sequence[tuple[str, str]], difficulties: Sequence[tuple[str, str]],
        sources: Sequence[tuple[str, str]], *args: Any, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        later = ("", _("Chosen later, question by question"))
        self.objective.label.text, self.objective.choices = _("Objective"), [later, *objectives]
        self.difficulty.label.text, self.difficulty.choices = _("Difficulty"), list(difficulties)
        self.source.label.text, self.source.choices = _("Source"), [later, *sources]


class ExportForm(Form):  # type: ignore[misc]
    """The format and the language of a file to take away; a value that is not offered is the first."""

    format = SelectField()
    language = SelectField()

    def __init__(self, values: MultiDict[str, str], languages: Sequence[tuple[str, str]]) -> None:
        super().__init__(values)
        self.format.label.text, self.language.label.text = _("Format"), _("Language")
        self.format.choices = [(each.key, each.name) for each in formats().values() if each.write]
        self.language.choices = list(languages)
        for field, first in ((self.format, self.format.choices[0][0]), (self.language, LANGUAGES[0])):
            if field.data not in dict(field.choices):
                field.data = first
