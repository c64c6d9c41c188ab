"""A track's competency framework: ``framework.toml``, and the objectives that name its competencies."""

from collections.abc import Iterator

from curricula.fields import Fields, parse
from curricula.folder import Folder
from curricula.model import Competency, Framework, Level, Track
from curricula.problems import N_, Place, Problem
from curricula.tables import line_of_key, repeated

FILE = "framework.toml"


def read_framework(place: Place, problems: list[Problem]) -> Framework:
    """What a ``framework.toml`` says; what is wrong gathers in ``problems``.

    Raises ``CurriculumError`` where it is not TOML at all.
    """
    fields = parse(place, problems)
    framework = Framework(
        key=fields.key(),
        version=fields.text("version"),
        title=fields.texts("title"),
        competencies=tuple(_competency(table) for table in fields.tables("competencies")),
    )
    fields.end()
    return framework


def _competency(table: Fields) -> Competency:
    levels = tuple(_level(level) for level in table.tables("levels", "competencies.levels"))
    competency = Competency(table.key(), table.texts("title"), levels)
    table.end()
    return competency


def _level(table: Fields) -> Level:
    level = Level(table.number("number", 1, 9), table.texts("criterion"))
    table.end()
    return level


def check_framework(track: Track, folder: Folder) -> Iterator[Problem]:
    """Keys used twice, levels out of order, objectives that name what the framework does not have."""
    if track.framework is not None:
        yield from _own(track.framework, folder.place(FILE))
    for module in track.modules:
        place = folder.place(f"{module.key}/module.toml")
        for objective in module.objectives:
            line = line_of_key(place, "objectives", objective.key)
            for what, fix, value in _unknown(track.framework, objective.competency, objective.level):
                yield place.problem(line, what, fix, value=value)


def _own(framework: Framework, place: Place) -> Iterator[Problem]:
    yield from repeated(place, "competencies", (competency.key for competency in framework.competencies))
    if not framework.competencies:
        yield place.problem(0, N_("The framework has no competency."), N_("Add [[competencies]]."))
    for competency in framework.competencies:
        line = line_of_key(place, "competencies", competency.key)
        if not competency.levels:
            what, fix = N_("The competency « %(key)s » has no level."), N_("Add [[competencies.levels]].")
            yield place.problem(line, what, fix, key=competency.key)
        numbers = [level.number for level in competency.levels]
        if numbers != list(range(1, len(numbers) + 1)):
            what = N_("The levels of « %(key)s » are numbered %(numbers)s.")
            fix = N_("Number them 1, 2, 3… in this order.")
            yield place.problem(line, what, fix, key=competency.key, numbers=", ".join(map(str, numbers)))


def _unknown(framework: Framework | None, key: str | None, level: int | None) -> Iterator[tuple[str, str, object]]:
    """(what, fix, the value named) where an objective names what the framework does not have."""
    if key is None:
        if level is not None:
            yield N_("A level %(value)s is given without its competency."), N_('Add competency = "…".'), level
        return
    if framework is None:
        yield N_("« %(value)s » is a competency, and the track has no framework."), N_("Write framework.toml."), key
        return
    competency = framework.competency(key)
    if competency is None:
        yield N_("The competency « %(value)s » is unknown."), N_("Use one of framework.toml."), key
    elif level is None:
        yield N_("The competency « %(value)s » is named without a level."), N_("Add level = 1."), key
    elif level not in [each.number for each in competency.levels]:
        yield N_("The competency has no level %(value)s."), N_("Use one of framework.toml."), level
