"""What a bank's pages show: a question as learners will see it, what each field lacks, how two writings differ."""

from collections.abc import Iterable
from typing import Any

from flask import render_template
from markupsafe import Markup

from assessments.registry import question_types, right_options
from curricula.model import LANGUAGES, Module, Question
from curricula.quality import Finding
from curricula.unfinished import alone, in_module
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
    """The question in each language as learners meet it, then as they see it once a wrong option was chosen."""
    kind = question_types().get(question.type)
    seen = []
    for language in LANGUAGES:
        wrong = next((each.key for each in question.options if not each.correct), None)
        with speaking(language):
            missing = _("(not written yet)")
            choices = [
                {
                    "key": each.key, "text": inline_markup(each.text, language) or missing, "correct": each.correct,
                    "chosen": each.key == wrong, "feedback": inline_markup(each.feedback, language),
                }
                for each in question.options
            ]  # fmt: skip
            asked = {
                "stem": inline_markup(question.stem, language) or missing,
                "multiple": kind is not None and kind.control == "checkbox",
                "choices": [{**each, "chosen": False} for each in choices],
            }  # fmt: skip
            html = render_template("author/bank_seen.html", question=asked, choices=choices, language=language)
        seen.append({"language": language, "html": Markup(html)})  # noqa: S704 - our own template
    names = language_names()
    return [{**each, "name": names[each["language"]]} for each in seen]


def lacks(question: Question, module: Module) -> dict[str, list[dict[str, Any]]]:
    """What is found in a question, by the id of the field it is to be put right in; "" is the question as a whole.

    Each is ``text`` and whether it is ``blocking``.
    """
    rows = {option.key: number for number, option in enumerate(question.options)}
    found: dict[str, list[dict[str, Any]]] = {}
    here = known(module)
    for each in (*alone(question, right_options()), *in_module(question, here.objectives, here.sources)):
        field, begins = _field(each.path, rows)
        text = begins + said(each)
        found.setdefault(field, []).append({"text": text, "blocking": each.weight == "blocking"})
    return found


def said(finding: Finding) -> str:
    """A finding in the reader's language."""
    return _(finding.message, **dict(finding.values))


def _field(path: tuple[str, ...], rows: dict[str, int]) -> tuple[str, str]:
    """(the id of a field, what the finding begins with there)."""
    if path[:1] == ("option",) and len(path) > 1:
        row = f"options-{rows[path[1]]}"
        return (f"{row}-{path[2]}_{path[3]}", "") if len(path) > 2 else (f"{row}-misconception", "")
    if path[:1] == ("option",):
        return "options", ""
    if path[:1] == ("stem",):
        return f"stem_{path[1]}", ""
    if len(path) == 1 and path[0] in LANGUAGES:
        return "options", _("%(language)s: ", language=language_names()[path[0]])
    return (path[0], "") if path else ("options", "")


def differences(mine: Question, theirs: Question) -> list[dict[str, str]]:
    """Where two writings of a question differ: ``label``, ``mine``, ``theirs``."""
    ours, others = dict(_parts(mine)), dict(_parts(theirs))
    labels = dict.fromkeys([*ours, *others])
    return [
        {"label": label, "mine": ours.get(label, ""), "theirs": others.get(label, "")}
        for label in labels
        if ours.get(label, "") != others.get(label, "")
    ]


def _parts(question: Question) -> Iterable[tuple[str, str]]:
    names = language_names()
    yield _("Type"), question.type
    yield _("Objective"), question.objective
    yield _("Difficulty"), str(question.difficulty)
    yield _("Source"), question.source
    for language, name in names.items():
        yield _("Question (%(language)s)", language=name), question.stem.get(language, "")
    yield _("Order of the options"), ", ".join(each.key for each in question.options)
    for option in question.options:
        where = _("Option %(key)s", key=option.key)
        for language, name in names.items():
            label = _("%(option)s, text (%(language)s)", option=where, language=name)
            yield label, option.text.get(language, "")
            label = _("%(option)s, what is said (%(language)s)", option=where, language=name)
            yield label, option.feedback.get(language, "")
        yield _("%(option)s, right or not", option=where), _("Right") if option.correct else _("Wrong")
        yield _("%(option)s, misconception", option=where), option.misconception


def arranged(written: Question, do: str) -> Question:
    """The question after « up-b », « down-b » or « remove-b », b being the key of an option; else the same."""
    act, _dash, key = do.partition("-")
    options = list(written.options)
    at = next((number for number, each in enumerate(options) if each.key == key), None)
    if at is not None and act in ("up", "down", "remove"):
        chosen = options.pop(at)
        if act != "remove":
            options.insert(max(0, at + (1 if act == "down" else -1)), chosen)
    return Question(
        written.key, written.type, written.objective, written.difficulty, written.source, written.stem, tuple(options)
    )


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
