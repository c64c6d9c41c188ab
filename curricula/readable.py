"""A track that may be unfinished, as it can be read: what is missing in a language is said in the other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from curricula.model import LANGUAGES, Lesson, LessonText, Localized, Module, Option, Question, Track

T = TypeVar("T")


def readable(track: Track) -> Track:
    """The same track with every text in every language, and nothing in it that leads nowhere."""
    modules = tuple(_module(module) for module in track.modules)
    rule, known = track.certificate, {module.key for module in modules}
    if rule is not None:
        rule = replace(rule, title=_both(rule.title), modules=tuple(key for key in rule.modules if key in known))
    return replace(
        track, title=_both(track.title), promise=_both(track.promise), audience=_both(track.audience), modules=modules,
        certificate=rule if rule is not None and rule.modules else None,
    )  # fmt: skip


def _module(module: Module) -> Module:
    return replace(
        module,
        title=_both(module.title),
        summary=_both(module.summary),
        objectives=tuple(replace(each, text=_both(each.text)) for each in module.objectives),
        sources=tuple(replace(each, title=_both(each.title)) for each in module.sources),
        lessons=tuple(_lesson(lesson) for lesson in module.lessons),
        questions=tuple(_question(question) for question in module.questions),
    )


def _lesson(lesson: Lesson) -> Lesson:
    return replace(lesson, texts=_each(lesson.texts, LessonText(lesson.key, (), "")))


def _question(question: Question) -> Question:
    return replace(question, stem=_both(question.stem), options=tuple(map(_option, question.options)))


def _option(option: Option) -> Option:
    return replace(option, text=_both(option.text), feedback=_both(option.feedback))


def _both(text: Localized) -> Localized:
    return _each(text, "")


def _each(said: Mapping[str, T], nothing: T) -> dict[str, T]:
    """What is said in each language: in another where it is not, else nothing."""
    other = next((each for each in said.values() if each), nothing)
    return {language: said.get(language) or other for language in LANGUAGES}
