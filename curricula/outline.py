"""The plan of a track while it is written: its modules in order, and how far each lesson and bank has come."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from curricula.durations import minutes_of
from curricula.model import LANGUAGES, Lesson, Module, Track
from curricula.pieces import (
    Piece,
    Settings,
    lesson_path,
    module_in,
    module_path,
    settings_in,
    text_in,
    track_in,
    track_path,
)

#: How far a lesson is in one language.
Written = Literal["missing", "empty", "written"]


@dataclass(frozen=True)
class LessonPlan:
    """One lesson: its titles, and its state in each language."""

    key: str
    settings: Settings
    title: Mapping[str, str]
    written: Mapping[str, Written]


@dataclass
class ModulePlan:
    """One module with its lessons in order and how many questions assess each objective."""

    module: Module
    lessons: list[LessonPlan] = field(default_factory=list)
    #: Objective → number of questions.
    questions: Counter[str] = field(default_factory=Counter)

    @property
    def counted_minutes(self) -> int:
        """What it takes: its lessons, its bank practised, its assessment, its workshop."""
        lessons = (lesson.settings.minutes for lesson in self.lessons)
        return minutes_of(self.module.quiz, lessons, self.questions.total(), self.module.workshop_minutes)


@dataclass(frozen=True)
class Outline:
    """A track and the plan of each of its modules."""

    track: Track
    modules: list[ModulePlan]

    def module(self, key: str) -> ModulePlan | None:
        """The plan of that module, or None."""
        return next((plan for plan in self.modules if plan.module.key == key), None)


def outline_of(track: Track) -> Outline:
    """The plan of a track that is whole."""
    return Outline(
        track,
        [
            ModulePlan(
                module,
                [_of_lesson(lesson) for lesson in module.lessons],
                Counter(question.objective for question in module.questions),
            )
            for module in track.modules
        ],
    )


def outline(found: Iterable[Piece], asked: Mapping[str, Counter[str]]) -> Outline:
    """The plan that those pieces make, which may be unfinished; raises ``KeyError`` without the track's own piece.

    ``asked``: by module, how many questions assess each objective; a bank may be too long to be among the pieces.
    """
    found = list(found)
    said = {piece.path: piece.content for piece in found}
    plans = {
        path.partition("/")[0]: ModulePlan(module_in(content))
        for path, content in said.items()
        if path == module_path(path.partition("/")[0])
    }
    for key, plan in plans.items():
        plan.questions += asked.get(key, Counter())
    for piece in found:
        key, _slash, rest = piece.path.partition("/")
        kind, _slash, name = rest.partition("/")
        if key in plans and kind == "lesson" and "/" not in name:
            texts = {language: said.get(lesson_path(key, name, language)) for language in LANGUAGES}
            plans[key].lessons.append(_lesson(name, settings_in(piece.content), texts))
    modules = sorted(plans.values(), key=lambda plan: (plan.module.order, plan.module.key))
    return Outline(track_in(said[track_path()]), modules)


def _of_lesson(lesson: Lesson) -> LessonPlan:
    written: dict[str, Written] = dict.fromkeys(lesson.texts, "written")
    settings = Settings(lesson.minutes, lesson.objectives, lesson.sources)
    return LessonPlan(lesson.key, settings, {language: text.title for language, text in lesson.texts.items()}, written)


def _lesson(key: str, settings: Settings, texts: Mapping[str, bytes | None]) -> LessonPlan:
    read = {language: text_in(content) for language, content in texts.items() if content is not None}
    title = {language: read[language].title if language in read else "" for language in LANGUAGES}
    written: dict[str, Written] = dict.fromkeys(texts, "missing")
    for language, text in read.items():
        written[language] = "written" if text.body.strip() else "empty"
    return LessonPlan(key, settings, title, written)
