"""A folder becomes a track; nothing is lost, nothing is half read."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from curricula.folder import Folder
from curricula.load import load_track
from curricula.problems import CurriculumError, Problem


def test_a_folder_becomes_a_track(folder: Path) -> None:
    track = load_track(folder)
    assert (track.key, track.code, track.version, track.licence) == ("mini", "M", "2026.1", "CC-BY-SA-4.0")
    assert track.title == {"fr": "Petit parcours", "en": "Small track"}
    assert track.languages == ("fr", "en")
    assert track.recommendations == (1, 17)
    assert [module.key for module in track.modules] == ["m1", "m2"]
    assert [module.key for module in track.published_modules] == ["m1"]
    assert track.duration_minutes == 60, "a planned module does not count"


def test_the_certificate_is_data(folder: Path) -> None:
    rule = load_track(folder).certificate
    assert rule is not None
    assert (rule.modules, rule.threshold, rule.valid_months) == (("m1",), Fraction(1, 2), 36)


def test_legal_references_keep_their_dates(folder: Path) -> None:
    (reference,) = load_track(folder).legal
    assert (reference.key, reference.in_force_from, reference.in_force_to) == ("ai-act-4", date(2025, 2, 2), None)
    assert (reference.version, reference.checked_on, reference.note) == ("2024-07-12", "2026-11", None)


def test_a_module_holds_lessons_sources_rules_and_questions(folder: Path) -> None:
    module = load_track(folder).module("m1")
    assert module is not None
    assert module.quiz is not None
    assert (module.quiz.questions, module.quiz.threshold, module.quiz.attempts) == (2, Fraction(1, 2), 3)
    lesson = module.lesson("first")
    assert lesson is not None
    assert (lesson.order, lesson.minutes, lesson.objectives) == (1, 20, ("m1-o1", "m1-o2"))
    assert lesson.texts["fr"].title == "Première leçon"
    assert lesson.texts["en"].able == ("spot", "choose")
    assert lesson.texts["fr"].body.startswith("::: situation\n")
    question = module.question("m1-q1")
    assert question is not None
    assert question.stem == {"fr": "Que faire ?", "en": "What is to be done?"}
    assert [(option.key, option.correct) for option in question.options] == [("a", True), ("b", False)]
    assert question.options[1].misconception == "haste"
    source = module.source("to-check")
    assert source is not None
    assert (source.mark, source.checked_on) == ("M", None)
    assert (module.lesson("none"), module.question("none"), module.source("none")) == (None, None, None)


def test_words_count_the_text_and_not_its_marks(folder: Path) -> None:
    module = load_track(folder).module("m1")
    assert module is not None
    # situation, Mme, R., lit, une, note, Une, idée, Le, texte, une, règle
    assert module.lessons[0].texts["fr"].words == 12


def test_modules_come_in_their_order(folder: Path) -> None:
    for name, order in (("m1", "order = 1"), ("m2", "order = 2")):
        path = folder / name / "module.toml"
        path.write_text(path.read_text("utf-8").replace(order, f"order = {9 - int(order[-1])}"), "utf-8")
    assert [module.key for module in load_track(folder).modules] == ["m2", "m1"]


@pytest.mark.parametrize("change", ["windows line ends", "byte order mark"])
def test_files_of_a_windows_editor_are_read(folder: Path, change: str) -> None:
    expected = load_track(folder)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        raw = path.read_bytes()
        path.write_bytes(raw.replace(b"\n", b"\r\n") if "line" in change else b"\xef\xbb\xbf" + raw)
    assert load_track(folder) == expected


def test_a_track_is_read_from_inside_its_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert load_track(Path()).key == "mini"


def test_every_problem_is_told_at_once(folder: Path) -> None:
    (folder / "m1" / "module.toml").write_text('key = "m1"\ncode = = 2\n', "utf-8")
    track = (folder / "track.toml").read_text("utf-8")
    (folder / "track.toml").write_text(track.replace("threshold = 50", "threshold = 500"), "utf-8")
    (folder / "m2" / "module.toml").write_bytes(b'key = "m2"\ncode = "\xe9"\n')
    with pytest.raises(CurriculumError) as refused:
        load_track(folder)
    assert [(problem.file, problem.line) for problem in refused.value.problems] == [
        ("mini/m1/module.toml", 2),
        ("mini/m2/module.toml", 2),
        ("mini/track.toml", 14),
    ]


def test_a_folder_without_track_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(CurriculumError) as refused:
        load_track(tmp_path / "empty")
    assert refused.value.problems == [
        Problem("empty/track.toml", 0, "This file is missing.", "Create it (see the format).")
    ]


def test_the_digest_names_the_content_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    before = Folder.read(folder).digest
    assert load_track(folder).digest == before
    moved = folder.rename(tmp_path / "elsewhere")
    assert Folder.read(moved).digest == before
    lesson = moved / "m1" / "01-first.fr.md"
    lesson.write_text(lesson.read_text("utf-8") + "\nUn mot.\n", "utf-8")
    changed = Folder.read(moved).digest
    assert changed != before
    lesson.rename(lesson.with_name("01-renamed.fr.md"))
    assert Folder.read(moved).digest != changed
