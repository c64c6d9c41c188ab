"""Reads a track folder into values; errors name file, line and fix (docs/curriculum-format.md)."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal, cast

from curricula.anatomy import Types
from curricula.award_files import read_certificate, read_label
from curricula.bank import read_bank
from curricula.fields import Fields, parse
from curricula.files import read_files
from curricula.folder import Folder
from curricula.framework import FILE as FRAMEWORK
from curricula.framework import read_framework
from curricula.glossary import FILE as GLOSSARY
from curricula.glossary import read_glossary
from curricula.lessons import read_lessons
from curricula.model import (
    LANGUAGES,
    Branch,
    Module,
    Objective,
    PlacementRules,
    Question,
    QuizRules,
    Track,
)
from curricula.paper_files import read_papers
from curricula.problems import N_, CurriculumError, Place, Problem
from curricula.sourcing_files import read_legal, read_reading, read_source
from curricula.validate import check

#: Said where the key of a track or of a module is not the name of its folder.
ANOTHER_KEY = N_("The key is « %(key)s », the folder « %(folder)s ».")
#: When the answers of an assessment are shown: once it is submitted, once its sitting is over, never.
CORRECTIONS = ("after", "closed", "never")
ONE_NAME = N_("Give both one name.")


def load_track(path: Path, types: Types | None = None) -> Track:
    """The track of a folder of the disk; see :func:`track_of`."""
    return track_of(Folder.read(path), types)


def track_of(folder: Folder, types: Types | None = None) -> Track:
    """The track of a folder.

    ``types`` are the question types in use and what each is made of; a bank is checked against them when they are
    given.

    Raises ``CurriculumError`` with every problem found: nothing half-loaded is returned.
    """
    track, problems = read_track(folder, types)
    if problems:
        raise CurriculumError(problems)
    return track


def read_track(folder: Folder, types: Types | None = None) -> tuple[Track, list[Problem]]:
    """The track of a folder that may be unfinished, and every problem found: what is missing is empty.

    Raises ``CurriculumError`` where ``track.toml`` itself cannot be read.
    """
    problems: list[Problem] = []
    place = folder.place("track.toml")
    track = read_track_file(place, problems)
    if track.key and track.key != folder.name:
        line = place.line_of(r"^key\b")
        problems.append(place.problem(line, ANOTHER_KEY, ONE_NAME, key=track.key, folder=folder.name))
    modules, unread = [], False
    for name in folder.folders():
        try:
            modules.append(_module(folder, name, problems))
        except CurriculumError as error:
            problems += error.problems
            unread = True
    places = {branch.key: place for place, branch in enumerate(track.branches)}
    modules.sort(key=lambda module: (places.get(module.branch, len(places)) if module.branch else -1, module.order))
    track = replace(track, modules=tuple(modules), digest=folder.digest)
    try:
        if FRAMEWORK in folder.files:
            track = replace(track, framework=read_framework(folder.place(FRAMEWORK), problems))
        if GLOSSARY in folder.files:
            track = replace(track, glossary=read_glossary(folder.place(GLOSSARY), problems))
    except CurriculumError as error:
        problems += error.problems
        unread = True
    if not unread:
        problems += check(track, folder, types)
    return track, problems


def read_track_file(place: Place, problems: list[Problem]) -> Track:
    """What a ``track.toml`` says, without the modules; what is wrong gathers in ``problems``.

    Raises ``CurriculumError`` where it is not TOML at all, as the other readers of one file do.
    """
    fields = parse(place, problems)
    track = Track(
        key=fields.key(),
        code=fields.text("code"),
        version=fields.text("version"),
        title=fields.texts("title"),
        promise=fields.texts("promise"),
        audience=fields.texts("audience"),
        licence=fields.text("licence"),
        languages=fields.words("languages") or LANGUAGES,
        recommendations=fields.numbers("recommendations"),
        attendance=fields.flag("attendance"),
        certificate=read_certificate(fields),
        label=read_label(fields),
        placement=_placement(fields),
        legal=tuple(read_legal(table) for table in fields.tables("legal")),
        requires=fields.words("requires"),
        branches=tuple(_branch(table) for table in fields.tables("branches")),
        modules=(),
    )
    fields.end()
    return track


def _placement(fields: Fields) -> PlacementRules | None:
    table = fields.table_of("placement")
    if table is None:
        return None
    rules = PlacementRules(
        questions=table.number("questions", 1, 5),
        threshold=Fraction(table.number("threshold", 1, 100), 100),
        exempts=table.flag("exempts"),
    )
    table.end()
    return rules


def _branch(table: Fields) -> Branch:
    branch = Branch(table.key(), table.texts("title"), table.texts("note") if "note" in table.table else None)
    table.end()
    return branch


def _module(folder: Folder, name: str, problems: list[Problem]) -> Module:
    place = folder.place(f"{name}/module.toml")
    module = read_module_file(place, problems)
    if module.key and module.key != name:
        line = place.line_of(r"^key\b")
        problems.append(place.problem(line, ANOTHER_KEY, ONE_NAME, key=module.key, folder=name))
    return replace(
        module,
        key=name,
        lessons=read_lessons(folder, name, problems),
        questions=_questions(folder, name, problems),
        files=read_files(folder, name, problems),
        papers=read_papers(folder, name, problems),
    )


def read_module_file(place: Place, problems: list[Problem]) -> Module:
    """What a ``module.toml`` says, without lessons, questions and images."""
    fields = parse(place, problems)
    module = Module(
        key=fields.key(),
        code=fields.text("code"),
        order=fields.number("order", 1, 99),
        status=cast(Literal["published", "planned"], fields.choice("status", ("published", "planned"))),
        title=fields.texts("title"),
        summary=fields.texts("summary"),
        duration_minutes=fields.number("duration_minutes", 0, 6000),
        workshop_minutes=fields.number_or("workshop_minutes", 0, 0, 6000),
        recommendations=fields.numbers("recommendations"),
        legal=fields.words("legal"),
        objectives=tuple(_objective(table) for table in fields.tables("objectives")),
        sources=tuple(read_source(table) for table in fields.tables("sources")),
        reading=tuple(read_reading(table) for table in fields.tables("reading")),
        quiz=_quiz(fields),
        requires=fields.words("requires"),
        branch=fields.optional_text("branch"),
    )
    fields.end()
    return module


def _objective(table: Fields) -> Objective:
    level = table.number("level", 1, 9) if "level" in table.table else None
    objective = Objective(table.key(), table.texts("text"), table.optional_text("competency"), level)
    table.end()
    return objective


def _quiz(fields: Fields) -> QuizRules | None:
    table = fields.table_of("quiz")
    if table is None:
        return None
    rules = QuizRules(
        questions=table.number("questions", 1, 200),
        threshold=Fraction(table.number("threshold", 1, 100), 100),
        attempts=table.number("attempts", 0, 99),
        cooldown_minutes=table.number("cooldown_minutes", 0, 525_600),
        minutes=table.number_or("minutes", 0, 0, 1440),
        pauses=table.number_or("pauses", 0, 0, 20),
        supervised=table.flag("supervised"),
        difficulties=table.numbers("difficulties"),
        exposure=Fraction(table.number_or("exposure", 100, 1, 100), 100),
        forms=table.number_or("forms", 1, 1, 9),
        correction=cast(
            Literal["after", "closed", "never"],
            table.choice("correction", CORRECTIONS) if "correction" in table.table else CORRECTIONS[0],
        ),
        markers=table.number_or("markers", 1, 1, 2),
        marking_days=table.number_or("marking_days", 15, 1, 365),
        tolerance=Fraction(table.number_or("tolerance", 10, 0, 100), 100),
        jury=table.flag("jury"),
    )
    table.end()
    return rules


def _questions(folder: Folder, module: str, problems: list[Problem]) -> tuple[Question, ...]:
    path = f"{module}/questions.toml"
    if path not in folder.files:
        return ()
    return read_bank(folder.place(path), problems)
