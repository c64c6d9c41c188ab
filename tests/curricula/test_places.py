"""From a problem, a finding or a change to the piece to mend; and what a learner loses when moved."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from curricula.folder import Folder
from curricula.load import read_track
from curricula.moving import lost
from curricula.pieces import pieces
from curricula.places import piece_at, piece_of
from curricula.problems import Problem
from curricula.quality import findings
from curricula.write import folder_of
from tests.tracks_in_test import FOLDER as TRACKS
from tests.tracks_in_test import fixed_tracks

TRACK = fixed_tracks()["decideurs"]
FOLDER = Folder.read(TRACKS / "decideurs")
KNOWN = {piece.path for piece in pieces(FOLDER)}
MODULES = {module.key for module in TRACK.modules}


def test_every_finding_of_a_track_leads_to_a_piece_of_it() -> None:
    for finding in findings(TRACK, date(2040, 1, 1)):
        assert piece_of(finding.path, MODULES) in KNOWN, finding


def test_a_path_leads_to_its_piece() -> None:
    slug = TRACK.modules[0].lessons[0].key
    assert piece_of(("legal", "ai-act"), MODULES) == "track"
    assert piece_of(("code",), MODULES) == "track"
    assert piece_of(("framework", "decide", "2"), MODULES) == "framework.toml"
    assert piece_of(("glossary", "token"), MODULES) == "glossary.toml"
    assert piece_of(("d1",), MODULES) == piece_of(("d1", "question"), MODULES) == "d1/module"
    assert piece_of(("d1", "lesson", slug, "body", "en"), MODULES) == f"d1/lesson/{slug}/en"
    assert piece_of(("d1", "lesson", slug, "minutes"), MODULES) == f"d1/lesson/{slug}"
    assert piece_of(("d1", "question", "d1-q01", "option", "a", "text", "fr"), MODULES) == "d1/question/d1-q01"


def test_a_problem_leads_to_the_question_where_it_stands() -> None:
    bank = FOLDER.files["d1/questions.toml"].decode()
    third = TRACK.modules[0].questions[2]
    before, stem = bank.split(f'key = "{third.key}"')
    broken = before + f'key = "{third.key}"' + stem.replace("difficulty", "dificulty", 1)
    folder = Folder("decideurs", {**FOLDER.files, "d1/questions.toml": broken.encode()})
    _track, problems = read_track(folder)
    assert {piece_at(folder, problem) for problem in problems} == {f"d1/question/{third.key}"}


def test_problems_of_other_files() -> None:
    slug = TRACK.modules[0].lessons[0].key
    for file, path in (
        ("track.toml", "track"),
        ("d1/module.toml", "d1/module"),
        ("d1/questions.toml", "d1/module"),
        (f"d1/01-{slug}.fr.md", f"d1/lesson/{slug}/fr"),
        ("d1/files/x.png", "d1/files/x.png"),
    ):
        assert piece_at(FOLDER, Problem(f"decideurs/{file}", 0, "", "")) == path


def test_what_is_lost_by_those_who_are_moved() -> None:
    first, second = TRACK.published_modules[:2]
    assert first.quiz is not None
    assert not lost(TRACK, TRACK)
    harder = replace(first, lessons=first.lessons[1:], quiz=replace(first.quiz, threshold=Fraction(1)))
    planned = replace(second, status="planned")
    after = replace(TRACK, modules=(harder, planned, *TRACK.modules[2:]))
    found = lost(TRACK, after)
    assert found.modules == (second,)
    assert found.lessons == ((first, first.lessons[0]),)
    assert found.harder == (harder,)
    assert not lost(after, TRACK).lessons
    assert folder_of(after).digest != TRACK.digest
