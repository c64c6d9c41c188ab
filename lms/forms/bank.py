"""Forms of a bank: what it is narrowed by, one question, a file to bring."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import Length

from assessments.registry import question_types
from curricula.exchange.labels import option_key
from curricula.fields import KEY
from curricula.model import LANGUAGES, Module, Option, Question
from lms.forms.parts import at_most, clean
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.services.bank import DIFFICULTIES, Search

#: Longest text, longest note and longest key, in characters; most options a form is sent.
TEXT, NOTE, KEY_LENGTH, ROWS = 20_000, 500, 90, 30
#: Rows of options a new question has, and how many blank ones follow those that are written.
FIRST_ROWS, MORE_ROWS = 4, 2


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


def _offer(field: Any, label: str, choices: Iterable[tuple[str, str]], none: str | None = None) -> None:
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


class OptionForm(Form):  # type: ignore[misc]
    """One option: its texts side by side, whether it is right, what it stands for when it is not."""

    key = HiddenField()
    text_fr = TextAreaField()
    text_en = TextAreaField()
    feedback_fr = TextAreaField()
    feedback_en = TextAreaField()
    correct = BooleanField()
    misconception = StringField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label_texts(self, {"text": _("Text"), "feedback": _("What is said to whoever chooses it")})
        self.correct.label.text = _("This option is right")
        self.misconception.label.text = _("Misconception it stands for")
        self.misconception.description = _("For trainers: the idea that leads to this option.")
        self.misconception.validators = [at_most(NOTE)]

    def option(self) -> Option:
        """The option as written, its key perhaps empty."""
        key = self.key.data or ""
        return Option(
            key if KEY.fullmatch(key) and len(key) <= KEY_LENGTH else "", _texts(self, "text"),
            _texts(self, "feedback"), bool(self.correct.data), clean(self.misconception.data),
        )  # fmt: skip


class QuestionForm(FlaskForm):  # type: ignore[misc]
    """A question, finished or not: only what cannot be kept is refused."""

    key = StringField()
    type = SelectField(validate_choice=False)
    objective = SelectField(validate_choice=False)
    difficulty = SelectField(validate_choice=False)
    source = SelectField(validate_choice=False)
    stem_fr = TextAreaField()
    stem_en = TextAreaField()
    options = FieldList(FormField(OptionForm), max_entries=ROWS)
    #: Of the piece that was read; 0 for a question that is not there.
    edition = HiddenField()

    def __init__(self, module: Module, *args: Any, new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not new:
            del self.key
        else:
            self.key.label.text, self.key.flags.required = _("Key"), True
            self.key.description = _(
                "It names the question for good: lower-case letters, digits and hyphens. Learners never see it."
            )
        _label_texts(self, {"stem": _("Question")})
        _offer(self.type, _("Type"), type_names())
        _offer(self.objective, _("Objective it assesses"), objective_names(module), _("To be chosen"))
        _offer(self.difficulty, _("Difficulty"), difficulty_names())
        _offer(self.source, _("Source of its answer"), source_names(module), _("To be chosen"))

    @classmethod
    def of(cls, module: Module, question: Question, edition: int, *, new: bool = False) -> "QuestionForm":
        """The form that shows a question, with blank rows to write more options in."""
        fewest, most = question_types()["single"].anatomy.options
        rows = [_option_data(each) for each in question.options]
        wanted = max(min(max(FIRST_ROWS, len(rows) + MORE_ROWS), most), len(rows), fewest)
        data = {
            "key": question.key, "type": question.type, "objective": question.objective,
            "difficulty": str(question.difficulty), "source": question.source,
            **{f"stem_{language}": question.stem.get(language, "") for language in LANGUAGES},
            "options": rows + [{} for _blank in range(wanted - len(rows))], "edition": str(edition),
        }  # fmt: skip
        return cls(module, formdata=None, data=data, new=new)

    def question(self, key: str) -> Question:
        """The question as written, without the rows left blank; each option has a key of its own."""
        level = self.difficulty.data or ""
        return Question(
            key, self.type.data or "single", (self.objective.data or "")[:KEY_LENGTH],
            int(level) if level in dict(difficulty_names()) else 1, (self.source.data or "")[:KEY_LENGTH],
            _texts(self, "stem"), tuple(_keyed(row.form.option() for row in self.options if _written(row.form))),
        )  # fmt: skip

    def read_edition(self) -> int:
        """The edition the writer read; -1 when the form does not say."""
        said = self.edition.data or ""
        return int(said) if said.isdecimal() and len(said) < 10 else -1

    def validate_key(self, field: StringField) -> None:
        """A key, as folders and addresses have it."""
        field.data = (field.data or "").strip().lower()
        if not KEY.fullmatch(field.data):
            raise ValidationError(_("Use lower-case letters, digits and hyphens, for example d1-q12."))
        if len(field.data) > KEY_LENGTH:
            raise ValidationError(_("This is too long: %(count)s characters at most.", count=KEY_LENGTH))


def _label_texts(form: Form, names: dict[str, str]) -> None:
    """The label and the limit of texts that stand side by side in each language."""
    in_language = {"fr": _("in French"), "en": _("in English")}
    for name, label in names.items():
        for language in LANGUAGES:
            field = form[f"{name}_{language}"]
            field.label.text, field.validators = f"{label}, {in_language[language]}", [at_most(TEXT)]
            field.render_kw = {"lang": language, "rows": 3 if name == "stem" else 2, "spellcheck": "true"}


def _texts(form: Form, name: str) -> dict[str, str]:
    return {language: clean(form[f"{name}_{language}"].data) for language in LANGUAGES}


def _written(row: Form) -> bool:
    return bool(row.correct.data) or any(
        clean(field.data) for name, field in row._fields.items() if name not in ("key", "correct")
    )


def _option_data(option: Option) -> dict[str, Any]:
    texts = {
        f"{name}_{language}": getattr(option, name).get(language, "") for name in ("text", "feedback")
        for language in LANGUAGES
    }  # fmt: skip
    return {"key": option.key, "correct": option.correct, "misconception": option.misconception, **texts}


def _keyed(options: Iterable[Option]) -> Iterable[Option]:
    """The options, those without a key of their own being given the first letters that are free."""
    rows = list(options)
    used = {each.key for each in rows}
    free = (key for key in map(option_key, range(1000)) if key not in used)
    seen: set[str] = set()
    for each in rows:
        key = each.key if each.key and each.key not in seen else next(free)
        seen.add(key)
        yield Option(key, each.text, each.feedback, each.correct, each.misconception)
