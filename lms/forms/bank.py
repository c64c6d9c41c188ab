"""The form of a question, whatever its type: what it asks follows the anatomy of the type that is chosen."""

from collections.abc import Iterable
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField, ValidationError

from assessments.registry import anatomies
from curricula.anatomy import Anatomy
from curricula.fields import KEY
from curricula.model import LANGUAGES, Module, Question
from curricula.problems import N_
from lms.forms.bank_rows import (
    KEY_LENGTH,
    CriterionForm,
    OptionForm,
    PlaceForm,
    forms,
    given_keys,
    label_texts,
    numbered,
    row_data,
    texts_of,
)
from lms.forms.bank_search import difficulty_names, objective_names, offer, source_names, type_names
from lms.forms.bank_settings import SettingRow, ShownSetting, shown_setting
from lms.forms.parts import Rows, clean
from lms.i18n import gettext as _
from lms.i18n import localized

#: Rows of options a new question has, and how many blank ones follow those that are written.
FIRST_ROWS, MORE_ROWS = 4, 2
#: Levels that a new criterion has.
FIRST_LEVELS = 3
#: A question of a type that is not known may say anything: nothing of it is hidden.
ANY = Anatomy(
    options=(0, 30), right=(0, 30), places=(0, 30), criteria=(0, 30),
    may=frozenset({"place", "leads", "points", "value", "accepted"}),
)  # fmt: skip


class QuestionForm(FlaskForm):  # type: ignore[misc]
    """A question, finished or not: only what cannot be kept is refused."""

    key = StringField()
    type = SelectField(validate_choice=False)
    objective = SelectField(validate_choice=False)
    difficulty = SelectField(validate_choice=False)
    source = SelectField(validate_choice=False)
    reserved = BooleanField()
    instead = SelectField(validate_choice=False)
    stem_fr = TextAreaField()
    stem_en = TextAreaField()
    settings = Rows(SettingRow, N_("Setting"))
    places = Rows(PlaceForm, N_("Place"))
    options = Rows(OptionForm, N_("Option"))
    criteria = Rows(CriterionForm, N_("Criterion"))
    #: Of the piece that was read; 0 for a question that is not there.
    edition = HiddenField()

    def __init__(
        self, module: Module, *args: Any, others: Iterable[tuple[str, str]] = (), new: bool = False, **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        if not new:
            del self.key
        else:
            self.key.label.text, self.key.flags.required = _("Key"), True
            self.key.description = _(
                "It names the question for good: lower-case letters, digits and hyphens. Learners never see it."
            )
        label_texts(self, {"stem": _("Question")})
        offer(self.type, _("Type"), type_names())
        offer(self.objective, _("Objective it assesses"), objective_names(module), _("To be chosen"))
        offer(self.difficulty, _("Difficulty"), difficulty_names())
        offer(self.source, _("Source of its answer"), source_names(module), _("To be chosen"))
        self.reserved.label.text = _("Kept for the assessment")
        self.reserved.description = _("Practice never shows it. Where some are, the assessment draws these alone.")
        offer(self.instead, _("Asked instead of"), others, _("None"))
        self.instead.description = _("For those who need another form of that question; nobody else is asked it.")
        self._fit()

    @classmethod
    def of(
        cls, module: Module, question: Question, edition: int, *, others: Iterable[tuple[str, str]] = (),
        new: bool = False,
    ) -> "QuestionForm":  # fmt: skip
        """The form that shows a question, with blank rows to write more in."""
        anatomy = anatomies().get(question.type, ANY)
        criteria = [_with_room(row_data(each)) for each in question.criteria]
        data = {
            "key": question.key, "type": question.type, "objective": question.objective,
            "difficulty": str(question.difficulty), "source": question.source, "reserved": question.reserved,
            "instead": question.instead,
            **{f"stem_{language}": question.stem.get(language, "") for language in LANGUAGES},
            "settings": [{"key": name, "value": str(value)} for name, value in question.settings],
            "places": _rows(map(row_data, question.places), anatomy.places),
            "options": _rows(map(row_data, question.options), anatomy.options),
            "criteria": _rows(criteria, anatomy.criteria, first=1, blank=_with_room({})), "edition": str(edition),
        }  # fmt: skip
        return cls(module, formdata=None, data=data, new=new, others=others)

    @property
    def anatomy(self) -> Anatomy:
        """What a question of the type chosen is made of."""
        return anatomies().get(self.type.data or "", ANY)

    def _fit(self) -> None:
        """Have the rows ask what the type chosen needs; what it does not need stays in them, unseen."""
        anatomy = self.anatomy
        places = [(row.kept_key, _named(row)) for row in forms(self.places) if row.kept_key and not row.blank]
        for row in forms(self.options):
            row.fit(anatomy, places)
        held = {row.key.data for row in forms(self.settings)}
        for setting in anatomy.settings:
            if setting.key not in held:
                self.settings.append_entry({"key": setting.key})

    def shown_settings(self) -> list[ShownSetting]:
        """The settings of the type chosen."""
        rows = {row.key.data: row for row in forms(self.settings)}
        return [shown_setting(setting, rows[setting.key]) for setting in self.anatomy.settings]

    def question(self, key: str) -> Question:
        """All that is written, without the rows left blank; each part has a key of its own."""
        level = self.difficulty.data or ""
        return Question(
            key, self.type.data or "single", (self.objective.data or "")[:KEY_LENGTH],
            int(level) if level in dict(difficulty_names()) else 1, (self.source.data or "")[:KEY_LENGTH],
            texts_of(self, "stem"),
            tuple(given_keys(row.option() for row in forms(self.options) if not row.blank)),
            tuple(given_keys((row.place() for row in forms(self.places) if not row.blank), numbered("p"))),
            tuple(given_keys((row.criterion() for row in forms(self.criteria) if not row.blank), numbered("c"))),
            tuple(sorted(dict(filter(None, (row.setting() for row in forms(self.settings)))).items())),
            bool(self.reserved.data), (self.instead.data or "")[:KEY_LENGTH],
        )  # fmt: skip

    def fitted(self, written: Question) -> Question:
        """What is written, without what the type chosen has no use for; all of it where the type is not known."""
        return self.anatomy.fitted(written) if self.type.data in anatomies() else written

    def kept_question(self, key: str) -> Question:
        """The question to keep."""
        return self.fitted(self.question(key))

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


def _rows(
    written: Iterable[dict[str, Any]], bounds: tuple[int, int], first: int = FIRST_ROWS,
    blank: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The rows that are written, then blank ones as far as the type takes more."""
    rows, (fewest, most) = list(written), bounds
    wanted = max(min(max(first, len(rows) + MORE_ROWS), most), len(rows), fewest)
    return rows + [blank or {} for _row in range(wanted - len(rows))]


def _with_room(criterion: dict[str, Any]) -> dict[str, Any]:
    levels = criterion.get("levels", [])
    return {**criterion, "levels": levels + [{}] * (1 if levels else FIRST_LEVELS)}


def _named(row: PlaceForm) -> str:
    """A place, by its key and how its text begins."""
    text = localized({"fr": "", **{code: clean(row[f"text_{code}"].data) for code in LANGUAGES}}) or clean(
        row.text_en.data
    )
    return f"{row.kept_key} · {' '.join(text.split())[:60]}" if text else row.kept_key
