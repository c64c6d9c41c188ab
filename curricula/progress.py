"""How far a learner is in a track, computed from plain facts."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from curricula.model import Lesson, Module, Track

State = Literal["planned", "todo", "now", "ready", "retry", "passed"]


@dataclass(frozen=True)
class ModuleProgress:
    """One module as a learner sees it. ``best`` is the best score of the submitted attempts."""

    module: Module
    read: frozenset[str]
    best: Fraction | None
    state: State

    @property
    def next_lesson(self) -> Lesson | None:
        """The first lesson not yet read."""
        return next((lesson for lesson in self.module.lessons if lesson.key not in self.read), None)

    @property
    def minutes_done(self) -> int:
        """Minutes followed: those of the lessons read; the whole duration only once the module is passed."""
        if self.state == "passed":
            return self.module.duration_minutes
        if self.state == "planned":  # its duration is not counted in the track's either
            return 0
        read = sum(lesson.minutes for lesson in self.module.lessons if lesson.key in self.read)
        return min(read, self.module.duration_minutes)

    @property
    def missing(self) -> Fraction | None:
        """What the best score lacks to reach the threshold; None when passed or never tried."""
        if self.best is None or self.module.quiz is None or self.state == "passed":
            return None
        return max(Fraction(0), self.module.quiz.threshold - self.best)


@dataclass(frozen=True)
class TrackProgress:
    """A whole track as a learner sees it."""

    track: Track
    modules: tuple[ModuleProgress, ...]

    @property
    def minutes_done(self) -> int:
        return sum(step.minutes_done for step in self.modules)

    @property
    def minutes_left(self) -> int:
        return max(0, self.track.duration_minutes - self.minutes_done)

    @property
    def share(self) -> Fraction:
        """Minutes done over the declared minutes of the published modules, 0 to 1."""
        total = self.track.duration_minutes
        return Fraction(self.minutes_done, total) if total else Fraction(0)

    @property
    def passed(self) -> int:
        """Number of modules passed."""
        return sum(step.state == "passed" for step in self.modules)

    @property
    def completed(self) -> bool:
        """Whether every published module is passed."""
        return self.current is None and self.passed > 0

    @property
    def current(self) -> ModuleProgress | None:
        """Where to resume: the first published module that is not passed."""
        return next((s for s in self.modules if s.module.published and s.state != "passed"), None)


def progress(track: Track, read: Mapping[str, Set[str]], best: Mapping[str, Fraction]) -> TrackProgress:
    """The progress of a learner.

    ``read``: module key → keys of the lessons read. ``best``: module key → best submitted score, 0 to 1.
    """
    steps = []
    for module in track.modules:
        done = frozenset(read.get(module.key, frozenset()))
        score = best.get(module.key)
        steps.append(ModuleProgress(module, done, score, _state(module, done, score)))
    return TrackProgress(track, tuple(steps))


def _state(module: Module, read: Set[str], best: Fraction | None) -> State:
    if not module.published:
        return "planned"
    if best is not None and module.quiz is not None:
        return "passed" if best >= module.quiz.threshold else "retry"
    if all(lesson.key in read for lesson in module.lessons):
        return "ready"
    return "now" if read else "todo"
