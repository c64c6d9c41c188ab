"""What changed between two revisions of a track, said part by part so that a person can read it."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from curricula.model import Framework, LabelRule, Lesson, Localized, Module, Question, Reading, Source, Track

#: What a part is about: words and images that learners meet, questions, rules (thresholds, order…), law, sources.
Kind = Literal["text", "image", "question", "rule", "law", "source"]


@dataclass(frozen=True)
class Part:
    """One thing a revision says. ``path`` leads to it: module, then what it is, its key, its field, its language."""

    path: tuple[str, ...]
    kind: Kind
    value: str


@dataclass(frozen=True)
class Change:
    """A part that differs; ``before`` or ``after`` is None where it was not there."""

    path: tuple[str, ...]
    kind: Kind
    before: str | None
    after: str | None

    @property
    def lines(self) -> list[str]:
        """The lines that differ: « -… » before, « +… » after."""
        old, new = (self.before or "").splitlines(), (self.after or "").splitlines()
        compared = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
        return [line for line in compared if not line.startswith("@@")]


def compare(before: Track, after: Track) -> list[Change]:
    """Every part that differs, in the order of the later revision, then what is no longer there."""
    old = {part.path: part for part in parts(before)}
    new = {part.path: part for part in parts(after)}
    changed = [
        Change(path, part.kind, old[path].value if path in old else None, part.value)
        for path, part in new.items()
        if path not in old or old[path].value != part.value
    ]
    gone = [Change(path, part.kind, part.value, None) for path, part in old.items() if path not in new]
    return changed + gone


def parts(track: Track) -> Iterator[Part]:
    """Everything a track says, part by part, in reading order. The version is its name, not a part of it."""
    for name in ("title", "promise", "audience"):
        yield from _texts((name,), "text", getattr(track, name))
    yield from _said(
        (), "rule", code=track.code, licence=track.licence, recommendations=track.recommendations,
        requires=track.requires or None, attendance=track.attendance or None,
    )  # fmt: skip
    rule = track.certificate
    if rule is not None:
        yield from _texts(("certificate", "title"), "text", rule.title)
        yield from _said(
            ("certificate",), "rule", modules=rule.modules, branches=rule.branches or None, threshold=rule.threshold,
            valid_months=rule.valid_months,
        )  # fmt: skip
    if track.label is not None:
        yield from _label(track.label)
    if track.placement is not None:
        yield from _said(
            ("placement",), "rule", questions=track.placement.questions, threshold=track.placement.threshold,
            exempts=track.placement.exempts or None,
        )  # fmt: skip
    for branch in track.branches:
        yield from _texts(("branch", branch.key, "title"), "text", branch.title)
        yield from _texts(("branch", branch.key, "note"), "text", branch.note or {})
    for reference in track.legal:
        where = ("legal", reference.key)
        yield from _said(
            where, "law", reference=reference.reference, version=reference.version, checked_on=reference.checked_on,
            source=reference.source, mark=reference.mark, in_force_from=reference.in_force_from,
            in_force_to=reference.in_force_to,
        )  # fmt: skip
        yield from _texts((*where, "title"), "law", reference.title)
        yield from _texts((*where, "note"), "law", reference.note or {})
    if track.framework is not None:
        yield from _framework(track.framework)
    for term in track.glossary:
        yield from _texts(("glossary", term.key, "term"), "text", term.term)
        yield from _texts(("glossary", term.key, "definition"), "text", term.definition)
    for module in track.modules:
        yield from _module(module)


def _label(rule: LabelRule) -> Iterator[Part]:
    here = ("label",)
    yield from _texts((*here, "title"), "text", rule.title)
    yield from _said(
        here, "rule", key=rule.key, modules=rule.modules, threshold=rule.threshold, valid_months=rule.valid_months
    )
    if rule.jury is not None:
        yield from _said((*here, "jury"), "rule", module=rule.jury.module, members=rule.jury.members)
    if rule.refresher is not None:
        yield from _said((*here, "refresher"), "rule", modules=rule.refresher.modules, minutes=rule.refresher.minutes)
    for number, way in enumerate(rule.one_of, 1):
        where = (*here, "one_of", str(number))
        yield from _said(where, "rule", award=way.award, modules=way.modules or None, threshold=way.threshold)
        yield from _texts((*where, "mention"), "text", way.mention or {})


def _framework(framework: Framework) -> Iterator[Part]:
    here = ("framework",)
    yield from _said(here, "rule", key=framework.key, version=framework.version)
    yield from _texts((*here, "title"), "text", framework.title)
    for competency in framework.competencies:
        where = (*here, competency.key)
        yield from _texts((*where, "title"), "text", competency.title)
        for level in competency.levels:
            yield from _texts((*where, "level", str(level.number)), "text", level.criterion)


def _module(module: Module) -> Iterator[Part]:
    here = (module.key,)
    yield from _texts((*here, "title"), "text", module.title)
    yield from _texts((*here, "summary"), "text", module.summary)
    yield from _said(
        here, "rule", code=module.code, order=module.order, status=module.status, branch=module.branch,
        requires=module.requires or None,
        duration_minutes=module.duration_minutes, workshop_minutes=module.workshop_minutes or None,
        recommendations=module.recommendations, legal=module.legal,
    )  # fmt: skip
    quiz = module.quiz
    if quiz is not None:
        yield from _said(
            (*here, "quiz"), "rule", questions=quiz.questions, threshold=quiz.threshold, attempts=quiz.attempts,
            cooldown_minutes=quiz.cooldown_minutes, minutes=quiz.minutes or None, pauses=quiz.pauses or None,
            supervised=quiz.supervised or None, difficulties=quiz.difficulties or None, exposure=quiz.exposure,
            forms=quiz.forms, correction=quiz.correction, markers=quiz.markers, marking_days=quiz.marking_days,
            tolerance=quiz.tolerance, jury=quiz.jury or None,
        )  # fmt: skip
    for objective in module.objectives:
        where = (*here, "objective", objective.key)
        yield from _texts(where, "text", objective.text)
        yield from _said(where, "rule", competency=objective.competency, level=objective.level)
    for name, sources in (("source", module.sources), ("reading", module.reading)):
        for source in sources:
            yield from _source((*here, name, source.key), source)
    for file in module.files:
        yield Part((*here, "file", file.name), "image", f"{file.media}, SHA-256 {file.digest}")
    for lesson in module.lessons:
        yield from _lesson(here, lesson)
    for paper in module.papers:
        for language, text in paper.texts.items():
            yield Part((*here, "paper", paper.kind, "title", language), "text", text.title)
            yield Part((*here, "paper", paper.kind, "body", language), "text", text.body)
    for question in module.questions:
        yield from _question(here, question)


def _source(where: tuple[str, ...], source: Source) -> Iterator[Part]:
    yield from _texts((*where, "title"), "source", source.title)
    yield from _said(
        where, "source", mark=source.mark, checked_on=source.checked_on, published_on=source.published_on,
        url=source.url,
    )  # fmt: skip
    if isinstance(source, Reading):
        yield from _texts((*where, "note"), "source", source.note)


def _lesson(here: tuple[str, ...], lesson: Lesson) -> Iterator[Part]:
    where = (*here, "lesson", lesson.key)
    yield from _said(
        where, "rule", order=lesson.order, minutes=lesson.minutes, objectives=lesson.objectives, sources=lesson.sources
    )
    for language, text in lesson.texts.items():
        yield Part((*where, "title", language), "text", text.title)
        yield Part((*where, "able", language), "text", "\n".join(text.able))
        yield Part((*where, "body", language), "text", text.body)


def _question(here: tuple[str, ...], question: Question) -> Iterator[Part]:
    where = (*here, "question", question.key)
    yield from _said(
        where, "question", type=question.type, objective=question.objective, difficulty=question.difficulty,
        source=question.source, reserved=question.reserved or None, instead=question.instead or None,
    )  # fmt: skip
    yield from _said((*where, "setting"), "question", **dict(question.settings))
    yield from _texts((*where, "stem"), "question", question.stem)
    for place in question.places:
        yield from _said((*where, "place", place.key), "question", factor=place.factor or None)
        yield from _texts((*where, "place", place.key, "text"), "question", place.text)
    yield from _said(where, "question", options=tuple(option.key for option in question.options))
    for option in question.options:
        inner = (*where, "option", option.key)
        yield from _said(
            inner, "question", correct=option.correct, misconception=option.misconception or None,
            place=option.place or None, leads=option.leads or None, points=option.points or None,
            value=option.value or None, tolerance=option.tolerance or None,
        )  # fmt: skip
        for name in ("text", "feedback", "accepted"):
            yield from _texts((*inner, name), "question", getattr(option, name) or {})
    for criterion in question.criteria:
        inner = (*where, "criterion", criterion.key)
        yield from _said(inner, "question", weight=criterion.weight)
        yield from _texts((*inner, "title"), "question", criterion.title)
        for level in criterion.levels:
            yield from _said((*inner, "level", level.key), "question", points=level.points)
            yield from _texts((*inner, "level", level.key, "text"), "question", level.text)


def _texts(path: tuple[str, ...], kind: Kind, texts: Localized) -> Iterator[Part]:
    return (Part((*path, language), kind, text) for language, text in texts.items() if text)


def _said(path: tuple[str, ...], kind: Kind, **values: object) -> Iterator[Part]:
    return (Part((*path, name), kind, _word(value)) for name, value in values.items() if value is not None)


def _word(value: object) -> str:
    if isinstance(value, Fraction):
        return f"{value * 100} %"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)
