"""Writes a track as its folder (docs/curriculum-format.md): one form for one content, so that diffs show changes alone.

The inverse of ``curricula.load``: what is written is read back equal.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from curricula.award_files import label_values, way_values
from curricula.folder import Folder
from curricula.framework import FILE as FRAMEWORK
from curricula.glossary import FILE as GLOSSARY
from curricula.lessons import lesson_file_path
from curricula.model import (
    LANGUAGES,
    Framework,
    LegalReference,
    Lesson,
    LessonText,
    Localized,
    Module,
    Objective,
    Option,
    Question,
    Source,
    Term,
    Track,
)
from curricula.papers import paper_path

#: A text longer than this stands on a line of its own, whatever the language.
LONG = 100
#: What a string of TOML cannot hold as it is; tabs and ends of lines it can.
_ESCAPES = {number: f"\\u{number:04x}" for number in (*range(9), *range(11, 32), 127)} | {ord("\\"): "\\\\"}


def folder_of(track: Track) -> Folder:
    """The folder of a track."""
    files = {"track.toml": whole(track_lines(track))}
    if track.framework is not None:
        files[FRAMEWORK] = whole(framework_lines(track.framework))
    if track.glossary:
        files[GLOSSARY] = whole(glossary_lines(track.glossary))
    for module in track.modules:
        files[f"{module.key}/module.toml"] = whole(module_lines(module))
        if module.questions:
            files[f"{module.key}/questions.toml"] = whole(questions_lines(module.questions))
        for paper in module.papers:
            for language, said in paper.texts.items():
                files[paper_path(module.key, paper.kind, language)] = headed(_pairs(title=said.title), said.body)
        files |= {f"{module.key}/files/{file.name}": file.content for file in module.files}
        for lesson in module.lessons:
            for language, text in lesson.texts.items():
                files[lesson_file_path(module.key, lesson, language)] = lesson_file(lesson, text)
    return Folder(track.key, files)


def track_lines(track: Track) -> Iterator[str]:
    """The lines of ``track.toml``."""
    yield from _pairs(
        key=track.key, code=track.code, version=track.version, languages=track.languages, licence=track.licence,
        recommendations=track.recommendations, requires=track.requires or None,
        attendance=track.attendance or None, title=track.title, promise=track.promise, audience=track.audience,
    )  # fmt: skip
    rule = track.certificate
    if rule is not None:
        yield from ("", "[certificate]")
        yield from _pairs(
            title=rule.title, modules=rule.modules, branches=rule.branches or None,
            threshold=percent(rule.threshold), valid_months=rule.valid_months,
        )  # fmt: skip
    if track.label is not None:
        yield from ("", "[label]")
        yield from _pairs(**label_values(track.label))
        for way in track.label.one_of:
            yield from ("", "[[label.one_of]]")
            yield from _pairs(**way_values(way))
    placement = track.placement
    if placement is not None:
        yield from ("", "[placement]")
        yield from _pairs(
            questions=placement.questions, threshold=percent(placement.threshold), exempts=placement.exempts or None
        )
    for branch in track.branches:
        yield from ("", "[[branches]]")
        yield from _pairs(key=branch.key, title=branch.title, note=branch.note)
    for reference in track.legal:
        yield from ("", "[[legal]]")
        yield from _legal(reference)


def framework_lines(framework: Framework) -> Iterator[str]:
    """The lines of ``framework.toml``."""
    yield from _pairs(key=framework.key, version=framework.version, title=framework.title)
    for competency in framework.competencies:
        yield from ("", "[[competencies]]")
        yield from _pairs(key=competency.key, title=competency.title)
        for level in competency.levels:
            yield from ("", "[[competencies.levels]]")
            yield from _pairs(number=level.number, criterion=level.criterion)


def glossary_lines(glossary: Iterable[Term]) -> Iterator[str]:
    """The lines of ``glossary.toml``."""
    for number, term in enumerate(glossary):
        yield from ([""] if number else [])
        yield "[[terms]]"
        yield from _pairs(key=term.key, term=term.term, definition=term.definition)


def module_lines(module: Module) -> Iterator[str]:
    """The lines of ``module.toml``."""
    yield from _pairs(
        key=module.key, code=module.code, order=module.order, branch=module.branch, requires=module.requires or None,
        status=module.status, duration_minutes=module.duration_minutes,
        workshop_minutes=module.workshop_minutes or None, recommendations=module.recommendations, legal=module.legal,
        title=module.title, summary=module.summary,
    )  # fmt: skip
    quiz = module.quiz
    if quiz is not None:
        yield from ("", "[quiz]")
        yield from _pairs(
            questions=quiz.questions, threshold=percent(quiz.threshold), attempts=quiz.attempts,
            cooldown_minutes=quiz.cooldown_minutes, minutes=quiz.minutes or None, pauses=quiz.pauses or None,
            supervised=quiz.supervised or None, difficulties=quiz.difficulties or None,
            exposure=_unusual(percent(quiz.exposure), 100), forms=_unusual(quiz.forms, 1),
            correction=_unusual(quiz.correction, "after"), markers=_unusual(quiz.markers, 1),
            marking_days=_unusual(quiz.marking_days, 15), tolerance=_unusual(percent(quiz.tolerance), 10),
            jury=quiz.jury or None,
        )  # fmt: skip
    for objective in module.objectives:
        yield from ("", "[[objectives]]")
        yield from _objective(objective)
    for source in module.sources:
        yield from ("", "[[sources]]")
        yield from _source(source)
    for reading in module.reading:
        yield from ("", "[[reading]]")
        yield from _source(reading, reading.note)


def questions_lines(questions: Iterable[Question]) -> Iterator[str]:
    """The lines of ``questions.toml``."""
    for number, question in enumerate(questions):
        yield from ([""] if number else [])
        yield "[[questions]]"
        yield from _question(question)


def lesson_file(lesson: Lesson, text: LessonText) -> bytes:
    """The file of a lesson in one language."""
    header = _pairs(
        title=text.title, minutes=lesson.minutes, able=text.able, objectives=lesson.objectives, sources=lesson.sources
    )
    return headed(header, text.body)


def headed(header: Iterable[str], body: str) -> bytes:
    """The lines of a header between its marks, then a body."""
    return "\n".join(["+++", *header, "+++", "", body]).encode()


def whole(lines: Iterable[str]) -> bytes:
    """The file that those lines make."""
    return ("\n".join(lines) + "\n").encode()


def percent(share: Fraction) -> int:
    """A share as a whole number of hundredths, as the format has it."""
    return int(share * 100)


def _legal(reference: LegalReference) -> Iterator[str]:
    yield from _pairs(
        key=reference.key, reference=reference.reference, title=reference.title,
        in_force_from=reference.in_force_from, in_force_to=reference.in_force_to, version=reference.version,
        checked_on=reference.checked_on or None, source=reference.source, mark=_unusual(reference.mark, "V"),
        note=reference.note,
    )  # fmt: skip


def _objective(objective: Objective) -> Iterator[str]:
    yield from _pairs(key=objective.key, competency=objective.competency, level=objective.level, text=objective.text)


def _source(source: Source, note: Localized | None = None) -> Iterator[str]:
    yield from _pairs(
        key=source.key, title=source.title, note=note, published_on=source.published_on, checked_on=source.checked_on,
        url=source.url, mark=source.mark,
    )  # fmt: skip


def _question(question: Question) -> Iterator[str]:
    yield from _pairs(
        key=question.key, type=question.type, objective=question.objective, difficulty=question.difficulty,
        source=question.source, reserved=question.reserved or None, instead=question.instead or None,
        stem=question.stem,
    )  # fmt: skip
    if question.settings:
        yield "settings = { " + ", ".join(f"{name} = {toml(value)}" for name, value in question.settings) + " }"
    for place in question.places:
        yield from ("", "[[questions.places]]")
        yield from _pairs(key=place.key, factor=place.factor or None, text=place.text)
    for option in question.options:
        yield from ("", "[[questions.options]]")
        yield from _option(option)
    for criterion in question.criteria:
        yield from ("", "[[questions.criteria]]")
        yield from _pairs(key=criterion.key, weight=_unusual(criterion.weight, 1), title=criterion.title)
        for level in criterion.levels:
            yield from ("", "[[questions.criteria.levels]]")
            yield from _pairs(key=level.key, points=level.points, text=level.text)


def _option(option: Option) -> Iterator[str]:
    yield from _pairs(
        key=option.key, correct=option.correct or None, place=option.place or None, leads=option.leads or None,
        points=option.points or None, value=option.value or None, tolerance=option.tolerance or None,
        accepted=option.accepted, text=option.text, feedback=option.feedback,
        misconception=option.misconception or None,
    )  # fmt: skip


def _unusual(value: Any, usual: Any) -> Any:
    """The value when it is not the usual one, which is not written."""
    return None if value == usual else value


def _pairs(**fields: Any) -> Iterator[str]:
    """``name = value`` for each field that has one; a long text in several languages takes a line for each."""
    for name, value in fields.items():
        if value is None:
            continue
        if _is_text(value) and any(len(text) > LONG for text in value.values()):
            for language, text in _said(value):
                yield f"{name}.{language} = {toml(text)}"
        else:
            yield f"{name} = {toml(value)}"


def toml(value: Any) -> str:
    """A value as TOML 1.0 writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        pairs = _said(value) if _is_text(value) else value.items()
        return "{ " + ", ".join(f"{name} = {toml(said)}" for name, said in pairs) + " }"
    return "[" + ", ".join(toml(each) for each in value) + "]"


def _is_text(value: Any) -> bool:
    """Whether a value is a text in several languages, and not a table of other things."""
    return isinstance(value, Mapping) and set(value) <= set(LANGUAGES)


def _string(value: str) -> str:
    if "\n" in value:
        return '"""\n' + value.translate(_ESCAPES).replace('"""', '""\\"') + '"""'
    return '"' + value.translate(_ESCAPES).replace('"', '\\"') + '"'


def _said(texts: Localized) -> Iterator[tuple[str, str]]:
    return ((language, texts[language]) for language in LANGUAGES if texts.get(language))
