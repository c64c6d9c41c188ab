"""Reads the questions of a bank, whatever their types (docs/curriculum-format.md)."""

import re

from curricula.fields import Fields, parse
from curricula.model import Criterion, CriterionLevel, Option, Question, Spot
from curricula.problems import N_, Place, Problem

#: What a setting may be called.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def read_bank(place: Place, problems: list[Problem]) -> tuple[Question, ...]:
    """The questions of a ``questions.toml``; what is wrong in them gathers in ``problems``.

    Raises ``CurriculumError`` where it is not TOML at all.
    """
    fields = parse(place, problems)
    questions = tuple(_question(table) for table in fields.tables("questions"))
    fields.end()
    return questions


def _question(table: Fields) -> Question:
    question = Question(
        key=table.key(),
        type=table.text("type", '"single"'),
        objective=table.text("objective"),
        difficulty=table.number("difficulty", 1, 3),
        source=table.text("source"),
        stem=table.texts("stem"),
        options=tuple(_option(option) for option in table.tables("options", "questions.options")),
        places=tuple(_spot(each) for each in table.tables("places", "questions.places")),
        criteria=tuple(_criterion(each) for each in table.tables("criteria", "questions.criteria")),
        settings=_settings(table),
        reserved=table.flag("reserved"),
        instead=table.optional_text("instead") or "",
    )
    table.end()
    return question


def _option(table: Fields) -> Option:
    option = Option(
        key=table.key(),
        text=table.texts("text"),
        feedback=table.texts("feedback"),
        correct=table.flag("correct"),
        misconception=table.optional_text("misconception") or "",
        place=table.optional_text("place") or "",
        leads=table.optional_text("leads") or "",
        points=table.number_or("points", 0, 0, 100),
        value=table.optional_text("value") or "",
        tolerance=table.optional_text("tolerance") or "",
        accepted=table.texts("accepted") if "accepted" in table.table else None,
    )
    table.end()
    return option


def _spot(table: Fields) -> Spot:
    spot = Spot(table.key(), table.texts("text"), table.optional_text("factor") or "")
    table.end()
    return spot


def _criterion(table: Fields) -> Criterion:
    criterion = Criterion(
        key=table.key(),
        title=table.texts("title"),
        weight=table.number_or("weight", 1, 1, 100),
        levels=tuple(_level(level) for level in table.tables("levels", "questions.criteria.levels")),
    )
    table.end()
    return criterion


def _level(table: Fields) -> CriterionLevel:
    level = CriterionLevel(table.key(), table.texts("text"), table.number("points", 0, 100))
    table.end()
    return level


def _settings(table: Fields) -> tuple[tuple[str, str | int], ...]:
    settings = table.table_of("settings")
    found = []
    for name, value in settings.table.items() if settings else ():
        if not _NAME.fullmatch(name):
            what = N_("« %(setting)s » cannot name a setting.")
            table.refuse("settings", what, N_("Correct its name or remove it."), setting=name)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            found.append((name, value))
        else:
            what = N_("Setting « %(setting)s » is neither a word nor a whole number.")
            table.refuse("settings", what, N_("Correct its value or remove it."), setting=name)
    return tuple(sorted(found))
