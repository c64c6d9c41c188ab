"""What a bank's pages show: a question as learners will see it, what each field lacks, its list."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import render_template
from markupsafe import Markup

from assessments.draw import as_written
from assessments.registry import anatomies, question_types
from curricula.finding import Finding
from curricula.model import LANGUAGES, Module, Question
from curricula.texts import with_each
from curricula.unfinished import alone, in_module
from lms import questions
from lms.i18n import gettext as _
from lms.i18n import language_names, localized, speaking
from lms.lessons import inline_markup
from lms.models import DraftPiece
from lms.services import bank
from lms.services.bank import Known
from lms.services.descriptions import SHOWN


def known(module: Module) -> Known:
    """What the questions of a module may name."""
    return Known(tuple(each.key for each in module.objectives), tuple(each.key for each in module.sources))


def preview(question: Question) -> list[dict[str, Any]]:
    """The question in each language as learners meet it, then as they see it once submitted without answer."""
    drawn = as_written(question)
    known = question.type in question_types()
    seen = []
    for language in LANGUAGES:
        with speaking(language):
            shown = _with_blanks(question, language)
            html = render_template(
                "author/bank_seen.html", language=language, stem=inline_markup(shown.stem),
                asked=questions.asked(shown, drawn, {}) if known else None,
                corrected=questions.corrected(shown, drawn, {}, None) if known else None,
            )  # fmt: skip
        seen.append({"language": language, "html": Markup(html)})  # nosec B704 # noqa: S704 - our own template
    names = language_names()
    return [{**each, "name": names[each["language"]]} for each in seen]


def _with_blanks(question: Question, language: str) -> Question:
    """The question with what is not written in that language said so: a control without words is none."""

    def written(way: str, text: Mapping[str, str]) -> Mapping[str, str]:
        silent = text.get(language) or way.endswith(("/feedback", "/accepted"))
        return text if silent else {**text, language: _("(not written yet)")}

    found: Question = with_each(question, written)
    return found


def lacks(question: Question, module: Module, bank_keys: Collection[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """What is found in a question, by the id of the field it is to be put right in; "" is the question as a whole.

    Each is ``text`` and whether it is ``blocking``. ``bank_keys`` are the keys of its bank, where it names one.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    here = known(module)
    findings = (*alone(question, anatomies()), *in_module(question, here.objectives, here.sources, bank_keys))
    for each in findings:
        field, begins = _field(each.path, question)
        found.setdefault(field, []).append({"text": begins + said(each), "blocking": each.weight == "blocking"})
    return found


def said(finding: Finding) -> str:
    """A finding in the reader's language."""
    return finding.said(_)


def _field(path: tuple[str, ...], question: Question) -> tuple[str, str]:
    """(the id of a field, what the finding begins with there)."""
    if len(path) == 1 and path[0] in LANGUAGES:
        return "options", _("%(language)s: ", language=language_names()[path[0]])
    rows: dict[str, tuple[str, list[str]]] = {
        "option": ("options", [each.key for each in question.options]),
        "place": ("places", [each.key for each in question.places]),
        "criterion": ("criteria", [each.key for each in question.criteria]),
        "setting": ("settings", [key for key, _value in question.settings]),
    }
    if not path or path[0] not in rows:
        return ("_".join(path) if path else "options"), ""
    name, keys = rows[path[0]]
    if len(path) == 1 or path[1] not in keys:
        return name, ""
    row, rest = f"{name}-{keys.index(path[1])}", path[2:]
    if path[0] == "setting":
        return f"{row}-value", ""
    if rest[:1] == ("level",):
        levels = [each.key for each in question.criteria[keys.index(path[1])].levels]
        row, rest = f"{row}-levels-{levels.index(rest[1])}", rest[2:]
    return "-".join(filter(None, (row, "_".join(rest)))), ""


def row_of(row: DraftPiece, module: Module) -> dict[str, Any]:
    """A question as its list shows it."""
    key = row.path.rpartition("/")[2]
    stem = localized(row.label) or row.label.get("en") or _("(not written yet)")
    return {
        "key": key, "stem": stem + "…" if len(stem) >= SHOWN else stem,
        "objective": row.facts.get("objective"), "difficulty": row.facts.get("difficulty"),
        "untranslated": row.facts.get("untranslated"), "unfinished": bank.unfinished(row, known(module)),
    }  # fmt: skip


def table(module: Module, counted: dict[tuple[str, int], int]) -> list[dict[str, Any]]:
    """How many questions each objective has at each difficulty, what no objective of the module claims last."""
    rows = [
        {
            "key": each.key, "text": localized(each.text) or each.key,
            "levels": [counted.get((each.key, level), 0) for level in bank.DIFFICULTIES],
        }
        for each in module.objectives
    ]  # fmt: skip
    own = {each.key for each in module.objectives}
    strangers = [
        sum(count for (key, found), count in counted.items() if key not in own and found == level)
        for level in bank.DIFFICULTIES
    ]
    if any(strangers):
        rows.append({"key": "", "text": _("No objective of the module"), "levels": strangers})
    return rows
