"""``lms bank``: questions come from a file of another tool, and go there."""

from pathlib import Path

import pytest

from curricula.exchange.registry import formats
from curricula.load import load_track
from tests.cli.conftest import Run
from tests.tracks_in_test import FOLDER as TRACKS

GIFT = """// [tag:difficulty:3]
::Courriers::Un modèle résume les courriers. Que vérifiez-vous ?{
=Les chiffres du résumé#Oui : un résumé peut altérer un nombre.
~Rien#Un résumé n'est pas une copie.
}

::Ouverte::Que feriez-vous ?{}
"""


def test_formats_are_listed(run: Run) -> None:
    said = run("bank", "formats")
    assert said.status == 0
    assert [line.split()[0] for line in said.out.splitlines()] == list(formats())


def test_questions_join_a_bank_and_what_was_left_out_is_said(run: Run, tmp_path: Path) -> None:
    assert run("track", "export", "decideurs", "out").status == 0
    bank = tmp_path / "out" / "decideurs" / "d1" / "questions.toml"
    before = bank.read_text()
    (tmp_path / "quiz.gift").write_text(GIFT)
    said = run("bank", "import", "quiz.gift", str(bank), "--objective", "d1-o1", "--source", "llm-basics")
    assert said.status == 0, said.err
    assert said.out.endswith("1 questions added, 16 in all.\n")
    assert "Ouverte" in said.err
    assert bank.read_text().startswith(before.rstrip() + '\n\n[[questions]]\nkey = "courriers"\n')
    # Only its translation is left to write.
    left = run("track", "validate", "out").err.splitlines()
    assert left
    assert all("has no text in en" in line for line in left[:-1]), left


def test_the_same_file_twice_makes_other_keys(run: Run, tmp_path: Path) -> None:
    (tmp_path / "quiz.gift").write_text(GIFT)
    for count in (1, 2):
        assert run("bank", "import", "quiz.gift", "bank.toml").out == f"bank.toml: 1 questions added, {count} in all.\n"
    assert 'key = "courriers-2"' in (tmp_path / "bank.toml").read_text()


@pytest.mark.parametrize("key", [key for key, each in formats().items() if each.read and each.write])
def test_a_shipped_bank_comes_back_from_each_format(run: Run, tmp_path: Path, key: str) -> None:
    file = f"bank{formats()[key].suffixes[0]}"
    bank = TRACKS / "decideurs" / "d1" / "questions.toml"
    given = run("bank", "export", str(bank), file, "--format", key, "--language", "fr")
    assert given.status == 0, given.err
    # Moodle's tags are short: the longest misconceptions are noted, and nothing else anywhere.
    assert all("Moodle shortens tags" in line for line in given.err.splitlines()), given.err
    taken = run("bank", "import", file, "again.toml", "--format", key, "--language", "fr")
    assert (taken.status, taken.err) == (0, ""), taken.err
    module = load_track(TRACKS / "decideurs").module("d1")
    assert module is not None
    count = len(module.questions)
    assert taken.out == f"again.toml: {count} questions added, {count} in all.\n"
    again = (tmp_path / "again.toml").read_text()
    for question in module.questions:
        assert f'key = "{question.key}"' in again


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("quiz.xml", b"<!DOCTYPE q [<!ENTITY x 'y'>]><quiz>&x;</quiz>", "entities"),
        ("quiz.xml", b"<quiz>", "XML"),
        ("quiz.zip", b"not a zip", "XML"),
        ("quiz.imscc", b"not a zip", "ZIP"),
        ("quiz.gift", b"\xff\xfe\x00", "text"),
        ("quiz.doc", b"", "No format known here"),
        ("quiz.gift", b"", "no question"),
    ],
)
def test_what_cannot_be_read_changes_nothing(run: Run, tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "bank.toml").write_text("# mine\n")
    outcome = run("bank", "import", name, "bank.toml")
    assert outcome.status == 1
    assert says in outcome.err
    assert "Nothing was imported." in outcome.err
    assert (tmp_path / "bank.toml").read_text() == "# mine\n"


def test_an_unknown_format_is_refused_with_those_there_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / "quiz.gift").write_text(GIFT)
    assert "gift" in run("bank", "import", "quiz.gift", "bank.toml", "--format", "word").err
    assert run("bank", "export", str(TRACKS / "decideurs" / "d1" / "questions.toml"), "x.doc").status == 2
    assert not (tmp_path / "bank.toml").exists()
