"""What is shipped keeps what docs/curriculum-format.md and the tracks promise, in both languages."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from assessments.registry import anatomies
from curricula.awards import JuryRule
from curricula.load import load_track
from curricula.model import LANGUAGES, Lesson, Module, Question, Track
from curricula.quality import findings, refused_strictly
from curricula.registry import discover, shipped_tracks
from curricula.render import render, render_inline

TRACKS = list(shipped_tracks().values())
MODULES = [module for track in TRACKS for module in track.published_modules]
LESSONS = [(module, lesson) for module in MODULES for lesson in module.lessons]
QUESTIONS = [(module, question) for module in MODULES for question in module.questions]


@pytest.mark.parametrize("folder", discover(), ids=lambda folder: folder.name)
def test_a_shipped_track_has_no_problem(folder: Path) -> None:
    assert load_track(folder, anatomies()).key == folder.name


@pytest.mark.parametrize("track", TRACKS, ids=lambda track: track.key)
def test_nothing_is_refused_of_it_strictly(track: Track) -> None:
    assert [str(each) for each in refused_strictly(findings(track, datetime.now(UTC).date()))] == []


def test_the_six_tracks_are_whole() -> None:
    assert {track.key: [module.key for module in track.published_modules] for track in TRACKS} == {
        "decideurs": [f"d{number}" for number in range(1, 8)],
        "agents": [f"a{number}" for number in range(1, 7)],
        "sante": [f"s{number}" for number in range(1, 5)],
        "justice": [f"j{number}" for number in range(1, 5)],
        "education": [f"e{number}" for number in range(1, 5)],
        "managers": [f"m{number}" for number in range(1, 8)],
    }


def test_they_last_what_the_field_says() -> None:
    """Hours of each track: the decision makers' project aside, the managers' file included."""
    hours = {track.key: Fraction(sum(module.duration_minutes for module in track.modules), 60) for track in TRACKS}
    project = shipped_tracks()["decideurs"].module("d7")
    assert project is not None
    hours["decideurs"] -= Fraction(project.duration_minutes, 60)
    assert hours == {
        "decideurs": 14, "agents": Fraction(21, 2), "sante": 7, "justice": 7, "education": 7, "managers": 24,
    }  # fmt: skip


def test_the_label_asks_what_the_white_paper_proposes() -> None:
    """Source: FIELD, « Label rule »."""
    label = shipped_tracks()["managers"].label
    assert label is not None
    assert (label.key, label.threshold, label.valid_months) == ("manager-public-ia", Fraction(7, 10), 36)
    assert label.modules == tuple(f"m{number}" for number in range(1, 7))
    assert label.jury == JuryRule("m7", 2)
    assert label.refresher is not None
    assert label.refresher.minutes == 180
    ways = [(way.award, (way.mention or {}).get("fr"), way.modules) for way in label.one_of]
    assert ways == [
        ("sante", "Santé", ()), ("justice", "Justice", ()), ("education", "Éducation", ()),
        (None, None, ("decideurs/d7",)),
    ]  # fmt: skip


def test_each_track_certifies_its_modules() -> None:
    rules = {track.key: track.certificate.modules for track in TRACKS if track.certificate}
    whole = {track.key: tuple(module.key for module in track.modules) for track in TRACKS}
    # The project and the professional file lead to the label, by a jury.
    assert rules == {**whole, "decideurs": whole["decideurs"][:-1], "managers": whole["managers"][:-1]}


@pytest.mark.parametrize("track", TRACKS, ids=lambda track: track.key)
def test_every_competency_of_a_track_is_worked_towards(track: Track) -> None:
    assert track.framework is not None
    assert len(track.glossary) >= 20
    for module in track.modules:
        assert all(objective.competency and objective.level for objective in module.objectives), module.key
        assert 4 <= len(module.objectives) <= 6, module.key


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_a_module_has_a_figure_papers_and_reading(module: Module) -> None:
    assert any(file.media == "image/svg+xml" for file in module.files)
    assert {"memo", "session"} <= {paper.kind for paper in module.papers}
    assert len(module.reading) >= 3
    assert len({question.type for question in module.questions}) >= 5
    assert any("::: case" in lesson.texts["fr"].body for lesson in module.lessons), "a worked case"


@pytest.mark.parametrize(("module", "lesson"), LESSONS, ids=lambda value: value.key)
def test_a_lesson_opens_with_a_situation_and_closes_by_recall_and_transfer(module: Module, lesson: Lesson) -> None:
    for text in lesson.texts.values():
        blocks = re.findall(r"^:{3,} *([a-z]+)", text.body, re.MULTILINE)
        assert blocks[0] == "situation"
        assert blocks[-2:] == ["transfer", "plain"]
        assert blocks.count("reveal") >= 3
        earlier = re.search(r"^:{3,} *reveal .*[Mm]odules? [A-Z]\d", text.body, re.MULTILINE)
        assert earlier or module.key in {"a1", "d1"}, "it recalls an earlier module"


def test_no_recommendation_that_the_white_paper_lacks_is_cited() -> None:
    """It announces 19 and numbers 17."""
    for module, text in texts():
        for listed in re.findall(r"[Rr]ecomm[ae]ndations? ((?:\d+(?:, | et | and | à | to )?)+)", text):
            assert all(1 <= int(number) <= 17 for number in re.findall(r"\d+", listed)), (module, listed)


def test_nobody_is_promised_conformity() -> None:
    """Training contributes to the evidence of it; that it guarantees it is said by wrong options alone."""
    for module in MODULES:
        for each in (*module.lessons, *module.papers):
            for text in each.texts.values():
                assert not re.search(r"garantit la conformité|(?<!not )guarantees? compliance", text.body), module.key


def texts() -> Iterator[tuple[str, str]]:
    """Every text that a learner or a trainer reads, with its module."""
    for module in MODULES:
        for lesson in module.lessons:
            yield from ((module.key, text.body) for text in lesson.texts.values())
        for paper in module.papers:
            yield from ((module.key, text.body) for text in paper.texts.values())
        for question in module.questions:
            yield from ((module.key, text) for text in question.stem.values())
            for option in question.options:
                yield from ((module.key, text) for text in (*option.text.values(), *option.feedback.values()))


@pytest.mark.parametrize(("module", "question"), QUESTIONS, ids=lambda value: value.key)
def test_every_option_teaches_in_both_languages(module: Module, question: Question) -> None:
    right_or_wrong = any(option.correct for option in question.options)
    for option in question.options:
        for language in LANGUAGES:
            assert len(option.feedback[language].split()) >= 5, option.key
        if right_or_wrong:
            assert option.correct or option.misconception, "a wrong option says what it stands for"
    for language in LANGUAGES:
        told = [option.feedback[language] for option in question.options]
        assert len(set(told)) == len(told), "two options are told the same"


def shape(lesson: Lesson, language: str) -> list[str]:
    """The headings' levels, blocks, table rows and list items of a lesson, in order."""
    marks = re.compile(r"^[ ]*(#+|:{3,} *\w*|\||-|\d+\.(?=\s))(?=\s|\w|$)", re.MULTILINE)
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
