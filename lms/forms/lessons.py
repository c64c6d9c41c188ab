"""Forms of a lesson: its text, its settings, and a new one."""

from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileRequired
from wtforms import HiddenField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

from curricula.model import LessonText, Module
from curricula.pieces import Settings
from lms.forms.files import FileField
from lms.forms.parts import at_most
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.services.lesson_drafts import said

#: How long a text may be, in characters: an hour of reading.
TITLE, ABLE, BODY = 200, 2000, 60_000
MINUTES = (1, 240)


def edition_of(text: str | None) -> int:
    """The edition a form was filled from; 0, which is none, for what is no number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0


class LessonTextForm(FlaskForm):  # type: ignore[misc]
    """A lesson in one language. What is missing may be written later: only what is too long is refused."""

    # The preview beside it is the learner's page, which has ids of its own.
    title = StringField(id="lesson-title")
    able = TextAreaField(id="lesson-able")
    body = TextAreaField(id="lesson-body")
    edition = HiddenField(id="lesson-edition")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label, longest in (
            ("title", _("Title"), TITLE), ("able", _("What one will be able to do"), ABLE), ("body", _("Text"), BODY),
        ):  # fmt: skip
            field = self[name]
            field.label.text = label
            field.validators = [at_most(longest)]
            field.flags.required = True  # in the end: nothing says « optional »
        self.able.description = _("2 to 4 verbs that can be observed, one on each line: identify…, choose…, check…")

    @property
    def text(self) -> LessonText:
        """What was written."""
        return said(self.title.data or "", self.able.data or "", self.body.data or "")

    def show(self, text: LessonText, edition: int) -> None:
        """Fill the form with what a piece says."""
        self.title.data, self.able.data, self.body.data = text.title, "\n".join(text.able), text.body
        self.edition.data = str(edition)


class LessonSettingsForm(FlaskForm):  # type: ignore[misc]
    """What a lesson is in every language: minutes, objectives and sources of its module."""

    minutes = IntegerField()
    objectives = SelectMultipleField(widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    sources = SelectMultipleField(widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    edition = HiddenField()

    def __init__(self, module: Module, now: Settings, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._now = now
        low, high = MINUTES
        refusal = _("Give a whole number of minutes, from %(low)s to %(high)s.", low=low, high=high)
        self.minutes.label.text = _("Minutes")
        self.minutes.description = _("To read it and do its exercises.")
        self.minutes.validators = [InputRequired(refusal), NumberRange(low, high, refusal)]
        self.minutes.flags.required = True
        self.minutes.render_kw = {"inputmode": "numeric"}
        self.objectives.label.text = _("Objectives it works towards")
        self.objectives.choices = _choices(
            {each.key: localized(each.text) for each in module.objectives}, now.objectives
        )
        self.sources.label.text = _("Sources it cites")
        self.sources.choices = _choices({each.key: localized(each.title) for each in module.sources}, now.sources)

    def show(self, settings: Settings, edition: int) -> None:
        """Fill the form with what a piece says."""
        self.minutes.data, self.edition.data = settings.minutes, str(edition)
        self.objectives.data, self.sources.data = list(settings.objectives), list(settings.sources)

    @property
    def settings(self) -> Settings:
        """What was chosen; what was chosen already keeps its order."""
        return Settings(
            self.minutes.data,
            _in_order(self._now.objectives, self.objectives.data, self.objectives.choices),
            _in_order(self._now.sources, self.sources.data, self.sources.choices),
        )


class NewLessonForm(FlaskForm):  # type: ignore[misc]
    """A lesson needs a title to begin with."""

    title = StringField(id="new-title")
    language = SelectField(id="new-language")

    def __init__(self, languages: dict[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title.label.text = _("Title")
        self.title.validators = [DataRequired(_("This is needed.")), at_most(TITLE)]
        self.title.flags.required = True
        self.language.label.text = _("Language of the title")
        self.language.choices = list(languages.items())


class ImageForm(FlaskForm):  # type: ignore[misc]
    """An image for a lesson: nobody adds one without saying what it shows."""

    file = FileField(id="image-file")
    alt = StringField(id="image-alt")
    caption = StringField(id="image-caption")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.file.label.text = _("Image")
        self.file.validators = [FileRequired(_("Choose an image first."))]
        self.file.render_kw = {"accept": "image/*"}
        self.alt.label.text = _("Alternative text")
        self.alt.description = _("What the image shows, for whoever does not see it.")
        self.alt.validators = [DataRequired(_("Say what the image shows.")), at_most(TITLE)]
        self.alt.flags.required = True
        self.caption.label.text = _("Caption")
        self.caption.validators = [at_most(TITLE)]

    def markdown(self, name: str) -> str:
        """What a lesson writes to show the image of that name."""
        alt, caption = (" ".join((field.data or "").split()) for field in (self.alt, self.caption))
        title = ' "' + caption.replace("\\", "\\\\").replace('"', '\\"') + '"' if caption else ""
        words = alt.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
        return f"![{words}](files/{name}{title})"


def _choices(known: dict[str, str], chosen: tuple[str, ...]) -> list[tuple[str, str]]:
    """The choices of a module; what was chosen and is no longer in the module stays, and says so."""
    gone = {key: _("%(key)s (no longer in the module)", key=key) for key in chosen if key not in known}
    return [(key, text or key) for key, text in {**known, **gone}.items()]


def _in_order(before: tuple[str, ...], chosen: list[str], choices: list[tuple[str, str]]) -> tuple[str, ...]:
    kept = [key for key in before if key in chosen]
    return tuple(kept + [key for key, _label in choices if key in chosen and key not in kept])
