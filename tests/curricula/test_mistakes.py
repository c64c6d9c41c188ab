"""Each mistake an author can make is answered with its file, its line and what to do."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from assessments.registry import anatomies
from curricula.load import load_track
from curricula.problems import CurriculumError, Place, Problem, said
from tests.curricula.samples import FILES
from translations.update import TEMPLATE, read

#: Every message that is translated.
MESSAGES = {message.id for message in read(TEMPLATE)}

TRACK, MODULE, PLANNED = "track.toml", "m1/module.toml", "m2/module.toml"
FRENCH, ENGLISH, BANK = "m1/01-first.fr.md", "m1/01-first.en.md", "m1/questions.toml"


@dataclass(frozen=True)
class Mistake:
    """``old`` becomes ``new`` in ``file``, once; the problem stands at the ``nth`` line that holds ``at`` (0: none)."""

    name: str
    file: str
    old: str
    new: str
    at: str
    what: str
    fix: str
    nth: int = 1

    def __str__(self) -> str:
        return self.name


SOURCE = 'source = "white-paper"\nstem.fr'
MISTAKES = [
    # Fields
    Mistake("missing text", TRACK, 'code = "M"\n', "", 'key = "mini"', "« code » is missing.", 'Add code = "…".'),
    Mistake("empty text", TRACK, 'code = "M"', 'code = " "', "code", "« code » is empty.", 'Write code = "…".'),
    Mistake("number for a text", TRACK, 'code = "M"', "code = 5", "code", "« code » is not of the right form.",
            "Write"),
    Mistake("key with capitals", MODULE, '"m1-o2"', '"M1 o2"', '"M1 o2"', "« M1 o2 » is not a key.", "lower-case"),
    Mistake("unknown field", TRACK, "licence", 'editor = "Moi"\nlicence', "editor", "« editor » is not a field",
            "name"),
    Mistake("unknown table", TRACK, "[[legal]]", "[extra]\n[[legal]]", "[extra]", "« extra » is not a field",
            "Correct"),
    Mistake("unknown field of a source", MODULE, 'mark = "M"', 'mark = "M"\nlien = "x"', "lien", "« lien » is",
            "remove"),
    Mistake("unknown field of an option", BANK, "misconception", "miscontion", "misco", "« miscontion » is", "Correct"),
    Mistake("unknown field of a lesson", FRENCH, "minutes", "duree = 3\nminutes", "duree", "« duree » is", "Correct"),
    Mistake("a language lacks", TRACK, ', en = "Small track" }', " }", "title", "no text in en", 'Add en = "…".'),
    Mistake("a blank language", MODULE, 'en = "choose"', 'en = ""', 'fr = "choisir"', "no text in en", "Add en"),
    Mistake("a language too many", TRACK, 'en = "Everybody"', 'en = "E", de = "A"', "audience", "« de »", "fr, en"),
    Mistake("feedback lacks", BANK, 'feedback = { fr = "Non.", en = "No." }\nmis', "mis", "[[questions.options]]",
            "« feedback »", "Add", 2),
    Mistake("stem lacks a language", BANK, 'stem.en = "What is to be done?"\n', "", "stem.fr", "no text in en",
            "Add en"),
    Mistake("number too large", TRACK, "threshold = 50", "threshold = 101", "threshold", "is 101.", "from 1 to 100"),
    Mistake("number too small", MODULE, "attempts = 3", "attempts = -1", "attempts", "is -1.", "from 0 to 99"),
    Mistake("text for a number", FRENCH, "minutes = 20", 'minutes = "20"', "minutes", "« minutes » is not",
            "minutes = 1"),
    Mistake("yes for a number", MODULE, "questions = 2", "questions = true", "questions =", "not of the right form",
            "1"),
    Mistake("word for true", BANK, "correct = true", 'correct = "oui"', "correct", "right form", "correct = true",
            nth=1),
    Mistake("unknown status", PLANNED, '"planned"', '"draft"', "status", "« draft » is not known",
            "published, planned"),
    Mistake("unknown mark", MODULE, 'mark = "W"', 'mark = "Z"', 'mark = "Z"', "« Z » is not known", "W, V, M"),
    Mistake("source without check", MODULE, 'checked_on = "2026-11"\n', "", "[[sources]]", "« checked_on »", "2026-11"),
    Mistake("thirteenth month", MODULE, '"2026-11"', '"2026-13"', "checked_on", "« 2026-13 » is not a date.",
            "2026-11-20"),
    Mistake("date in words", MODULE, '"2025"', '"l’an dernier"', "published_on", "is not a date.", "2026-11-20"),
    Mistake("quoted date", TRACK, "2025-02-02", '"2025-02-02"', "in_force_from", "right form", "2026-01-31"),
    Mistake("date with a time", TRACK, "2025-02-02", "2025-02-02T10:00:00", "in_force_from", "right form",
            "2026-01-31"),
    Mistake("list of something else", MODULE, "[1]", '["1"]', "recommendations", "holds something else", "[1]"),
    Mistake("text for a list", MODULE, '["ai-act-4"]', '"ai-act-4"', "legal", "right form", '["…"]'),
    Mistake("text for a table", MODULE, "[quiz]\n", 'quiz = "10"\n[x]\n', "quiz", "« quiz » is not of the right",
            "table"),
    # Files and syntax
    Mistake("not TOML", MODULE, 'code = "M1"', "code = M1", "code", "This is not TOML", "Correct the syntax there."),
    Mistake("duplicate field", TRACK, 'code = "M"', 'code = "M"\ncode = "N"', "code", "not TOML", "Correct", nth=2),
    Mistake("unclosed text", BANK, 'fr = "Aucun"', 'fr = "Aucun', "Aucun", "This is not TOML", "Correct the syntax"),
    Mistake("unclosed long text", BANK, '"Que faire ?"', '"""Que faire ?', "", "This is not TOML", "syntax", nth=-1),
    Mistake("not TOML in a lesson", FRENCH, "minutes = 20", "minutes 20", "minutes 20", "not TOML",
            "Correct the syntax"),
    Mistake("a name of many parts", TRACK, 'code = "M"', " a . 'b.c' ." + ".".join("a" * 100_000) + " = 1", "a.a",
            "many parts", "without a dot"),
    Mistake("a value of many levels", MODULE, 'code = "M1"', "code = " + "[" * 100_000, "", "too many levels",
            "Write tables", nth=0),
    Mistake("tables without end", MODULE, 'code = "M1"', "".join(f"[a{n}.b]\n" for n in range(50_001)), "",
            "more than 100000 tables", "several files", nth=0),
    Mistake("tables without end in one line", MODULE, 'code = "M1"', "code = [" + "{a.b=1}," * 50_001 + "]", "",
            "more than 100000 tables", "several files", nth=0),
    Mistake("lesson without header", ENGLISH, "+++\ntitle", "title", 'title = "First', "no TOML header", "+++ … +++"),
    Mistake("lesson without text", FRENCH, FILES[FRENCH].split("+++\n")[2], "", "", "has no text",
            "after its header", nth=0),
    Mistake("lesson minutes differ", ENGLISH, "minutes = 20", "minutes = 25", "minutes", "« minutes » differs", "both"),
    Mistake("lesson objectives differ", ENGLISH, ', "m1-o2"]', "]", "objectives", "« objectives » differs",
            "both files"),
    Mistake("key is not the folder", MODULE, 'key = "m1"', 'key = "m9"', 'key = "m9"', "folder « m1 »", "one name"),
    # References across files
    Mistake("recommendation 18", TRACK, "[1, 17]", "[1, 18]", "recommendations", "Recommendation 18", "Use 1 to 17."),
    Mistake("module recommendation 0", MODULE, "[1]", "[0]", "recommendations", "Recommendation 0", "Use 1 to 17."),
    Mistake("language not spoken", TRACK, '["fr", "en"]', '["fr", "de"]', "languages", "« de » is not spoken",
            "fr, en"),
    Mistake("certificate of a planned module", TRACK, '["m1"]', '["m1", "m2"]', "[certificate]", "« m2 »", "published"),
    Mistake("certificate of nothing", TRACK, 'modules = ["m1"]', "modules = []", "[certificate]", "no module",
            "modules ="),
    Mistake("same order", PLANNED, "order = 2", "order = 1", "", "2 modules have order 1.", "its own order", nth=0),
    Mistake("unknown legal text", MODULE, '["ai-act-4"]', '["gdpr"]', "legal", "« gdpr » is not in track.toml",
            "[[legal]]"),
    Mistake("legal key twice", TRACK, "[[legal]]", '[[legal]]\nkey = "ai-act-4"\n' + "\n".join(
        line for line in FILES[TRACK].split("[[legal]]\n")[1].splitlines() if not line.startswith("key")
    ) + "\n[[legal]]", 'key = "ai-act-4"', "used 2 times in legal", "Rename", nth=2),
    Mistake("objective twice", MODULE, 'key = "m1-o2"', 'key = "m1-o1"', 'key = "m1-o1"', "2 times in objectives",
            "Rename", 2),
    Mistake("source twice", MODULE, 'key = "to-check"', 'key = "white-paper"', 'key = "white-paper"', "sources",
            "Rename", 2),
    Mistake("question twice", BANK, '"m1-q2"', '"m1-q1"', '"m1-q1"', "2 times in questions", "Rename", nth=2),
    Mistake("option twice", BANK, 'key = "c"', 'key = "b"', 'key = "b"', "2 times in questions.options", "Rename",
            nth=3),
    Mistake("no assessment", MODULE, FILES[MODULE][FILES[MODULE].index("[quiz]"):FILES[MODULE].index("[[obj")], "", "",
            "has no assessment", "[quiz]", nth=0),
    Mistake("bank too small", MODULE, "questions = 2", "questions = 3", "[quiz]",
            "3 questions are drawn from a bank of 2", "more"),
    Mistake("nothing to be able to do", FRENCH, '["repérer", "choisir"]', '["repérer"]', "able", "2 to 4 verbs",
            "able"),
    Mistake("five things to be able to do", ENGLISH, '["spot", "choose"]', '["a", "b", "c", "d", "e"]', "able",
            "2 to 4", "able"),
    Mistake("unknown objective of a question", BANK, '"m1-o1"', '"m1-o9"', '"m1-q1"', "« m1-o9 » is unknown",
            "module.toml"),
    Mistake("unknown source of a question", BANK, SOURCE, SOURCE.replace("white-paper", "blog"), '"m1-q1"',
            "« blog »", "one of"),
    Mistake("unknown question type", BANK, '"single"', '"riddle"', '"m1-q1"', "« riddle » is unknown",
            "multiple"),
    Mistake("difficulty 4", BANK, "difficulty = 3", "difficulty = 4", "difficulty = 4", "is 4.", "from 1 to 3"),
    Mistake("two right answers in a single", BANK, 'key = "b"\ntext = { fr = "Signer"',
            'key = "b"\ncorrect = true\ntext = { fr = "Signer"',
            '"m1-q1"', "2 options are right.", "Mark exactly one."),
    Mistake("no right answer in a single", BANK, 'correct = true\ntext = { fr = "Lire"', 'text = { fr = "Lire"',
            '"m1-q1"', "0 options are right.", "one"),
    # Blocks
    Mistake("unknown block", FRENCH, "::: situation", "::: conseil", "::: conseil", "Block « conseil » is unknown.",
            "situation, "),
    Mistake("block never closed", ENGLISH, "note.\n:::", "note.", "::: situation", "never closed", "End it with :::"),
    Mistake("block never opened", FRENCH, "::: situation\n", "", ":::", "closes that was not opened",
            "Remove this line"),
    Mistake("block too short for its inside", FRENCH, "Mme R.", "::: example\nx\n:::\nMme R.", "::: example",
            "fewer colons", "::::"),
    Mistake("block closed too short", FRENCH, "::: situation", ":::: situation", ":::", "block of line 9",
            "Write ::::.", nth=2),
]  # fmt: skip


def expected(mistake: Mistake, text: str) -> int:
    """The number of the line where the problem is to stand."""
    if mistake.nth <= 0:
        return text.rstrip().count("\n") + 1 if mistake.nth else 0
    lines = [number for number, line in enumerate(text.split("\n"), start=1) if mistake.at in line]
    return lines[mistake.nth - 1]


#: Mistakes that make a second thing wrong, told too, and the files of those.
CONSEQUENCES = {
    "key with capitals": {FRENCH, ENGLISH, BANK},
    "text for a table": {MODULE},
    "objective twice": {FRENCH, ENGLISH, BANK},
    "source twice": {BANK},
    "word for true": {BANK},
    "unknown objective of a question": {BANK},
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_a_mistake_is_told_with_its_place_and_its_fix(folder: Path, mistake: Mistake) -> None:
    path = folder / mistake.file
    text = path.read_text("utf-8")
    assert mistake.old in text
    broken = text.replace(mistake.old, mistake.new, 1)
    path.write_text(broken, "utf-8")
    with pytest.raises(CurriculumError) as refused:
        load_track(folder, anatomies())
    file = TRACK if mistake.name == "same order" else mistake.file
    place = (f"mini/{file}", expected(mistake, broken))
    assert all({problem.what, problem.fix} <= MESSAGES for problem in refused.value.problems), "to be translated"
    found = list(map(in_english, refused.value.problems))
    here = [problem for problem in found if (problem.file, problem.line) == place]
    told = [problem for problem in here if mistake.what in problem.what]
    assert len(told) == 1, refused.value
    assert mistake.fix in told[0].fix
    others = {problem.file.removeprefix("mini/") for problem in found if problem is not told[0]}
    assert others == CONSEQUENCES.get(mistake.name, set()), "one mistake, one problem"


def problems(folder: Path) -> list[Problem]:
    """The problems of a folder as its author reads them in English, their values in their place."""
    with pytest.raises(CurriculumError) as refused:
        load_track(folder, anatomies())
    return list(map(in_english, refused.value.problems))


def in_english(problem: Problem) -> Problem:
    values = dict(problem.values)
    return Problem(problem.file, problem.line, said(problem.what, values), said(problem.fix, values))


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".toml")] + [FRENCH, ENGLISH])
def test_a_file_in_another_encoding_is_named_with_the_line(folder: Path, name: str) -> None:
    path = folder / name
    path.write_bytes(path.read_bytes().replace(b"\n", b"\n# \xe9t\xe9\n", 1))
    assert problems(folder) == [Problem(f"mini/{name}", 2, "This file is not UTF-8 text.", "Save it again as UTF-8.")]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_lesson_in_one_language_asks_for_the_other(folder: Path, language: str) -> None:
    (folder / "m1" / f"01-first.{language}.md").unlink()
    assert problems(folder) == [
        Problem(f"mini/m1/01-first.{language}.md", 0, "This lesson is missing in one language.", "Write it.")
    ]


def test_a_module_folder_without_module_is_not_ignored(folder: Path) -> None:
    (folder / "m2" / "module.toml").rename(folder / "m2" / "modul.toml")
    assert problems(folder)[0].file == "mini/m2/module.toml"


def test_a_track_without_module_is_refused(folder: Path) -> None:
    for name in ("m1", "m2"):
        for path in (folder / name).iterdir():
            path.unlink()
        (folder / name).rmdir()
    assert problems(folder)[0] == Problem("mini/track.toml", 0, "The track has no module.", "Add a folder with a module.toml.")  # fmt: skip  # noqa: E501


def test_a_published_module_needs_lessons_and_questions(folder: Path) -> None:
    for path in (folder / "m1").glob("0*.md"):
        path.unlink()
    (folder / "m1" / "questions.toml").unlink()
    assert [problem.what for problem in problems(folder)] == [
        "A published module has no lesson.",
        "2 questions are drawn from a bank of 0.",
    ]


def test_a_module_cannot_take_the_address_of_the_description(folder: Path) -> None:
    path = (folder / "m2").rename(folder / "about") / "module.toml"
    path.write_text(path.read_text("utf-8").replace('key = "m2"', 'key = "about"', 1), "utf-8")
    assert [(problem.file, problem.what) for problem in problems(folder)] == [
        ("mini/about/module.toml", "« about » cannot name a module.")
    ]


def test_a_misnamed_lesson_is_not_ignored(folder: Path) -> None:
    (folder / "m1" / "Lecon 2.md").write_text("+++\n+++\n", "utf-8")
    assert problems(folder) == [
        Problem("mini/m1/Lecon 2.md", 0, "This is not a lesson's file name.", "Name it 01-slug.fr.md.")
    ]


@pytest.mark.parametrize(
    ("name", "what"),
    [("02-first", "2 lessons have the slug « first »."), ("01-second", "2 lessons have the number « 01 ».")],
)
def test_two_lessons_cannot_share_a_slug_or_a_number(folder: Path, name: str, what: str) -> None:
    for language in ("fr", "en"):
        text = (folder / "m1" / f"01-first.{language}.md").read_text("utf-8")
        (folder / "m1" / f"{name}.{language}.md").write_text(text, "utf-8")
    assert problems(folder) == [Problem("mini/m1/", 0, what, "Rename one of them.")]


def test_an_objective_nobody_assesses_is_told(folder: Path) -> None:
    path = folder / "m1" / "module.toml"
    text = path.read_text("utf-8").replace("[[sources]]", '[[objectives]]\nkey = "m1-o3"\ntext = { fr = "a", en = "b" }\n\n[[sources]]', 1)  # fmt: skip  # noqa: E501
    path.write_text(text, "utf-8")
    assert problems(folder) == [
        Problem("mini/m1/questions.toml", 0, "No question assesses the objective « m1-o3 ».", "Write one.")
    ]


@pytest.mark.parametrize("count", [1, 9])
def test_a_question_has_two_to_eight_options(folder: Path, count: int) -> None:
    option = '[[questions.options]]\nkey = "{}"\ntext = {{ fr = "x", en = "y" }}\nfeedback = {{ fr = "x", en = "y" }}\n'
    head = FILES[BANK].split("[[questions]]")[2].split("[[questions.options]]")[0]
    options = "".join(option.format(f"o{n}") for n in range(count)).replace("text", "correct = true\ntext", 1)
    (folder / BANK).write_text(FILES[BANK].split('[[questions]]\nkey = "m1-q2"')[0] + "[[questions]]" + head + options)
    (problem,) = problems(folder)
    assert (problem.what, problem.fix) == (f"There are {count} options.", "Give 2 to 8.")
    assert problem.line == FILES[BANK].split("\n").index('key = "m1-q2"') + 1


def test_an_unknown_key_in_both_languages_is_told_in_both(folder: Path) -> None:
    for name in (FRENCH, ENGLISH):
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(text.replace('["white-paper"]', '["blog"]'), "utf-8")
    assert [(problem.file, problem.line, problem.what) for problem in problems(folder)] == [
        ("mini/m1/01-first.en.md", 6, "« blog » is not in module.toml."),
        ("mini/m1/01-first.fr.md", 6, "« blog » is not in module.toml."),
    ]


def test_code_that_shows_a_block_is_not_a_block(folder: Path) -> None:
    path = folder / FRENCH
    path.write_text(path.read_text("utf-8") + "\n```\n::: conseil\n```\n", "utf-8")
    assert load_track(folder, anatomies()).key == "mini"


def test_a_problem_reads_as_file_line_what_and_fix() -> None:
    assert str(Problem("a/track.toml", 3, "What.", "Do.")) == "a/track.toml:3: What. Fix: Do."
    assert str(Problem("a/track.toml", 0, "What.", "Do.")) == "a/track.toml: What. Fix: Do."


@pytest.mark.parametrize("value", ["50 %", "%s", "%(key)s", "{key}", "% d"])
def test_a_sign_of_percent_in_a_value_is_shown_as_it_is(value: str) -> None:
    problem = Place("a.toml", "").problem(1, "« %(key)s » at 100 %%.", "Write %(key)s.", key=value)
    assert str(problem) == f"a.toml:1: « {value} » at 100 %. Fix: Write {value}."
