"""Each thing that keeps a track from being published, or would make it better, is found, with its place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from curricula.load import load_track
from curricula.model import Criterion, Module, Objective, Option, Question, Reading, Track
from curricula.quality import blocking, findings, first_day, refused_strictly
from curricula.registry import shipped_tracks
from tests.curricula.samples import write_track

TODAY = date(2026, 11, 26)
Change = Callable[[Module], Module]


@pytest.fixture
def track(tmp_path: Path) -> Track:
    return load_track(write_track(tmp_path))


def messages(track: Track) -> set[str]:
    return {str(found) for found in findings(track, TODAY)}


def changed(track: Track, change: Change) -> Track:
    first = next(module for module in track.modules if module.published)
    return replace(track, modules=tuple(change(each) if each is first else each for each in track.modules))


def question(module: Module, **more: object) -> Module:
    """The module with its first question changed."""
    return replace(module, questions=(replace(module.questions[0], **more), *module.questions[1:]))  # type: ignore[arg-type]


def option(module: Module, **more: object) -> Module:
    """The same for the first wrong option of that question."""
    first = module.questions[0]
    wrong = next(each for each in first.options if not each.correct)
    told = tuple(replace(each, **more) if each is wrong else each for each in first.options)  # type: ignore[arg-type]
    return question(module, options=told)


def body(module: Module, text: str) -> Module:
    """The module with the first lesson's French text."""
    lesson = module.lessons[0]
    texts = {**lesson.texts, "fr": replace(lesson.texts["fr"], body=text)}
    return replace(module, lessons=(replace(lesson, texts=texts), *module.lessons[1:]))


def without(module: Module, language: str) -> Module:
    lesson = module.lessons[0]
    texts = {key: text for key, text in lesson.texts.items() if key != language}
    return replace(module, lessons=(replace(lesson, texts=texts), *module.lessons[1:]))


def longest_right(module: Module) -> Module:
    told = tuple(
        replace(each, text={"fr": "x" * (90 if each.correct else 20), "en": "x"})
        for each in module.questions[0].options
    )
    return question(module, options=told)


def alike(module: Module) -> Module:
    told = tuple(replace(each, text={"fr": "x", "en": "y"}) for each in module.questions[0].options)
    return question(module, options=told)


def bank(module: Module, right: list[int], longest: int = 0) -> Module:
    """Questions of three options with the right one there, in the first ``longest`` of them longer than the others."""
    made = []
    for number, place in enumerate(right):
        said = "plus long" if number < longest else "court"
        options = tuple(
            Option(key, {"fr": said if at == place else f"court{at}", "en": "x" * (at + 1)}, {"fr": "x", "en": "x"},
                   correct=at == place)
            for at, key in enumerate("abc")
        )  # fmt: skip
        made.append(replace(module.questions[0], key=f"q{number}", options=options))
    return replace(module, questions=tuple(made))


NEAR = "Un préfet veut résumer les courriers reçus avant de les orienter"
CASES: dict[str, tuple[Change, str]] = {
    "no lesson": (
        lambda m: replace(m, objectives=(*m.objectives, Objective("new", {"fr": "x", "en": "x"}))),
        "objective / new: No lesson works towards this objective.",
    ),
    "no question": (
        lambda m: replace(m, objectives=(*m.objectives, Objective("new", {"fr": "x", "en": "x"}))),
        "objective / new: No question assesses this objective.",
    ),
    "language": (lambda m: without(m, "en"), "/ en: The lesson is not written in this language."),
    "stem": (lambda m: question(m, stem={"fr": "x"}), "/ stem / en: The question is not written in this language."),
    "option": (lambda m: option(m, text={"en": "x"}), "/ text / fr: The option is not written in this language."),
    "feedback": (
        lambda m: option(m, feedback={"fr": "x", "en": ""}),
        "/ feedback / en: Nothing is said to whoever chooses this option.",
    ),
    "twice": (alike, ": Two options say the same."),
    "misconception": (lambda m: option(m, misconception=""), ": Say which misconception this option stands for."),
    "giveaway": (longest_right, "/ fr: The right option is much longer than the others: it shows."),
    "wording": (
        lambda m: replace(m, questions=(*m.questions, replace(m.questions[0], key="again"))),
        "question / again: Another question has the same wording.",
    ),
    "difficulty": (
        lambda m: replace(m, questions=tuple(replace(each, difficulty=2) for each in m.questions)),
        "question: No question is of difficulty 1, 3.",
    ),
    "old": (
        lambda m: replace(m, sources=(replace(m.sources[0], checked_on="2025-10"), *m.sources[1:])),
        ": Checked more than a year ago: 2025-10.",
    ),
    "to check": (
        lambda m: replace(m, sources=(replace(m.sources[0], mark="M"), *m.sources[1:])),
        ": This source is still to be checked.",
    ),
    "minutes": (
        lambda m: replace(m, lessons=(replace(m.lessons[0], minutes=200), *m.lessons[1:])),
        "/ fr: 200 minutes are declared; reading and exercises take 1.",
    ),
    "total": (lambda m: replace(m, duration_minutes=1), "workshop take 27 minutes; 1 are declared."),
    "long": (
        lambda m: body(m, "::: situation\nLe service " + "examine une à une les demandes " * 7 + "du jour.\n:::\n"),
        "/ fr: 100 % of the sentences are long; the longest begins « Le service examine une à une",
    ),
    "hard": (
        lambda m: body(m, "L’opérationnalisation interministérielle des réglementations administratives. " * 15),
        "/ fr: Hard to read:",
    ),
    "average": (
        lambda m: body(m, "Le service examine une à une, " * 4 + "les demandes du jour.\n"),
        "/ fr: A sentence has 28 words on average; keep under 20.",
    ),
    "nearly": (
        lambda m: replace(
            question(m, stem=dict.fromkeys(("fr", "en"), NEAR)),
            questions=(
                *question(m, stem=dict.fromkeys(("fr", "en"), NEAR)).questions,
                replace(m.questions[0], key="again", stem=dict.fromkeys(("fr", "en"), NEAR + " encore")),
            ),
        ),
        "question / again: It is nearly the same question as « m1-q1 ».",
    ),
    "always at one place": (
        lambda m: bank(m, [0] * 4 + [1, 2]),
        "question: The right option of 4 of 6 questions is number 1: a guess pays.",
    ),
    "always the longest": (
        lambda m: bank(m, [0, 1, 2] * 2, longest=3),
        "question / fr: The right option of 3 of 6 questions is the longest: a guess pays.",
    ),
    "exam": (
        lambda m: replace(m, quiz=replace(m.quiz, minutes=30)),  # type: ignore[type-var]
        "question: The bank holds 2 questions; with 24 a second attempt differs from the first.",
    ),
    "source unused": (
        lambda m: replace(m, sources=(*m.sources, replace(m.sources[0], key="other"))),
        "source / other: No lesson and no question uses this source.",
    ),
    "no law": (lambda m: replace(m, legal=()), "m1 / legal: The module names no text of law."),
    "words": (lambda m: body(m, "mot " * 4_100), "m1 / fr: Its lessons read 4100 words; keep between 2500 and 4000."),
    "lessons": (
        lambda m: replace(m, lessons=tuple(replace(m.lessons[0], key=f"l{n}") for n in range(7))),
        "m1: The module has 7 lessons; 4 to 6 make an hour or two of it.",
    ),
    "reading": (
        lambda m: replace(m, reading=(Reading("r", {"fr": "R", "en": "R"}, "V", "2024"),)),
        "reading / r: Checked more than a year ago: 2024.",
    ),
    "situation": (lambda m: body(m, "Texte.\n"), "/ fr: The lesson does not open with a situation."),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_weakness_is_found(track: Track, name: str) -> None:
    change, said = CASES[name]
    before, after = messages(track), messages(changed(track, change))
    assert any(said in message for message in after - before), after - before


def test_a_lesson_that_does_not_close_in_plain_language_is_said(track: Track) -> None:
    said = ("m1 / lesson / first / fr: The lesson does not close in plain language.",)
    assert said[0] in messages(track)
    closed = changed(track, lambda m: body(m, m.lessons[0].texts["fr"].body + "\n::: plain\nEn clair.\n:::\n"))
    assert said[0] not in messages(closed)


def test_a_small_bank_and_a_lonely_question_are_said(track: Track) -> None:
    said = "\n".join(messages(track))
    assert "with 12 a second attempt differs from the first" in said


def test_law_that_was_not_looked_at_for_a_year_is_said(track: Track) -> None:
    old = replace(track, legal=tuple(replace(each, checked_on="2025") for each in track.legal))
    assert f"legal / {track.legal[0].key}: Checked more than a year ago: 2025." in messages(old)


def test_an_option_that_reads_alike_in_both_languages_is_not_said_twice(track: Track) -> None:
    def numbers(module: Module) -> Module:
        options: Question = module.questions[0]
        told = tuple(replace(each, text={"fr": str(n), "en": str(n)}) for n, each in enumerate(options.options))
        return question(module, options=told)

    assert not any("Two options say the same" in message for message in messages(changed(track, numbers)))


def test_a_work_may_be_asked_again(track: Track) -> None:
    """One question on an objective is met again at a second attempt; a work that a person marks is then another."""
    message = "m1 / objective / m1-o1: A single question assesses this objective: a second attempt meets it again."
    assert message in messages(track)
    rubric = (Criterion("c", {"fr": "x", "en": "x"}, 1, ()),)
    assert message not in messages(changed(track, lambda m: question(m, criteria=rubric)))


def test_what_time_brings_is_refused_by_nobody(track: Track) -> None:
    found = findings(track, TODAY)
    reminders = [each for each in found if each.weight == "reminder"]
    assert [str(each) for each in reminders] == ["m1 / source / to-check: This source is still to be checked."]
    assert [each for each in found if each not in refused_strictly(found)] == reminders
    later = [str(each) for each in findings(track, date(2028, 1, 1)) if each.weight == "reminder"]
    assert "m1 / source / white-paper: Checked more than a year ago: 2026-11." in later


def test_what_is_blocking_comes_first(track: Track) -> None:
    found = findings(changed(track, lambda m: question(m, stem={"fr": "x"})), TODAY)
    weights = [each.weight for each in found]
    assert weights == sorted(weights, key=("blocking", "advice", "reminder").index)
    assert len(blocking(found)) == weights.count("blocking") > 0


@pytest.mark.parametrize("key", shipped_tracks())
def test_nothing_keeps_a_shipped_track_from_being_published(key: str) -> None:
    assert blocking(findings(shipped_tracks()[key], TODAY)) == []


@pytest.mark.parametrize(
    ("iso", "day"), [("2025", date(2025, 1, 1)), ("2025-10", date(2025, 10, 1)), ("2025-10-09", date(2025, 10, 9))]
)
def test_a_date_begins_on_its_first_day(iso: str, day: date) -> None:
    assert first_day(iso) == day
