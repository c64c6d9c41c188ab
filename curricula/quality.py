"""What would make a track better, or keeps it from being published: read by its authors before anyone learns with it.

``curricula.validate`` says what cannot be read at all; here a track is read, and judged.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction

from curricula.finding import Finding, finding
from curricula.links import links, well_formed
from curricula.model import LANGUAGES, Lesson, Module, QuizRules, Source, Track
from curricula.problems import N_
from curricula.question_quality import question_findings
from curricula.reading import WORDS_A_MINUTE, ease, long_sentences, reading_minutes
from curricula.references import references
from curricula.render import FILES, TERM
from curricula.structure import differences

#: Smallest bank of a module: a second attempt then meets other questions.
BANK = 12
#: How old a check may be, in days, before the fact must be looked at again.
FRESH_DAYS = 365
#: Least ease of a text (Flesch, 0 to 100) and longest share of sentences that are long.
EASE, LONG_SHARE = 30.0, Fraction(1, 4)
#: A lesson's declared minutes, in times what reading it takes: exercises take time too, and not all of it.
MINUTES = (Fraction(1), Fraction(4))
#: What a question of the assessment takes, in minutes.
QUESTION_MINUTES = Fraction(3, 2)
_DIFFICULTIES = (1, 2, 3)


def findings(track: Track, today: date) -> list[Finding]:
    """Everything found in a track, what is blocking first, each in reading order."""
    found = [each for module in track.published_modules for each in _module(module, today)]
    found += [each for reference in track.legal for each in _age(("legal", reference.key), reference.checked_on, today)]
    found += [*_awards(track), *_framework(track), *_unused(track), *_links(track)]
    return sorted(found, key=lambda each: each.weight != "blocking")


def _awards(track: Track) -> Iterator[Finding]:
    for branch in track.branches:
        if not any(module.branch == branch.key for module in track.modules):
            yield finding(("branch", branch.key), "blocking", N_("No module belongs to this branch."))
    rule = track.certificate
    if rule and rule.branches > len(track.open_branches):
        message = N_("The certificate asks for more branches than can be followed: nobody would earn it.")
        yield finding(("certificate", "branches"), "blocking", message)

    label = track.label
    if label and label.refresher and label.valid_months is None:
        yield finding(("label", "refresher"), "advice", N_("The label has no end: nobody needs to renew it."))


def _framework(track: Track) -> Iterator[Finding]:
    worked = {objective.competency for module in track.modules for objective in module.objectives}
    for competency in track.framework.competencies if track.framework else ():
        if competency.key not in worked:
            where = ("framework", competency.key)
            yield finding(where, "advice", N_("No objective works towards this competency."))


def _unused(track: Track) -> Iterator[Finding]:
    terms = set[str]()
    for module in track.modules:
        bodies = [text.body for lesson in module.lessons for text in lesson.texts.values()]
        named = {reference.target for body in bodies for reference in references(body)}
        terms |= named
        for file in module.files:
            if FILES + file.name not in named:
                yield finding((module.key, "file", file.name), "advice", N_("No lesson shows this image."))
    for term in track.glossary:
        if TERM + term.key not in terms:
            yield finding(("glossary", term.key), "advice", N_("No lesson uses this term."))


def _module(module: Module, today: date) -> Iterator[Finding]:
    here = (module.key,)
    taught = {key for lesson in module.lessons for key in lesson.objectives}
    assessed = Counter(question.objective for question in module.questions)
    for objective in module.objectives:
        where = (*here, "objective", objective.key)
        if objective.key not in taught:
            yield finding(where, "blocking", N_("No lesson works towards this objective."))
        if not assessed[objective.key]:
            yield finding(where, "blocking", N_("No question assesses this objective."))
        elif assessed[objective.key] < 2:
            yield finding(
                where, "advice", N_("A single question assesses this objective: a second attempt meets it again.")
            )
    if len(module.questions) < BANK:
        message = N_("The bank holds %(count)s questions; with %(least)s a second attempt differs from the first.")
        yield finding((*here, "question"), "advice", message, count=len(module.questions), least=BANK)
    missing = [str(level) for level in _DIFFICULTIES if level not in {each.difficulty for each in module.questions}]
    if module.questions and missing:
        message = N_("No question is of difficulty %(levels)s.")
        yield finding((*here, "question"), "advice", message, levels=", ".join(missing))
    yield from _duration(module)
    for source in module.sources:
        yield from _source(here, source, today)
    for lesson in module.lessons:
        yield from _lesson(here, lesson)
    yield from _bank(here, module)


def _duration(module: Module) -> Iterator[Finding]:
    counted = counted_minutes(module.quiz, (lesson.minutes for lesson in module.lessons))
    if counted > module.duration_minutes:
        message = N_("Lessons and assessment take %(counted)s minutes, more than the %(declared)s declared.")
        where = (module.key, "duration_minutes")
        yield finding(where, "advice", message, counted=counted, declared=module.duration_minutes)


def counted_minutes(quiz: QuizRules | None, lessons: Iterable[int]) -> int:
    """What lessons of so many minutes and an assessment take, in minutes."""
    return round(sum(lessons) + (QUESTION_MINUTES * quiz.questions if quiz else 0))


def _lesson(here: tuple[str, ...], lesson: Lesson) -> Iterator[Finding]:
    where = (*here, "lesson", lesson.key)
    for language in LANGUAGES:
        text = lesson.texts.get(language)
        if text is None:
            yield finding((*where, language), "blocking", N_("The lesson is not written in this language."))
            continue
        read = reading_minutes(text)
        low, high = (round(read * share) for share in MINUTES)
        if not low <= lesson.minutes <= max(high, 5):
            message = N_("%(declared)s minutes are declared; reading takes %(read)s at %(pace)s words a minute.")
            yield finding(
                (*where, language),
                "advice",
                message,
                declared=lesson.minutes,
                read=max(1, round(read)),
                pace=WORDS_A_MINUTE,
            )
        easy = ease(text.body, language)
        if easy is not None and easy < EASE:
            message = N_("Hard to read: %(ease)s on a scale of 100, where %(least)s is already demanding.")
            yield finding((*where, language), "advice", message, ease=round(easy), least=round(EASE))
        share, longest = long_sentences(text.body)
        if share > LONG_SHARE:
            message = N_("%(share)s %% of the sentences are long; the longest begins « %(begins)s ».")
            yield finding((*where, language), "advice", message, share=round(share * 100), begins=longest[:60])
        if "::: situation" not in text.body:
            yield finding((*where, language), "advice", N_("The lesson does not open with a situation."))
        if "::: plain" not in text.body:
            yield finding((*where, language), "advice", N_("The lesson does not close in plain language."))
    if all(language in lesson.texts for language in LANGUAGES):
        for message, count, other in differences(lesson.texts["en"].body, lesson.texts["fr"].body):
            yield finding((*where, "en"), "advice", message, count=count, other=other)


def _source(here: tuple[str, ...], source: Source, today: date) -> Iterator[Finding]:
    where = (*here, "source", source.key)
    if source.mark == "M":
        yield finding(where, "advice", N_("This source is still to be checked."))
    yield from _age(where, source.checked_on, today)


def _age(where: tuple[str, ...], checked_on: str | None, today: date) -> Iterator[Finding]:
    if checked_on and not fresh(checked_on, today):
        yield finding(where, "advice", N_("Checked more than a year ago: %(on)s."), on=checked_on)


def _links(track: Track) -> Iterator[Finding]:
    """Addresses that cannot lead anywhere. Whether the others answer, « lms track links » asks on purpose."""
    for link in links(track):
        if not well_formed(link.url):
            yield finding(link.path, "advice", N_("This address leads nowhere: « %(url)s »."), url=link.url[:100])


def fresh(checked_on: str, today: date) -> bool:
    """Whether a check made then need not be made again yet."""
    return (today - first_day(checked_on)).days <= FRESH_DAYS


def first_day(iso: str) -> date:
    """The first day of an ISO year, month or day."""
    year, month, day = [*map(int, iso.split("-")), 1, 1][:3]
    return date(year, month, day)


def _bank(here: tuple[str, ...], module: Module) -> Iterator[Finding]:
    stems = Counter(stem for question in module.questions for stem in set(question.stem.values()) if stem)
    for question in module.questions:
        where = (*here, "question", question.key)
        yield from question_findings(where, question)
        if any(stems[stem] > 1 for stem in question.stem.values()):
            yield finding(where, "advice", N_("Another question has the same wording."))


def blocking(found: list[Finding]) -> list[Finding]:
    """What keeps a track from being published."""
    return [each for each in found if each.weight == "blocking"]
