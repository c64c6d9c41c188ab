"""What a track holds, module by module, and its facts with their age: for trainers who teach it and who check it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from curricula.durations import module_minutes
from curricula.model import LANGUAGES, LegalReference, Localized, Module, Reading, Source, Track
from curricula.quality import first_day
from curricula.sourcing import Mark


@dataclass(frozen=True)
class ModuleReport:
    """A module in figures: words by language, whole minutes, questions by objective and difficulty, then by type."""

    module: Module
    words: Mapping[str, int]
    counted_minutes: int
    #: Objective → difficulty → number of questions.
    questions: Mapping[str, Counter[int]]
    types: Counter[str]
    #: Mark → number of sources.
    marks: Counter[Mark]
    #: The oldest check of its sources, ISO; None where none was checked.
    oldest: str | None


@dataclass(frozen=True)
class Fact:
    """Something a learner reads that stands somewhere: a text of law, a source, a reading. Age in days."""

    module: str
    kind: str
    key: str
    title: Localized
    mark: Mark
    checked_on: str
    age: int | None
    #: The lessons and the questions that rest on it, by key.
    used: tuple[str, ...]


def module_report(module: Module) -> ModuleReport:
    """A module in figures."""
    lessons = module.lessons
    asked: dict[str, Counter[int]] = {objective.key: Counter() for objective in module.objectives}
    for question in module.questions:
        asked[question.objective][question.difficulty] += 1
    checked = [source.checked_on for source in module.sources if source.checked_on]
    return ModuleReport(
        module=module,
        words={each: sum(lesson.texts[each].words for lesson in lessons) for each in LANGUAGES},
        counted_minutes=module_minutes(module),
        questions=asked,
        types=Counter(question.type for question in module.questions),
        marks=Counter(source.mark for source in module.sources),
        oldest=min(checked, default=None, key=first_day),
    )


def facts(track: Track, today: date) -> list[Fact]:
    """Where the facts of a track stand: those to check first, then from the oldest check to the latest."""
    found = list(_facts(track, today))
    return sorted(found, key=lambda fact: (fact.mark != "M", -(fact.age or 0)))


def _facts(track: Track, today: date) -> Iterator[Fact]:
    for reference in track.legal:
        used = tuple(module.key for module in track.modules if reference.key in module.legal)
        yield _fact("", reference, used, today)
    for module in track.published_modules:
        for source in (*module.sources, *module.reading):
            lessons = [f"{lesson.order:02}-{lesson.key}" for lesson in module.lessons if source.key in lesson.sources]
            questions = [question.key for question in module.questions if question.source == source.key]
            yield _fact(module.key, source, tuple(lessons + questions), today)


def _fact(module: str, said: LegalReference | Source, used: tuple[str, ...], today: date) -> Fact:
    checked = said.checked_on or ""
    age = (today - first_day(checked)).days if checked else None
    kind = "law" if isinstance(said, LegalReference) else "reading" if isinstance(said, Reading) else "source"
    title = said.title
    if isinstance(said, LegalReference):
        title = {language: f"{said.reference}, {text}" for language, text in said.title.items()}
    return Fact(module, kind, said.key, title, said.mark, checked, age, used)
