"""Questions as pages show them: how each is answered, and how it is corrected, whatever its type."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any, Literal

from markupsafe import Markup

from assessments import numbers
from assessments.model import (
    DrawnQuestion,
    Field,
    Figure,
    Line,
    Mark,
    Missing,
    Plain,
    Response,
    Said,
    is_answered,
)
from assessments.registry import question_types
from assessments.rubric import share
from assessments.works import latest_day
from curricula.model import Criterion, Question
from curricula.question import GAP as WRITTEN_GAP
from lms.i18n import current_language, day, euros, figure, filesize, number, ratio
from lms.i18n import gettext as _
from lms.lessons import inline_markup
from lms.models import utcnow

#: What the names of the controls of an answer begin with.
PREFIX = "a."
#: A gap of a stem once it is HTML: in its text, never inside a tag.
GAP = re.compile(WRITTEN_GAP.pattern + "(?![^<]*>)")
#: Characters of a choice beyond which a list does not show it whole.
LONG = 36


def shown_key(question: Question, drawn: DrawnQuestion, part: Literal["options", "places"], key: str) -> str:
    """What a page calls something of a question.

    What is shuffled is called by where it stands, from 1: written in order, or side by side, its keys tell the answer.
    """
    keys: tuple[str, ...] = getattr(drawn, part)
    shuffled = part in question_types()[question.type].shuffles and key in keys
    return str(keys.index(key) + 1) if shuffled else key


def asked(question: Question, drawn: DrawnQuestion, response: Response) -> dict[str, Any]:
    """What the macro ``asked`` shows: the stem, an instruction, the fields with what was answered so far."""
    kind = question_types()[question.type]
    sheet = kind.sheet(question, drawn, response)
    wrong = {each.field: _(each.what, **dict(each.values)) for each in _missing(question, response) if each.wrong}
    fields = [
        _field(question, drawn, field, response, wrong.get(field.name) or _number_note(question, field, response))
        for field in sheet.fields
    ]
    return {
        "stem": inline_markup(question.stem) or _("(not written yet)"),
        "parts": _parts(question, fields) if sheet.layout == "gaps" else [],
        "instruction": _(sheet.instruction) if sheet.instruction else "",
        "layout": sheet.layout,
        "columns": sheet.columns,
        "listed": _listed(fields),
        "goes_on": sheet.goes_on,
        "told": [
            {"text": said(each.text), "decided": said(each.decided) if each.decided else None} for each in sheet.told
        ],
        "fields": fields,
        "sections": _sections(sheet.fields, fields),
        "rubric": rubric(question.criteria),
        "so_far": so_far(question, response),
    }


def so_far(question: Question, response: Response) -> dict[str, Any] | None:
    """What the macro ``so_far`` shows of a work being written: what follows from it, what it lacks; None for others."""
    kind = question_types()[question.type]
    if not kind.by_person:
        return None
    return {
        "computed": [
            {"label": said(line.text), "value": ", ".join(str(said(each)) for each in line.given)}
            for line in kind.computed(question, response)
        ],
        "missing": lacks(question, response),
        "begun": is_answered(response),
    }


def lacks(question: Question, response: Response) -> list[dict[str, Any]]:
    """What a work lacks to be handed in: the field, and what to do."""
    return [
        {"field": each.field, "what": _(each.what, **dict(each.values)), "wrong": each.wrong}
        for each in _missing(question, response)
    ]


def _missing(question: Question, response: Response) -> tuple[Missing, ...]:
    return question_types()[question.type].missing(question, response, latest_day(utcnow()))


def corrected(question: Question, drawn: DrawnQuestion, response: Response, mark: Mark | None) -> dict[str, Any]:
    """What the macro ``corrected`` shows: each thing decided, what was right, what there is to learn."""
    kind = question_types()[question.type]
    lines = kind.lines(question, drawn, response)
    return {
        "work": kind.by_person,
        "rubric": rubric(question.criteria),
        "stem": Markup(GAP.sub("[…]", inline_markup(question.stem))),  # nosec B704 # noqa: S704 - sanitised by curricula.render
        "chosen": all(line.text in (*line.given, *line.expected) for line in lines if line.given or line.expected),
        "points": mark.points if mark else None,
        "reason": why(mark) if mark else _("A person has still to mark this answer."),
        "lines": [_line(line) for line in lines],
    }


def rubric(criteria: Sequence[Criterion]) -> list[dict[str, Any]]:
    """What the macro ``rubric`` shows: each criterion, its part of the mark, its levels."""
    return [
        {
            "key": criterion.key, "title": inline_markup(criterion.title), "share": share(criterion, criteria),
            "levels": [
                {"key": level.key, "text": inline_markup(level.text), "points": level.points}
                for level in criterion.levels
            ],
        }
        for criterion in criteria
    ]  # fmt: skip


def why(mark: Mark) -> str:
    """Why a question earned what it did, in words."""
    return {
        "right": _("Everything in the answer is right."),
        "partial": _("Part of the answer is right: it earned its part of the point."),
        "wrong": _("The answer earned nothing."),
        "none": _("The question was left without answer."),
        "marked": _("A person marked this answer."),
        "withdrawn": _("The question was withdrawn from the assessment: everybody has its point."),
    }[mark.reason]


def notes(question: Question, drawn: DrawnQuestion, response: Response) -> list[str]:
    """What is to be said at once of an answer: numbers that cannot be read, or may have been meant otherwise."""
    fields = question_types()[question.type].sheet(question, drawn, response).fields
    return [note for field in fields if (note := _number_note(question, field, response))]


def said(text: Said) -> Markup | str:
    """A text in the reader's language, or that it is not written yet; what a learner wrote; a value."""
    if isinstance(text, Plain):
        return text.text if isinstance(text.text, str) else text.text.get(current_language(), "")
    if isinstance(text, Figure):
        return _figure(text)
    return _(text) if isinstance(text, str) else inline_markup(text) or _("(not written yet)")


def _figure(each: Figure) -> str:
    if isinstance(each.value, date):
        return day(each.value)
    ways: dict[str, Callable[[Fraction | int], str]] = {"euros": euros, "share": ratio}
    return ways.get(each.kind, figure)(Fraction(each.value))


def _number_note(question: Question, field: Field, response: Response) -> str:
    """What is to be said at once of what was typed as a number; nothing where there is nothing to say."""
    text = (response.get(field.name) or ("",))[0].strip()
    if field.kind != "number" or not text or question_types()[question.type].by_person:  # works say what they lack
        return ""
    typed = numbers.typed(text, question.places)
    if typed is None:
        message = _("« %(typed)s » cannot be read as a number, and earns nothing as it is.", typed=text)
        return f"{message} " + (
            _("Write its digits alone, and choose the unit.")
            if len(field.choices) > 1
            else _("Write its digits alone.")
        )
    if numbers.doubtful(text):
        return _(
            "« %(typed)s » is read with decimals. If you mean %(thousands)s, write it without any sign.",
            typed=text, thousands=abs(typed.number * 1000),
        )  # fmt: skip
    return ""


def _parts(question: Question, fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stem in parts, a field where it names one: its text is safe HTML already, and each part is."""
    by_key = {field["key"]: field for field in fields}
    parts: list[dict[str, Any]] = []
    for place, part in enumerate(GAP.split(inline_markup(question.stem))):
        if place % 2 == 0:
            parts.append({"text": Markup(part), "field": None})  # nosec B704 # noqa: S704 - sanitised by curricula.render
        elif part in by_key:  # one that stands twice is a slip of its author: asked once
            parts.append({"text": "", "field": by_key.pop(part)})
    return parts


def _sections(asked: Sequence[Field], fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fields by the section they are in; a field that names one begins it."""
    begun, places = 0, []
    for field in asked:
        begun += field.section is not None
        places.append(begun)
    titles = {place: said(field.section) for place, field in zip(places, asked, strict=True) if field.section}
    grouped = groupby(zip(places, fields, strict=True), key=lambda pair: pair[0])
    return [{"title": titles.get(place), "fields": [field for _place, field in pairs]} for place, pairs in grouped]


def _label(field: Field) -> Markup | str | None:
    if not field.label:
        return None
    return Markup("{} {}").format(said(field.label), field.number) if field.number else said(field.label)


def _help(field: Field) -> Markup | str | None:
    """What the field itself says, else what it takes: how many words, how many files of which size."""
    if field.help:
        return said(field.help)
    least, most = (number(count) for count in field.words)
    if field.kind == "files":
        return _(
            "%(count)s at most, %(size)s each: PDF, odt, docx, ods, xlsx, csv, txt, png or jpg.",
            count=field.most, size=filesize(field.megabytes * 1_000_000),
        )  # fmt: skip
    if all(field.words):
        return _("From %(least)s to %(most)s words.", least=least, most=most)
    if field.words[0]:
        return _("%(least)s words at least.", least=least)
    return _("%(most)s words at most.", most=most) if field.words[1] else None


def _field(
    question: Question, drawn: DrawnQuestion, field: Field, response: Response, wrong: str | None
) -> dict[str, Any]:
    values, key = response.get(field.name, ()), shown_key(question, drawn, "options", field.name)
    return {
        "name": PREFIX + key, "key": key, "kind": field.kind, "most": field.most,
        "largest": field.megabytes * 1_000_000,
        "required": field.required,
        "label": _label(field),
        "help": _help(field),
        "wrong": wrong,
        "value": values[0] if values else "",
        "choices": [
            {
                "key": shown_key(question, drawn, "places", choice.key), "text": said(choice.text),
                "chosen": choice.key in values,
            }
            for choice in field.choices
        ],
        "unit": (response.get(field.name + ".unit") or ("",))[0],
    }  # fmt: skip


def _listed(fields: list[dict[str, Any]]) -> list[Markup | str]:
    """What several lists offer, to be read in full above them where it is long: lists show the beginning alone."""
    if len(fields) < 2 or any(field["kind"] != "pick" for field in fields):
        return []
    texts = [choice["text"] for choice in fields[0]["choices"]]
    return texts if any(len(Markup(text).striptags()) > LONG for text in texts) else []  # nosec B704 # noqa: S704 - said() gave it


def _line(line: Line) -> dict[str, Any]:
    return {
        "text": said(line.text), "verdict": line.verdict,
        "given": [said(each) for each in line.given], "expected": [said(each) for each in line.expected],
        "feedback": inline_markup(line.feedback) if line.feedback else None,
    }  # fmt: skip
