"""Forms of judgement: levels and words of a marker, an appeal and its answer, a jury and what it decides."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from curricula.model import Question
from lms.forms.dates import read_date
from lms.i18n import gettext as _
from lms.models import Jury, JuryMember
from lms.services.marking import Judged

#: Longest words of a marker, of a jury, of an appeal and its answer; shortest appeal.
WORDS, SHORTEST = 5000, 20
#: Longest name of a jury.
TITLE = 200
_SCORE = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?")
#: What no text needs: control characters, but for tabs and ends of lines.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def plain(text: str | None) -> str:
    """What was typed, with the ends of lines we keep and no sign that nobody types."""
    return _CONTROL.sub("", (text or "").replace("\r\n", "\n")).strip()


def read_judged(form: MultiDict[str, str], questions: Iterable[Question]) -> dict[str, Judged]:
    """What a page says of each question: levels that its criteria have, and words."""
    found = {}
    for question in questions:
        levels = {
            criterion.key: level
            for criterion in question.criteria
            if criterion.level(level := form.get(f"level.{question.key}.{criterion.key}", ""))
        }
        found[question.key] = Judged(levels, plain(form.get(f"comment.{question.key}")))
    return found


def _most(field: Any) -> None:
    field.validators = [*field.validators, Length(max=WORDS, message=_too_long(WORDS))]
    field.render_kw = {"rows": 5, "maxlength": WORDS}


def _too_long(most: int) -> str:
    return _("This is too long: %(count)s characters at most.", count=most)


def _said(_form: FlaskForm, field: TextAreaField) -> None:
    if not field.data:
        raise StopValidation(_("Write a sentence."))


class AppealForm(FlaskForm):  # type: ignore[misc]
    """Why a learner asks for their result to be looked at again."""

    text = TextAreaField(filters=[plain])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.text.label.text = _("Why this result should be looked at again")
        self.text.description = _(
            "Say which answer, and what was not seen or not understood. Names and health are nobody’s concern here."
        )
        few = _("Say a little more: %(count)s characters at least.", count=SHORTEST)
        self.text.validators = [_said, Length(min=SHORTEST, message=few)]
        self.text.flags.required = True
        _most(self.text)
        self.text.render_kw["rows"] = 8


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """What a learner is answered."""

    answer = TextAreaField(filters=[plain])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.answer.label.text = _("Answer to the learner")
        self.answer.description = _("It says why: it stays in the record.")
        self.answer.validators = [_said]
        self.answer.flags.required = True
        _most(self.answer)


class JuryForm(FlaskForm):  # type: ignore[misc]
    """Who sits in a jury, and when."""

    title = StringField(filters=[plain])
    day = StringField(filters=[plain])
    members = SelectMultipleField(widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), coerce=int)
    president = RadioField(coerce=int)
    anonymous = BooleanField()

    def __init__(self, people: list[tuple[int, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title.label.text = _("Name of the jury")
        self.title.validators = [_said, Length(max=TITLE, message=_too_long(TITLE))]
        self.title.flags.required = self.day.flags.required = True
        self.day.label.text = _("Day it meets")
        self.day.description = _("For example 02/12/2026.")
        self.day.validators = [_whole_day]
        self.members.label.text = _("Members")
        self.members.description = _("Two at least, trainers of this course.")
        self.president.label.text = _("President")
        self.members.choices = self.president.choices = people
        self.members.validators = [_two]
        self.president.validators = [InputRequired(_("Choose one."))]
        self.anonymous.label.text = _("The jury sees copies, not names, until it has decided")

    @property
    def sitting(self) -> list[int]:
        """The members, the president first."""
        first: int = self.president.data
        return [first, *(member for member in self.members.data if member != first)]

    @property
    def meets_on(self) -> date:
        """The day it meets."""
        return date.fromisoformat(read_date(self.day.data))


def jury_form_data(jury: Jury, members: Sequence[JuryMember]) -> dict[str, Any]:
    """What a :class:`JuryForm` shows of a jury that is there."""
    return {
        "title": jury.title,
        "day": f"{jury.meets_on:%d/%m/%Y}",
        "members": [member.person_id for member in members],
        "president": next((member.person_id for member in members if member.president), None),
        "anonymous": jury.anonymous,
    }


def _whole_day(_form: FlaskForm, field: StringField) -> None:
    try:
        date.fromisoformat(read_date(field.data or ""))
    except ValueError as error:
        raise StopValidation(_("Write a day, for example 02/12/2026.")) from error


def _two(form: JuryForm, field: SelectMultipleField) -> None:
    chosen = {*(field.data or ()), form.president.data} - {None}
    if len(chosen) < 2:
        raise StopValidation(_("Choose two members at least."))


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """What a jury decides about a work; the proposed score where none is written."""

    decision = RadioField()
    score = StringField(filters=[plain])
    reason = TextAreaField(filters=[plain])

    def __init__(self, proposed: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.decision.label.text = _("Decision")
        self.decision.choices = [
            ("admitted", _("Admitted")), ("refused", _("Not admitted")), ("deferred", _("Deferred to another jury")),
        ]  # fmt: skip
        self.decision.validators = [InputRequired(_("Choose one."))]
        self.score.label.text = _("Score, in hundredths")
        self.score.description = _("Empty: the score that the marks propose, %(score)s.", score=proposed)
        self.score.render_kw = {"inputmode": "decimal", "autocomplete": "off"}
        self.score.validators = [_readable]
        self.reason.label.text = _("Reason")
        self.reason.description = _("It stands in the minutes and is shown to the learner: nothing about health.")
        self.reason.validators = [_said]
        self.reason.flags.required = True
        _most(self.reason)

    def said_score(self, proposed: Fraction) -> Fraction:
        """The score written, exactly, or the proposed one."""
        return _score(self.score.data) if self.score.data else proposed


def _score(text: str) -> Fraction:
    found = _SCORE.fullmatch(text.removesuffix("%").strip())
    score = Fraction(f"{found[1]}.{found[2] or 0}") / 100 if found else Fraction(2)
    if score > 1:
        raise ValueError(text)
    return score


def _readable(_form: FlaskForm, field: StringField) -> None:
    try:
        _score(field.data or "0")
    except ValueError as error:
        raise StopValidation(_("Write a number from 0 to 100, for example 72.5.")) from error
