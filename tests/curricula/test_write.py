"""What is written of a track is read back equal, and one content has one form."""

import tomllib
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.registry import anatomies
from curricula.folder import Folder
from curricula.load import load_track, track_of
from curricula.model import (
    Branch,
    CertificateRule,
    Competency,
    File,
    Framework,
    LegalReference,
    Lesson,
    LessonText,
    Level,
    Module,
    Objective,
    Option,
    Question,
    QuizRules,
    Source,
    Term,
    Track,
)
from curricula.registry import discover
from curricula.write import folder_of, toml
from tests.image_samples import PNG

#: Texts as the format keeps them: not empty, without space around.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=160).map(str.strip).filter(bool)
LINE = TEXT.filter(lambda text: len(text.splitlines()) == 1)
BOTH = st.fixed_dictionaries({"fr": TEXT, "en": TEXT})
KEY = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
DAY = st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1))
MONTH = st.sampled_from(["2025", "2026-11", "2026-11-20"])
RECOMMENDATIONS = st.lists(st.integers(1, 17), max_size=3).map(tuple)
PARAGRAPH = st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), min_size=1, max_size=60)


def body() -> st.SearchStrategy[str]:
    """A lesson's text, as the format keeps it: one end of line at its end, none of Windows."""
    return st.lists(PARAGRAPH, min_size=1, max_size=4).map("\n\n".join).map(str.strip).filter(bool).map("{}\n".format)


def keyed(strategy: st.SearchStrategy[object], least: int, most: int) -> st.SearchStrategy[list[object]]:
    return st.lists(strategy, min_size=least, max_size=most, unique_by=lambda each: each.key)  # type: ignore[attr-defined]


LEGAL = st.builds(LegalReference, KEY, TEXT, BOTH, TEXT, MONTH, TEXT, DAY, DAY, st.none() | BOTH)
SOURCE = st.builds(Source, KEY, BOTH, st.sampled_from(["W", "V", "M"]), MONTH, st.none() | MONTH, st.none() | TEXT)
TERM = st.builds(Term, KEY, BOTH, BOTH)
NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}\.[a-z]{3}", fullmatch=True)
FILE = st.builds(File, NAME, st.just("image/png"), st.binary(max_size=20).map(PNG.__add__))
FILES = st.lists(FILE, max_size=2, unique_by=lambda file: file.name).map(
    lambda files: tuple(sorted(files, key=lambda file: file.name))
)
BRANCH = st.builds(Branch, KEY, BOTH, st.none() | BOTH)
OPTION = st.builds(Option, KEY, BOTH, BOTH, st.just(False), st.just("") | TEXT)


@st.composite
def questions(draw: st.DrawFn, objectives: list[str], sources: list[str]) -> tuple[Question, ...]:
    """A bank that assesses every objective."""
    found = []
    for number, objective in enumerate(objectives):
        options = draw(keyed(OPTION, 2, 4))
        right = draw(st.integers(0, len(options) - 1))
        told = tuple(replace(each, correct=place == right) for place, each in enumerate(options))  # type: ignore[type-var]
        stem, source = draw(BOTH), draw(st.sampled_from(sources))
        kind = draw(st.sampled_from(["single", "multiple"]))
        found.append(Question(f"q{number}", kind, objective, draw(st.integers(1, 3)), source, stem, told))  # type: ignore[arg-type]
    return tuple(found)


@st.composite
def lessons(draw: st.DrawFn, objectives: list[str], sources: list[str]) -> tuple[Lesson, ...]:
    found = []
    for number, key in enumerate(draw(st.lists(KEY, min_size=1, max_size=2, unique=True)), start=1):
        able = st.lists(TEXT, min_size=2, max_size=4).map(tuple)
        texts = {language: LessonText(draw(TEXT), draw(able), draw(body())) for language in ("fr", "en")}
        about = (
            draw(st.lists(st.sampled_from(objectives), max_size=2)),
            draw(st.lists(st.sampled_from(sources), max_size=2)),
        )
        found.append(Lesson(key, number, draw(st.integers(1, 240)), tuple(about[0]), tuple(about[1]), texts))
    return tuple(found)


@st.composite
def modules(draw: st.DrawFn, key: str, order: int, legal: list[str]) -> Module:
    """A module; one in three or so is only announced."""
    said = {
        "key": key, "code": draw(TEXT), "order": order, "title": draw(BOTH), "summary": draw(BOTH),
        "duration_minutes": draw(st.integers(0, 6000)), "recommendations": draw(RECOMMENDATIONS),
        "legal": tuple(draw(st.lists(st.sampled_from(legal), max_size=2))) if legal else (),
    }  # fmt: skip
    objectives = draw(keyed(st.builds(Objective, KEY, BOTH), 1, 3))
    sources = draw(keyed(SOURCE, 1, 2))
    whole = {"objectives": tuple(objectives), "sources": tuple(sources), "files": draw(FILES)}
    if draw(st.integers(0, 2)) == 0:
        return Module(status="planned", **said, **whole)  # type: ignore[arg-type]
    names = [each.key for each in objectives], [each.key for each in sources]  # type: ignore[attr-defined]
    bank = draw(questions(*names))
    quiz = QuizRules(
        draw(st.integers(1, len(bank))), Fraction(draw(st.integers(1, 100)), 100), draw(st.integers(0, 99)), 30
    )
    return Module(status="published", lessons=draw(lessons(*names)), quiz=quiz, questions=bank, **said, **whole)  # type: ignore[arg-type]


@st.composite
def frameworks(draw: st.DrawFn) -> Framework:
    found = []
    for key in draw(st.lists(KEY, min_size=1, max_size=2, unique=True)):
        levels = tuple(Level(number, draw(BOTH)) for number in range(1, draw(st.integers(2, 4))))
        found.append(Competency(key, draw(BOTH), levels))
    return Framework(draw(KEY), draw(TEXT), draw(BOTH), tuple(found))


def working_towards(draw: st.DrawFn, module: Module, framework: Framework | None) -> Module:
    """The module, some of its objectives reaching levels of the framework."""
    if framework is None:
        return module
    levels = [(competency.key, level.number) for competency in framework.competencies for level in competency.levels]
    reached = (draw(st.sampled_from([(None, None), *levels])) for _ in module.objectives)
    objectives = (
        replace(each, competency=key, level=level)
        for each, (key, level) in zip(module.objectives, reached, strict=True)
    )
    return replace(module, objectives=tuple(objectives))


def ordered(draw: st.DrawFn, found: list[Module], branches: list[object]) -> tuple[Module, ...]:
    """The modules, some in branches, in the order they are followed; each may wait for some before it."""
    names = [None, *(each.key for each in branches)]  # type: ignore[attr-defined]
    placed = sorted(
        (replace(each, branch=draw(st.sampled_from(names))) for each in found),
        key=lambda each: names.index(each.branch),
    )
    whole: list[Module] = []
    for each in placed:
        ready = [one.key for one in whole if one.published and one.branch in (None, each.branch)]
        requires = draw(st.lists(st.sampled_from(ready), max_size=2, unique=True)) if ready else []
        whole.append(replace(each, requires=tuple(requires)))
    return tuple(whole)


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    """Any track that may be published."""
    legal = draw(keyed(LEGAL, 0, 2))
    names = [each.key for each in legal]  # type: ignore[attr-defined]
    keys = draw(st.lists(KEY, min_size=1, max_size=3, unique=True))
    branches, framework = draw(keyed(BRANCH, 0, 2)), draw(st.none() | frameworks())
    found = [draw(modules(key, order, names)) for order, key in enumerate(keys, start=1)]
    whole = ordered(draw, [working_towards(draw, each, framework) for each in found], branches)
    ready = [module.key for module in whole if module.published]
    rule = CertificateRule(
        draw(BOTH), tuple(ready), Fraction(7, 10), draw(st.none() | st.integers(1, 240)),
        draw(st.integers(0, len(branches))),
    )  # fmt: skip
    return Track(
        key=draw(KEY), code=draw(TEXT), version=draw(TEXT), title=draw(BOTH), promise=draw(BOTH), audience=draw(BOTH),
        licence=draw(TEXT), languages=("fr", "en"), recommendations=draw(RECOMMENDATIONS), modules=whole,
        certificate=rule if ready else None, legal=tuple(legal), branches=tuple(branches),
        requires=tuple(draw(st.lists(KEY.map("x-{}".format), max_size=2))), framework=framework,
        glossary=tuple(draw(st.lists(TERM, max_size=2, unique_by=lambda term: term.key))),
    )  # fmt: skip


@given(tracks())
def test_what_is_written_is_read_back_equal(track: Track) -> None:
    folder = folder_of(track)
    again = track_of(folder, anatomies())
    assert again == track
    assert folder_of(again) == folder


@given(TEXT | st.text(st.sampled_from('"\\\n\t\r\x7fn u'), max_size=12))
def test_any_text_is_one_string(text: str) -> None:
    read = tomllib.loads(f"value = {toml(text)}")["value"]
    assert read == text


@pytest.mark.parametrize("path", discover(), ids=lambda path: path.name)
def test_the_shipped_tracks_are_in_that_form(path: Path) -> None:
    assert folder_of(load_track(path)) == Folder.read(path)


def test_a_folder_is_written_to_a_disk_and_read_again(tmp_path: Path) -> None:
    folder = Folder.read(discover()[0])
    written = folder.write(tmp_path)
    assert Folder.read(written) == folder
    with pytest.raises(FileExistsError):
        folder.write(tmp_path)
