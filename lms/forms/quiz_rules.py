"""The fields that say how a module is assessed."""

from fractions import Fraction
from typing import Any

from wtforms import BooleanField, SelectField

from curricula.model import QuizRules
from curricula.problems import N_
from curricula.rules import contradictions
from curricula.write import percent
from lms.forms.parts import NumberField
from lms.i18n import gettext as _

#: What a module's assessment is until its authors say otherwise.
USUAL_QUIZ = QuizRules(questions=10, threshold=Fraction(70, 100), attempts=3, cooldown_minutes=30)
#: What every assessment says; the rest is as usual where nothing is written.
NEEDED = ("questions", "threshold", "attempts", "cooldown_minutes")
CORRECTIONS = {
    "after": N_("As soon as the answers are sent"),
    "closed": N_("Once the sitting is over"),
    "never": N_("Never"),
}
LEVELS = ("difficulty_1", "difficulty_2", "difficulty_3")
#: What is wrong between two rules, as the form says it: the format has other words (``curricula.rules``).
_FIXES = {"correction": N_("Tick “It begins with the code of a sitting”, or choose another moment.")}


class QuizFields:
    """The rules of an assessment, part of a form: shares are in percent."""

    #: The conditions of an exam, and the work of those who mark: folded in the page.
    EXAM = ("minutes", "pauses", "supervised", "correction", *LEVELS, "exposure", "forms")
    PEOPLE = ("markers", "marking_days", "tolerance", "jury")
    assessed = BooleanField(N_("The module ends with an assessment"))
    questions = NumberField(N_("Questions drawn from the bank"), 1, 200, needed=False)
    threshold = NumberField(N_("Score to reach, out of 100"), 1, 100, needed=False)
    attempts = NumberField(N_("Attempts allowed"), 0, 99, needed=False, description=N_("0: as many as one likes."))
    cooldown_minutes = NumberField(N_("Minutes between two attempts"), 0, 525_600, needed=False)
    minutes = NumberField(
        N_("Time allowed, in minutes"), 0, 1440, needed=False, description=N_("Once begun. 0: no limit.")
    )
    pauses = NumberField(
        N_("Pauses allowed"), 0, 20, needed=False, description=N_("During which the time stands still.")
    )
    supervised = BooleanField(N_("It begins with the code of a sitting"))
    correction = SelectField(N_("The correction is shown"), default="after")
    difficulty_1 = NumberField(N_("Questions of difficulty 1"), 0, 200, needed=False)
    difficulty_2 = NumberField(N_("Questions of difficulty 2"), 0, 200, needed=False)
    difficulty_3 = NumberField(N_("Questions of difficulty 3"), 0, 200, needed=False)
    exposure = NumberField(
        N_("Share of attempts beyond which a question is drawn last, out of 100"), 1, 100, needed=False,
        description=N_("100: no question is spared."),
    )  # fmt: skip
    forms = NumberField(
        N_("Parallel forms"), 1, 9, needed=False,
        description=N_("The bank is parted in so many: neighbours are not asked the same."),
    )  # fmt: skip
    markers = NumberField(N_("People who mark each work"), 1, 2, needed=False)
    marking_days = NumberField(N_("Days to mark"), 1, 365, needed=False)
    tolerance = NumberField(
        N_("Difference between two marks that is left, out of 100"), 0, 100, needed=False,
        description=N_("Beyond it, their marks are reconciled."),
    )  # fmt: skip
    jury = BooleanField(N_("A jury decides in the end"))

    @staticmethod
    def quiz_data(quiz: QuizRules | None) -> dict[str, Any]:
        """The fields that show these rules, the usual ones where a module has none."""
        rules = quiz or USUAL_QUIZ
        shares = {name: percent(getattr(rules, name)) for name in ("threshold", "exposure", "tolerance")}
        levels = dict(zip(LEVELS, rules.difficulties, strict=False))
        return {**vars(rules), **shares, **levels, "assessed": quiz is not None}

    def fit_quiz(self) -> None:
        """Say what may be chosen, in the reader's language."""
        self.correction.choices = [(key, _(words)) for key, words in CORRECTIONS.items()]

    def check_quiz(self) -> bool:
        """Whether the assessment has all its rules, which hold together; says what is wrong beside each."""
        fields: Any = self
        if not self.assessed.data:
            return True
        good = True
        for name in NEEDED:
            field = fields[name]
            if field.data is None and not field.errors:
                field.errors = [
                    _("Write a whole number from %(low)s to %(high)s.", low=field.low, high=field.high)
                ]  # fmt: skip
                good = False
        for lack in contradictions(self.quiz()) if good and not any(fields[name].errors for name in NEEDED) else ():
            name = LEVELS[0] if lack.path == ("difficulties",) else lack.path[0]
            said = f"{_(lack.what)} {_(_FIXES.get(name, lack.fix))}"
            fields[name].errors, good = [said % dict(lack.values) if lack.values else said], False
        return good

    def quiz(self) -> QuizRules:
        """The rules as the form has them, those left empty being the usual ones."""
        fields: Any = self
        usual = self.quiz_data(None)
        names = (*NEEDED, *self.EXAM, *self.PEOPLE)
        said: dict[str, Any] = {
            name: usual.get(name) if fields[name].data is None else fields[name].data for name in names
        }
        levels = tuple(said.pop(name) for name in LEVELS)
        for name in ("threshold", "exposure", "tolerance"):
            said[name] = Fraction(said[name], 100)
        return QuizRules(**said, difficulties=tuple(level or 0 for level in levels) if any(levels) else ())

    def unusual(self, *names: str) -> bool:
        """Whether one of these is not as usual, or is refused: a page then shows them."""
        fields: Any = self
        usual = self.quiz_data(None)
        return any(fields[name].errors or fields[name].data not in (None, usual.get(name)) for name in names)
