"""What is shipped keeps what docs/curriculum-format.md and the tracks promise, in both languages."""

import re
from collections import Counter
from pathlib import Path

import pytest

from assessments.registry import anatomies
from curricula.load import load_track
from curricula.model import LANGUAGES, Lesson, Module, Question
from curricula.registry import discover, shipped_tracks
from curricula.render import render, render_inline

TRACKS = list(shipped_tracks().values())
MODULES = [module for track in TRACKS for module in track.published_modules]
LESSONS = [(module, lesson) for module in MODULES for lesson in module.lessons]
QUESTIONS = [(module, question) for module in MODULES for question in module.questions]


@pytest.mark.parametrize("folder", discover(), ids=lambda folder: folder.name)
def test_a_shipped_track_has_no_problem(folder: Path) -> None:
    assert load_track(folder, anatomies()).key == folder.name


def test_the_decision_makers_follow_two_modules_towards_a_certificate() -> None:
    track = shipped_tracks()["decideurs"]
    assert {"d1", "d2"} <= {module.key for module in track.published_modules}
    assert track.certificate is not None
    assert set(track.certificate.modules) >= {"d1", "d2"}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_a_published_module_has_four_to_six_lessons(module: Module) -> None:
    assert 4 <= len(module.lessons) <= 6


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_a_published_module_reads_2500_to_4000_words(module: Module, language: str) -> None:
    assert 2_500 <= sum(lesson.texts[language].words for lesson in module.lessons) <= 4_000


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_lessons_fit_in_the_declared_duration(module: Module) -> None:
    assert sum(lesson.minutes for lesson in module.lessons) <= module.duration_minutes


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_a_bank_has_twelve_questions_and_assesses_every_objective(module: Module) -> None:
    assert len(module.questions) >= 12
    assert {question.objective for question in module.questions} == {objective.key for objective in module.objectives}
    taught = {key for lesson in module.lessons for key in lesson.objectives}
    assert taught == {objective.key for objective in module.objectives}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_a_module_names_dated_sources_and_law(module: Module) -> None:
    used = {key for lesson in module.lessons for key in lesson.sources} | {q.source for q in module.questions}
    assert used <= {source.key for source in module.sources}
    assert all(source.checked_on or source.mark == "M" for source in module.sources)
    assert module.legal
    assert any("::: case" in lesson.texts["fr"].body for lesson in module.lessons), "a worked case"


@pytest.mark.parametrize(("module", "question"), QUESTIONS, ids=lambda value: value.key)
def test_every_option_teaches_in_both_languages(module: Module, question: Question) -> None:
    for option in question.options:
        for language in LANGUAGES:
            assert len(option.feedback[language].split()) >= 3, option.key
        assert option.correct or option.misconception, "a wrong option says what it stands for"
    for language in LANGUAGES:
        texts = [option.text[language] for option in question.options]
        assert len(set(texts)) == len(texts), "two options read the same"
        assert len({option.feedback[language] for option in question.options}) == len(texts)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_the_right_answer_is_not_always_at_one_place(module: Module) -> None:
    places = Counter(
        next(i for i, option in enumerate(question.options) if option.correct)
        for question in module.questions
        if question.type == "single"
    )
    assert max(places.values()) < places.total()


def shape(lesson: Lesson, language: str) -> list[str]:
    """The headings' levels, blocks, table rows and list items of a lesson, in order."""
    marks = re.compile(r"^[ ]*(#+|:{3,} *\w*|\||-|\d+\.)(?=\s|\w|$)", re.MULTILINE)
    return [re.sub(r"\d+", "1", mark) for mark in marks.findall(lesson.texts[language].body)]


@pytest.mark.parametrize(("module", "lesson"), LESSONS, ids=lambda value: value.key)
def test_both_languages_of_a_lesson_are_the_same_lesson(module: Module, lesson: Lesson) -> None:
    assert shape(lesson, "fr") == shape(lesson, "en")
    assert shape(lesson, "fr"), "a lesson has headings or blocks"
    assert len(lesson.texts["fr"].able) == len(lesson.texts["en"].able)
    words = {language: lesson.texts[language].words for language in LANGUAGES}
    assert 0.75 < words["en"] / words["fr"] < 1.33, words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("module", "lesson"), LESSONS, ids=lambda value: value.key)
def test_a_lesson_renders_whole(module: Module, lesson: Lesson, language: str) -> None:
    html = render(lesson.texts[language].body, language)
    assert ":::" not in html
    assert "<h1" not in html
    assert html.count("<section") == html.count("</section>")
    assert html.count("<details") == html.count("</details>")
    identities = re.findall(r'id="([^"]+)"', html)
    assert len(identities) == len(set(identities))
    if language == "fr":
        prose = re.sub(r"<code>.*?</code>|<[^>]*>", "", html, flags=re.DOTALL)
        assert not re.findall(r" [;!?»:](?=\s|$)|« ", prose), "an ordinary space before a double sign"


@pytest.mark.parametrize("language", LANGUAGES)
def test_stems_and_options_render_as_text(language: str) -> None:
    for _module, question in QUESTIONS:
        texts = [question.stem[language], *(option.text[language] for option in question.options)]
        for text in texts:
            html = render_inline(text, language)
            assert html.startswith("<"), text
            assert ":::" not in html
