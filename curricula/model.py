"""What a track is made of: frozen values, free of any framework."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal

from curricula.awards import CertificateRule as CertificateRule
from curricula.awards import LabelRule as LabelRule
from curricula.languages import LANGUAGES as LANGUAGES
from curricula.languages import Localized as Localized
from curricula.papers import Paper as Paper
from curricula.papers import PaperText as PaperText
from curricula.question import Criterion as Criterion
from curricula.question import CriterionLevel as CriterionLevel
from curricula.question import Option as Option
from curricula.question import Question as Question
from curricula.question import Spot as Spot
from curricula.reading import word_count
from curricula.sourcing import LegalReference as LegalReference
from curricula.sourcing import Reading as Reading
from curricula.sourcing import Source as Source


@dataclass(frozen=True)
class Level:
    """A level of a competency, from 1, and what shows that it is reached."""

    number: int
    criterion: Localized


@dataclass(frozen=True)
class Competency:
    """Something that people become able to do, level after level."""

    key: str
    title: Localized
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Framework:
    """The competencies that a track works towards."""

    key: str
    version: str
    title: Localized
    competencies: tuple[Competency, ...]

    def competency(self, key: str) -> Competency | None:
        """The competency of that key, or None."""
        return next((competency for competency in self.competencies if competency.key == key), None)


@dataclass(frozen=True)
class Objective:
    """What one will be able to do, as an observable verb, and the level of a competency of the framework it reaches."""

    key: str
    text: Localized
    competency: str | None = None
    level: int | None = None


@dataclass(frozen=True)
class LessonText:
    """A lesson in one language: Markdown body and what its header says."""

    title: str
    able: tuple[str, ...]
    body: str

    @property
    def words(self) -> int:
        """Number of words of the body, block marks left out."""
        return word_count(self.body)


@dataclass(frozen=True)
class Lesson:
    """One lesson, the same in each language. ``key`` is its slug, unique in the module."""

    key: str
    order: int
    minutes: int
    objectives: tuple[str, ...]
    sources: tuple[str, ...]
    texts: Mapping[str, LessonText]


@dataclass(frozen=True)
class Term:
    """A term of the glossary, explained in a sentence or two."""

    key: str
    term: Localized
    definition: Localized


@dataclass(frozen=True)
class File:
    """An image of a module; ``media`` is its media type, as its content says."""

    name: str
    media: str
    content: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class QuizRules:
    """How a module is assessed: ``questions`` drawn, ``threshold`` to reach, ``attempts`` (0: no limit).

    ``minutes`` allowed once begun (0: no limit), in which ``pauses`` may be made. A ``supervised`` assessment begins
    with the code of a sitting. ``difficulties`` are how many questions of difficulty 1, 2 and 3 are drawn; without
    them, difficulties alternate. ``exposure`` is the share of attempts beyond which a question is drawn after the
    other new ones (1: none is). ``forms`` are how many parallel forms the bank is parted in. The ``correction`` is
    shown after submitting, once the sitting is over, or never. Works are marked by ``markers`` persons within
    ``marking_days``; their marks are reconciled when they differ by more than ``tolerance``; a ``jury`` decides in
    the end.
    """

    questions: int
    threshold: Fraction
    attempts: int
    cooldown_minutes: int
    minutes: int = 0
    pauses: int = 0
    supervised: bool = False
    difficulties: tuple[int, ...] = ()
    exposure: Fraction = Fraction(1)
    forms: int = 1
    correction: Literal["after", "closed", "never"] = "after"
    markers: int = 1
    marking_days: int = 15
    tolerance: Fraction = Fraction(1, 10)
    jury: bool = False


@dataclass(frozen=True)
class Module:
    """A module of a track. A ``planned`` module is announced and has no lesson yet.

    ``requires`` are keys of modules to pass first; ``branch`` is the key of its branch, None in the common core. Of its
    ``duration_minutes``, ``workshop_minutes`` are spent together, with a trainer.
    """

    key: str
    code: str
    order: int
    status: Literal["published", "planned"]
    title: Localized
    summary: Localized
    duration_minutes: int
    recommendations: tuple[int, ...]
    legal: tuple[str, ...]
    objectives: tuple[Objective, ...]
    sources: tuple[Source, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    quiz: QuizRules | None = None
    questions: tuple[Question, ...] = ()
    requires: tuple[str, ...] = ()
    branch: str | None = None
    files: tuple[File, ...] = ()
    workshop_minutes: int = 0
    reading: tuple[Reading, ...] = ()
    papers: tuple[Paper, ...] = ()

    @property
    def published(self) -> bool:
        """Whether the module can be followed and assessed."""
        return self.status == "published"

    def lesson(self, key: str) -> Lesson | None:
        """The lesson of that slug, or None."""
        return next((lesson for lesson in self.lessons if lesson.key == key), None)

    def question(self, key: str) -> Question | None:
        """The question of that key, or None."""
        return next((question for question in self.questions if question.key == key), None)

    @property
    def assessed_questions(self) -> tuple[Question, ...]:
        """What assessments are drawn from: the reserved questions where there are some, else the whole bank.

        Those asked instead of another are drawn with it, not for themselves.
        """
        own = tuple(question for question in self.questions if not question.instead)
        return tuple(question for question in own if question.reserved) or own

    @property
    def practice_questions(self) -> tuple[Question, ...]:
        """What practice shows: the questions that are not reserved."""
        return tuple(question for question in self.questions if not question.reserved and not question.instead)

    def file(self, name: str) -> File | None:
        """The image of that name, or None."""
        return next((file for file in self.files if file.name == name), None)

    def cited(self, keys: Iterable[str]) -> tuple[Source, ...]:
        """The sources of those keys, in that order; a key of none is left out."""
        return tuple(source for key in keys if (source := self.source(key)) is not None)

    def paper(self, kind: str) -> Paper | None:
        """The paper of that kind, or None."""
        return next((paper for paper in self.papers if paper.kind == kind), None)

    def source(self, key: str) -> Source | None:
        """The source of that key, or None."""
        return next((source for source in self.sources if source.key == key), None)


@dataclass(frozen=True)
class Branch:
    """A way on after the common core of a track: a speciality. One is enough to complete the track."""

    key: str
    title: Localized
    note: Localized | None = None


@dataclass(frozen=True)
class PlacementRules:
    """How a track's placement test goes: up to so many ``questions`` about each module, and what they lead to.

    From the ``threshold`` on, a module need not be followed whole; where the test ``exempts``, it counts as passed.
    """

    questions: int
    threshold: Fraction
    exempts: bool = False


@dataclass(frozen=True)
class Track:
    """A curriculum as published: immutable; ``version`` and ``digest`` name exactly what was taught.

    ``modules`` are in the order they are followed: the common core, then branch after branch. ``requires`` are keys
    of tracks to follow first.
    """

    key: str
    code: str
    version: str
    title: Localized
    promise: Localized
    audience: Localized
    licence: str
    languages: tuple[str, ...]
    recommendations: tuple[int, ...]
    modules: tuple[Module, ...]
    certificate: CertificateRule | None = None
    label: LabelRule | None = None
    #: Whether each module followed whole gives a statement of attendance to whoever asks for it.
    attendance: bool = False
    placement: PlacementRules | None = None
    legal: tuple[LegalReference, ...] = ()
    requires: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
    framework: Framework | None = None
    glossary: tuple[Term, ...] = ()
    #: SHA-256 of the folder's files, hexadecimal.
    digest: str = field(default="", compare=False)

    @property
    def published_modules(self) -> tuple[Module, ...]:
        """The modules that can be followed today, in order."""
        return tuple(module for module in self.modules if module.published)

    @property
    def duration_minutes(self) -> int:
        """Declared minutes of what can be followed today and suffices: see ``path``."""
        return sum(module.duration_minutes for module in self.path())

    def in_branch(self, key: str | None) -> tuple[Module, ...]:
        """The modules of a branch that can be followed today; those of the common core for None."""
        return tuple(module for module in self.published_modules if module.branch == key)

    @property
    def open_branches(self) -> tuple[Branch, ...]:
        """The branches that can be followed today."""
        return tuple(branch for branch in self.branches if self.in_branch(branch.key))

    def path(self, branch: str | None = None) -> tuple[Module, ...]:
        """What completes the track: the common core and that branch, the shortest one where none is told."""
        ways = [self.in_branch(each.key) for each in self.open_branches if branch in (None, each.key)]
        shortest = min(ways, key=lambda way: sum(module.duration_minutes for module in way), default=())
        return (*self.in_branch(None), *shortest)

    def branch(self, key: str) -> Branch | None:
        """The branch of that key, or None."""
        return next((branch for branch in self.branches if branch.key == key), None)

    def module(self, key: str) -> Module | None:
        """The module of that key, or None."""
        return next((module for module in self.modules if module.key == key), None)
