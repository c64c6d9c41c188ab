"""How far a learner is in a track, computed from plain facts."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from curricula.model import Branch, Lesson, Module, Track

State = Literal["planned", "todo", "now", "ready", "retry", "passed", "locked"]


@dataclass(frozen=True)
class ModuleProgress:
    """One module as a learner sees it. ``best`` is the best score of the submitted attempts.

    An ``exempt`` module counts as passed at the score of the placement test, which is then among them. Of a
    ``locked`` module the lessons can be read; its assessment is closed until ``waits_for`` are passed.
    """

    module: Module
    read: frozenset[str]
    best: Fraction | None
    state: State
    waits_for: tuple[Module, ...] = ()
    exempt: bool = False

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
    """A whole track as a learner sees it.

    Minutes, share, modules passed and completion are those of the common core and of one branch: the one furthest
    on, in its share of minutes (the first of them where two are as far). Until one is begun, the shortest counts.
    """

    track: Track
    modules: tuple[ModuleProgress, ...]

    @cached_property
    def branch(self) -> Branch | None:
        """The branch furthest on; None until one is begun."""
        best, found = Fraction(-1), None
        for branch in self.track.open_branches:
            steps = [step for step in self.modules if step.module.published and step.module.branch == branch.key]
            share = _share(steps)
            if share > best and any(step.read or step.best is not None for step in steps):
                best, found = share, branch
        return found

    @cached_property
    def counted(self) -> tuple[ModuleProgress, ...]:
        """The modules that count: published, of the common core and of one branch."""
        keys = {module.key for module in self.track.path(self.branch.key if self.branch else None)}
        return tuple(step for step in self.modules if step.module.key in keys)

    @property
    def chooses(self) -> bool:
        """Whether the common core is passed and a branch is to be chosen."""
        core = [step for step in self.counted if step.module.branch is None]
        return bool(self.track.open_branches) and self.branch is None and all(step.state == "passed" for step in core)

    @property
    def minutes_total(self) -> int:
        return sum(step.module.duration_minutes for step in self.counted)

    @property
    def minutes_done(self) -> int:
        return sum(step.minutes_done for step in self.counted)

    @property
    def minutes_left(self) -> int:
        return max(0, self.minutes_total - self.minutes_done)

    @property
    def share(self) -> Fraction:
        """Minutes done over the declared minutes, 0 to 1."""
        return _share(self.counted)

    @property
    def passed(self) -> int:
        """Number of modules passed."""
        return sum(step.state == "passed" for step in self.counted)

    @property
    def completed(self) -> bool:
        """Whether every module that counts is passed."""
        return 0 < len(self.counted) == self.passed

    @property
    def current(self) -> ModuleProgress | None:
        """Where to resume: the first module that counts and is neither passed nor locked; None to choose a branch."""
        if self.chooses:
            return None
        return next((step for step in self.counted if step.state not in ("passed", "locked")), None)


def progress(
    track: Track,
    read: Mapping[str, Set[str]],
    best: Mapping[str, Fraction],
    exempt: Mapping[str, Fraction] = MappingProxyType({}),
) -> TrackProgress:
    """The progress of a learner.

    ``read``: module key → keys of the lessons read. ``best``: module key → best submitted score, 0 to 1. ``exempt``:
    module key → score of the placement test, for the modules that it exempts from.
    """
    best = {key: max(best.get(key, Fraction(0)), exempt.get(key, Fraction(0))) for key in {**best, **exempt}}
    steps = []
    for module in track.modules:
        done = frozenset(read.get(module.key, frozenset()))
        score = best.get(module.key)
        needed = (track.module(key) for key in module.requires)
        waits = tuple(each for each in needed if each is not None and not _passed(each, best.get(each.key)))
        state = _state(module, done, score, locked=bool(waits))
        steps.append(
            ModuleProgress(module, done, score, state, waits if state == "locked" else (), module.key in exempt)
        )
    return TrackProgress(track, tuple(steps))


def _passed(module: Module, best: Fraction | None) -> bool:
    return module.published and module.quiz is not None and best is not None and best >= module.quiz.threshold


def _share(steps: Iterable[ModuleProgress]) -> Fraction:
    total, done = 0, 0
    for step in steps:
        total, done = total + step.module.duration_minutes, done + step.minutes_done
    return Fraction(done, total) if total else Fraction(0)


def _state(module: Module, read: Set[str], best: Fraction | None, *, locked: bool) -> State:
    if not module.published:
        return "planned"
    if _passed(module, best):
        return "passed"
    if locked:
        return "locked"
    if best is not None and module.quiz is not None:
        return "retry"
    if all(lesson.key in read for lesson in module.lessons):
        return "ready"
    return "now" if read else "todo"
