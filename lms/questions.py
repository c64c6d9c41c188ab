"""Questions as pages show them: how each is answered, and how it is corrected, whatever its type."""

import re
from typing import Any, Literal

from markupsafe import Markup

from assessments.model import DrawnQuestion, Field, Line, Mark, Response, Said
from assessments.registry import question_types
from curricula.model import Question
from lms.i18n import gettext as _
from lms.lessons import inline_markup

#: What the names of the controls of an answer begin with.
PREFIX = "a."
#: Where a stem has a gap: « [[name]] ».
GAP = re.compile(r"\[\[([a-z0-9-]+)\]\]")
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
    sheet = question_types()[question.type].sheet(question, drawn, response)
    fields = [_field(question, drawn, field, response) for field in sheet.fields]
    return {
        "stem": inline_markup(question.stem) or _("(not written yet)"),
        "parts": _parts(question, fields) if sheet.layout == "gaps" else [],
        "instruction": _(sheet.instruction) if sheet.instruction else "",
        "layout": sheet.layout,
        "columns": sheet.columns,
        "listed": _listed(fields),
        "told": [
            {"text": said(each.text), "decided": said(each.decided) if each.decided else None} for each in sheet.told
        ],
        "fields": fields,
    }


def corrected(question: Question, drawn: DrawnQuestion, response: Response, mark: Mark | None) -> dict[str, Any]:
    """What the macro ``corrected`` shows: each thing decided, what was right, what there is to learn."""
    kind = question_types()[question.type]
    lines = kind.lines(question, drawn, response)
    return {
        "stem": Markup(GAP.sub("…", inline_markup(question.stem))),  # noqa: S704 - sanitised by curricula.render
        "chosen": all(line.text in (*line.given, *line.expected) for line in lines if line.given or line.expected),
        "points": mark.points if mark else None,
        "reason": why(mark) if mark else _("A person has still to mark this answer."),
        "lines": [_line(line) for line in lines],
    }


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


def said(text: Said) -> Markup | str:
    """A text of a question in the reader's language, or that it is not written yet; a message of ours translated."""
    return _(text) if isinstance(text, str) else inline_markup(text) or _("(not written yet)")


def _parts(question: Question, fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stem in parts, a field where it names one: its text is safe HTML already, and each part is."""
    by_key = {field["key"]: field for field in fields}
    parts: list[dict[str, Any]] = []
    for number, part in enumerate(GAP.split(inline_markup(question.stem))):
        if number % 2 == 0:
            parts.append({"text": Markup(part), "field": None})  # noqa: S704 - sanitised by curricula.render
        elif part in by_key:
            parts.append({"text": "", "field": by_key[part]})
    return parts


def _field(question: Question, drawn: DrawnQuestion, field: Field, response: Response) -> dict[str, Any]:
    values, key = response.get(field.name, ()), shown_key(question, drawn, "options", field.name)
    return {
        "name": PREFIX + key, "key": key, "kind": field.kind, "most": field.most,
        "required": field.required,
        "label": said(field.label) if field.label else None,
        "help": said(field.help) if field.help else None,
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
    return texts if any(len(Markup(text).striptags()) > LONG for text in texts) else []  # noqa: S704 - said() gave it


def _line(line: Line) -> dict[str, Any]:
    return {
        "text": said(line.text), "verdict": line.verdict,
        "given": [said(each) for each in line.given], "expected": [said(each) for each in line.expected],
        "feedback": inline_markup(line.feedback) if line.feedback else None,
    }  # fmt: skip
