"""The rows of a question's form: its options, its places, the criteria of its rubric."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from wtforms import BooleanField, Form, SelectField, StringField, TextAreaField

from curricula.anatomy import Anatomy
from curricula.exchange.labels import option_key
from curricula.model import LANGUAGES, Criterion, CriterionLevel, Option, Spot
from curricula.problems import N_
from lms.forms.bank_search import offer
from lms.forms.parts import NumberField, Row, Rows, at_most, clean, line
from lms.i18n import gettext as _

Part = TypeVar("Part", Option, Spot, Criterion, CriterionLevel)

#: Longest text, longest note and longest key, in characters.
TEXT, NOTE, KEY_LENGTH = 20_000, 500, 90


class PartRow(Row):
    """A row of a question. Its texts stand side by side in each language, under the names of ``texts``."""

    texts: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_texts(self, {name: _(label) for name, label in self.texts.items()})

    @property
    def kept_key(self) -> str:
        """Its key; empty for a new one."""
        key = super().kept_key
        return key if len(key) <= KEY_LENGTH else ""

    @property
    def blank(self) -> bool:
        """Whether it says nothing."""
        return not any(_says(field) for name, field in self._fields.items() if name not in ("key", "gone"))


class OptionForm(PartRow):
    """One option, and whatever options of some type say."""

    texts: ClassVar[dict[str, str]] = {"text": N_("Text"), "feedback": N_("What is said to whoever chooses it")}
    text_fr = TextAreaField()
    text_en = TextAreaField()
    feedback_fr = TextAreaField()
    feedback_en = TextAreaField()
    correct = BooleanField(N_("This option is right"))
    misconception = line(
        N_("Misconception it stands for"), NOTE, description=N_("For trainers: the idea that leads to this option.")
    )
    place = SelectField(validate_choice=False)
    leads = SelectField(validate_choice=False)
    points = NumberField(N_("Points, 0 to 100"), 0, 100, needed=False)
    value = line(N_("Number expected"), 40, description=N_("With digits and a point, for example 12.5."))
    tolerance = line(
        N_("Tolerance"),
        40,
        description=N_("How far from it one may be: a number, or a share of it with a percent sign."),
    )
    accepted_fr = line(N_("Accepted in French"), 2000, description=N_("« | » between forms; the first is shown."))
    accepted_en = line(N_("Accepted in English"), 2000, description=N_("« | » between forms; the first is shown."))

    def fit(self, anatomy: Anatomy, places: list[tuple[str, str]]) -> None:
        """Say what an option of that type is asked, its places being those of the question."""
        if anatomy.right is None:
            label_texts(self, {"feedback": _("What it teaches, said once corrected")})
        optional = "place" not in anatomy.parts
        offer(self.place, _(anatomy.place_name), places, _("None") if optional else _("To be chosen"))
        offer(self.leads, _("Leads to"), places, _("The end"))

    def option(self) -> Option:
        """The option as written, its key perhaps empty."""
        accepted = texts_of(self, "accepted")
        return Option(
            self.kept_key, texts_of(self, "text"), texts_of(self, "feedback"), bool(self.correct.data),
            clean(self.misconception.data), place=_chosen(self.place), leads=_chosen(self.leads),
            points=self.points.data or 0, value=clean(self.value.data), tolerance=clean(self.tolerance.data),
            accepted=accepted if any(accepted.values()) else None,
        )  # fmt: skip


class PlaceForm(PartRow):
    """A place of the question, or a unit of its number."""

    texts: ClassVar[dict[str, str]] = {"text": N_("Text")}
    text_fr = TextAreaField()
    text_en = TextAreaField()
    factor = line(N_("How many of the first one make one"), 40, description=N_("For example 1000. Empty: 1."))

    def place(self) -> Spot:
        """The place as written, its key perhaps empty."""
        return Spot(self.kept_key, texts_of(self, "text"), clean(self.factor.data))


class LevelForm(PartRow):
    """A level of a criterion."""

    texts: ClassVar[dict[str, str]] = {"text": N_("What one sees in the work")}
    text_fr = TextAreaField()
    text_en = TextAreaField()
    points = NumberField(N_("Points, 0 to 100"), 0, 100, needed=False)

    def level(self) -> CriterionLevel:
        """The level as written, its key perhaps empty."""
        return CriterionLevel(self.kept_key, texts_of(self, "text"), self.points.data or 0)


class CriterionForm(PartRow):
    """A criterion of the rubric, and its levels."""

    texts: ClassVar[dict[str, str]] = {"title": N_("What is looked at")}
    title_fr = StringField()
    title_en = StringField()
    weight = NumberField(
        N_("Weight"), 1, 100, needed=False, description=N_("Its share against the other criteria. Empty: 1.")
    )
    levels = Rows(LevelForm, N_("Level"))

    @property
    def blank(self) -> bool:
        """Whether neither it nor a level of it says anything."""
        return super().blank and all(row.blank for row in forms(self.levels))

    def criterion(self) -> Criterion:
        """The criterion as written, its key perhaps empty."""
        levels = given_keys((row.level() for row in forms(self.levels) if not row.blank), numbered("l"))
        return Criterion(self.kept_key, texts_of(self, "title"), self.weight.data or 1, tuple(levels))


def forms(rows: Any) -> list[Any]:
    """The form of each row."""
    return [entry.form for entry in rows.entries]


def label_texts(form: Form, names: dict[str, str]) -> None:
    """The label and the limit of texts that stand side by side in each language."""
    in_language = {"fr": _("in French"), "en": _("in English")}
    for name, label in names.items():
        for language in LANGUAGES:
            field = form[f"{name}_{language}"]
            field.label.text, field.validators = f"{label}, {in_language[language]}", [at_most(TEXT)]
            field.render_kw = {"lang": language, "rows": 3 if name == "stem" else 2, "spellcheck": "true"}


def texts_of(form: Form, name: str) -> dict[str, str]:
    """A text in each language."""
    return {language: clean(form[f"{name}_{language}"].data) for language in LANGUAGES}


def row_data(part: Option | Spot | Criterion | CriterionLevel) -> dict[str, Any]:
    """A part of a question as its row shows it: its texts apart in each language, its levels as rows of their own."""
    data = dict[str, Any]()
    for name, value in vars(part).items():
        if name in ("text", "feedback", "title", "accepted"):
            data |= {f"{name}_{language}": (value or {}).get(language, "") for language in LANGUAGES}
        elif name == "levels":
            data[name] = [row_data(each) for each in value]
        else:
            data[name] = value
    return data


def numbered(letter: str) -> Callable[[int], str]:
    """Keys for parts that have none: « p1 », « p2 »…"""
    return lambda number: f"{letter}{number + 1}"


def given_keys(parts: Iterable[Part], named: Callable[[int], str] = option_key) -> Iterator[Part]:
    """The parts, those without a key of their own being given the first that is free."""
    rows = list(parts)
    used = {each.key for each in rows}
    free = (key for key in map(named, range(1000)) if key not in used)
    seen: set[str] = set()
    for each in rows:
        key = each.key if each.key and each.key not in seen else next(free)
        seen.add(key)
        yield replace(each, key=key)


def _chosen(field: SelectField) -> str:
    return (field.data or "")[:KEY_LENGTH]


def _says(field: Any) -> bool:
    """Whether something is typed, ticked or chosen in a field; lists of rows say it themselves."""
    if isinstance(field, Rows):
        return False
    if isinstance(field, NumberField):
        return field.data is not None or any(field.raw_data or ())
    return bool(field.data) if isinstance(field, BooleanField) else bool(clean(field.data))
