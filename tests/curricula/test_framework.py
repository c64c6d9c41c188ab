"""The competency framework of a track: read, checked against its objectives, compared, judged."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from assessments.registry import anatomies
from curricula.diff import compare
from curricula.load import load_track
from curricula.problems import CurriculumError
from curricula.quality import findings
from tests.curricula.samples import FILES, rewrite, told

FRAMEWORK = """\
key = "public-ai"
version = "2026.1"
title = { fr = "Compétences", en = "Competencies" }

[[competencies]]
key = "decide"
title = { fr = "Décider", en = "Decide" }

[[competencies.levels]]
number = 1
criterion = { fr = "Cite une source.", en = "Quotes a source." }

[[competencies.levels]]
number = 2
criterion = { fr = "Confronte deux sources.", en = "Compares two sources." }

[[competencies]]
key = "buy"
title = { fr = "Acheter", en = "Buy" }

[[competencies.levels]]
number = 1
criterion = { fr = "Lit une clause.", en = "Reads a clause." }
"""
NAMED = 'key = "m1-o1"\ncompetency = "decide"\nlevel = 2\n'


@pytest.fixture
def framed(folder: Path) -> Path:
    """The folder with a framework, one objective of which reaches a level."""
    (folder / "framework.toml").write_text(FRAMEWORK, "utf-8")
    module = FILES["m1/module.toml"].replace('key = "m1-o1"\n', NAMED)
    (folder / "m1" / "module.toml").write_text(module, "utf-8")
    return folder


def test_a_framework_is_read_with_its_levels(framed: Path) -> None:
    track = load_track(framed, anatomies())
    assert track.framework is not None
    assert [each.key for each in track.framework.competencies] == ["decide", "buy"]
    decide = track.framework.competency("decide")
    assert decide is not None
    assert [level.criterion["en"] for level in decide.levels] == ["Quotes a source.", "Compares two sources."]
    objective = track.modules[0].objectives[0]
    assert (objective.competency, objective.level) == ("decide", 2)
    assert track.modules[0].objectives[1].competency is None


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("m1/module.toml", '"decide"', '"decode"', "m1/module.toml:18: The competency « decode » is unknown."),
        ("m1/module.toml", "level = 2", "level = 3", "m1/module.toml:18: The competency has no level 3."),
        ("m1/module.toml", "level = 2\n", "", "m1/module.toml:18: The competency « decide » is named without a level."),
        ("m1/module.toml", 'competency = "decide"\n', "", "m1/module.toml:18: A level 2 is given without its comp"),
        ("m1/module.toml", "level = 2", 'level = "2"', "m1/module.toml:20: « level » is not of the right form."),
        ("framework.toml", "number = 2", "number = 3", "framework.toml:6: The levels of « decide » are numbered 1, 3."),
        ("framework.toml", 'key = "buy"', 'key = "decide"', "framework.toml:18: « decide » is used 2 times in comp"),
        ("framework.toml", "version", "# version", "framework.toml:1: « version » is missing."),
        ("framework.toml", "criterion", "criteria", "« criteria » is not a field of this table."),
        ("framework.toml", 'key = "public-ai"', "key = ", "framework.toml:1: This is not TOML"),
        ("framework.toml", FRAMEWORK[FRAMEWORK.index("[[") :], "", "framework.toml: The framework has no competency."),
        ("framework.toml", FRAMEWORK[FRAMEWORK.rindex("[[") :], "", "framework.toml:18: The competency « buy » has no"),
    ],
)
def test_what_is_wrong_is_told_at_its_line(framed: Path, file: str, old: str, new: str, said: str) -> None:
    rewrite(framed, file, old, new)
    problems = told(framed)
    assert any(said in problem for problem in problems), problems


def test_a_competency_without_framework_is_told(framed: Path) -> None:
    (framed / "framework.toml").unlink()
    with pytest.raises(CurriculumError, match="« decide » is a competency, and the track has no framework"):
        load_track(framed)


def test_changes_of_a_framework_and_of_what_reaches_it_are_said(framed: Path) -> None:
    before = load_track(framed)
    first = before.modules[0]
    assert before.framework is not None
    objective = replace(first.objectives[0], level=1)
    module = replace(first, objectives=(objective, *first.objectives[1:]))
    after = replace(
        before,
        modules=(module, *before.modules[1:]),
        framework=replace(before.framework, version="2027.1", competencies=before.framework.competencies[:1]),
    )
    assert [change.path for change in compare(before, after)] == [
        ("framework", "version"),
        ("m1", "objective", "m1-o1", "level"),
        ("framework", "buy", "title", "fr"),
        ("framework", "buy", "title", "en"),
        ("framework", "buy", "level", "1", "fr"),
        ("framework", "buy", "level", "1", "en"),
    ]


def test_a_competency_that_nothing_works_towards_is_advice(framed: Path) -> None:
    found = [each for each in findings(load_track(framed), date(2026, 11, 20)) if each.path[0] == "framework"]
    assert [(each.path, each.weight) for each in found] == [(("framework", "buy"), "advice")]
