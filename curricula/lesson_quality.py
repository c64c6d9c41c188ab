"""What would make a lesson, or a paper, better: its length, its sentences, how it opens and closes."""

from collections.abc import Iterator
from fractions import Fraction

from curricula.durations import lesson_minutes
from curricula.finding import Finding, finding
from curricula.model import LANGUAGES, Lesson, LessonText, Paper
from curricula.problems import N_
from curricula.reading import average_sentence, ease, long_sentences
from curricula.structure import differences

#: Least ease of a text (Flesch, 0 to 100), longest share of sentences that are long, words of a sentence on average.
EASE, LONG_SHARE, AVERAGE = 30.0, Fraction(1, 4), 20
#: How far declared minutes may be from what is counted: a share of it, or so many minutes.
FAR, FAR_MINUTES = Fraction(1, 4), Fraction(3)
#: Words that hold on the page to keep, tables and titles included.
ONE_PAGE = 380


def lesson_findings(here: tuple[str, ...], lesson: Lesson) -> Iterator[Finding]:
    """What is found in a lesson of the module ``here``."""
    where = (*here, "lesson", lesson.key)
    for language in LANGUAGES:
        text = lesson.texts.get(language)
        if text is None:
            yield finding((*where, language), "blocking", N_("The lesson is not written in this language."))
            continue
        yield from _minutes((*where, language), lesson.minutes, text)
        yield from _sentences((*where, language), text.body, language)
        if "::: situation" not in text.body:
            yield finding((*where, language), "advice", N_("The lesson does not open with a situation."))
        if "::: plain" not in text.body:
            yield finding((*where, language), "advice", N_("The lesson does not close in plain language."))
    if all(language in lesson.texts for language in LANGUAGES):
        yield from _alike(where, lesson.texts["en"].body, lesson.texts["fr"].body)


def paper_findings(here: tuple[str, ...], paper: Paper) -> Iterator[Finding]:
    """What is found in a paper of the module ``here``."""
    where = (*here, "paper", paper.kind)
    for language, text in paper.texts.items():
        if paper.kind == "memo" and text.words > ONE_PAGE:
            message = N_("The page to keep reads %(words)s words: more than %(most)s do not hold on one page.")
            yield finding((*where, language), "advice", message, words=text.words, most=ONE_PAGE)
    if all(language in paper.texts for language in LANGUAGES):
        yield from _alike(where, paper.texts["en"].body, paper.texts["fr"].body)


def _minutes(where: tuple[str, ...], declared: int, text: LessonText) -> Iterator[Finding]:
    counted = lesson_minutes(text)
    if abs(declared - counted) > max(FAR_MINUTES, counted * FAR):
        message = N_("%(declared)s minutes are declared; reading and exercises take %(counted)s.")
        yield finding(where, "advice", message, declared=declared, counted=max(1, round(counted)))


def _sentences(where: tuple[str, ...], body: str, language: str) -> Iterator[Finding]:
    easy = ease(body, language)
    if easy is not None and easy < EASE:
        message = N_("Hard to read: %(ease)s on a scale of 100, where %(least)s is already demanding.")
        yield finding(where, "advice", message, ease=round(easy), least=round(EASE))
    share, longest = long_sentences(body)
    if share > LONG_SHARE:
        message = N_("%(share)s %% of the sentences are long; the longest begins « %(begins)s ».")
        yield finding(where, "advice", message, share=round(share * 100), begins=longest[:60])
    average = average_sentence(body)
    if average >= AVERAGE:
        message = N_("A sentence has %(average)s words on average; keep under %(most)s.")
        yield finding(where, "advice", message, average=round(average), most=AVERAGE)


def _alike(where: tuple[str, ...], english: str, french: str) -> Iterator[Finding]:
    for message, count, other in differences(english, french):
        yield finding((*where, "en"), "advice", message, count=count, other=other)
