"""What must hold across the files of a track: references resolve, both languages are whole, banks suffice."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from curricula.folder import Folder
from curricula.model import LANGUAGES, Module, Question, Track
from curricula.problems import Place, Problem
from curricula.render import unknown_blocks

#: Question type → how few and how many options may be right (``assessments.registry.right_options``).
Types = Mapping[str, tuple[int, int]]
RECOMMENDATIONS = range(1, 18)  # the white paper numbers 17
TAKEN = {"about"}  # a module of that name would hide behind the page that describes its track


def check(track: Track, folder: Folder, types: Types | None) -> list[Problem]:
    """Every problem of a track already read from ``folder``; without ``types`` right options are not counted."""
    problems = list(_track(track, folder))
    legal = {reference.key for reference in track.legal}
    for module in track.modules:
        problems += _module(module, folder, legal, types)
    return problems


def _track(track: Track, folder: Folder) -> Iterator[Problem]:
    place = folder.place("track.toml")
    if not track.modules:
        yield place.problem(0, "The track has no module.", "Add a folder with a module.toml.")
    for number in track.recommendations:
        if number not in RECOMMENDATIONS:
            line = place.line_of(r"^recommendations")
            yield place.problem(line, f"Recommendation {number} does not exist.", "Use 1 to 17.")
    for language in sorted(set(track.languages) - set(LANGUAGES)):
        line = place.line_of(r"^languages")
        yield place.problem(line, f"« {language} » is not spoken here.", f"Use: {', '.join(LANGUAGES)}.")
    for order, count in Counter(module.order for module in track.modules).items():
        if count > 1:
            yield place.problem(0, f"{count} modules have order {order}.", "Give each module its own order.")
    yield from _repeated(place, "legal", (reference.key for reference in track.legal))
    if track.certificate and not track.certificate.modules:
        line = place.line_of(r"^\[certificate\]")
        yield place.problem(line, "The certificate asks for no module.", 'Add modules = ["…"].')
    for key in track.certificate.modules if track.certificate else ():
        module = track.module(key)
        if module is None or module.status == "planned":
            line = place.line_of(r"^\[certificate\]")
            yield place.problem(line, f"The certificate asks for « {key} ».", "Name published modules only.")


def _module(module: Module, folder: Folder, legal: set[str], types: Types | None) -> Iterator[Problem]:
    place = folder.place(f"{module.key}/module.toml")
    if module.key in TAKEN:
        yield place.problem(place.line_of(r"^key"), f"« {module.key} » cannot name a module.", "Use another key.")
    for number in module.recommendations:
        if number not in RECOMMENDATIONS:
            line = place.line_of(r"^recommendations")
            yield place.problem(line, f"Recommendation {number} does not exist.", "Use 1 to 17.")
    for key in module.legal:
        if key not in legal:
            line = place.line_of(r"^legal")
            yield place.problem(line, f"« {key} » is not in track.toml.", "Add it under [[legal]].")
    yield from _repeated(place, "objectives", (objective.key for objective in module.objectives))
    yield from _repeated(place, "sources", (source.key for source in module.sources))
    if not module.published:
        return
    if module.quiz is None:
        yield place.problem(0, "A published module has no assessment.", "Add a [quiz] table.")
    elif len(module.questions) < module.quiz.questions:
        line = place.line_of(r"^\[quiz\]")
        what = f"{module.quiz.questions} questions are drawn from a bank of {len(module.questions)}."
        yield place.problem(line, what, "Write more questions or draw fewer.")
    if not module.lessons:
        yield place.problem(0, "A published module has no lesson.", "Write 01-slug.fr.md and 01-slug.en.md.")
    yield from _lessons(module, folder)
    if module.questions:
        yield from _questions(module, folder.place(f"{module.key}/questions.toml"), types)


def _repeated(place: Place, what: str, keys: Iterable[str], after: int = 1) -> Iterator[Problem]:
    """A problem at the second use of each key, looked for in ``[[what]]`` tables from line ``after`` on."""
    for key, count in Counter(keys).items():
        if count > 1:
            line = _line_of_key(place, what, key, _line_of_key(place, what, key, after) + 1)
            yield place.problem(line, f"« {key} » is used {count} times in {what}.", "Rename one of them.")


def _line_of_key(place: Place, header: str, key: str, after: int = 1) -> int:
    """The line of ``key = "…"`` in the first ``[[header]]`` table from line ``after`` on that has this key."""
    inside = False
    for number, line in enumerate(place.text.split("\n"), start=1):
        opening = re.match(r"\s*\[+([^\]]+)\]", line)
        inside = opening[1].strip() == header if opening else inside
        if number >= after and inside and re.match(rf'\s*key\s*=\s*["\']{re.escape(key)}["\']', line):
            return number
    return after


def _lessons(module: Module, folder: Folder) -> Iterator[Problem]:
    objectives = {objective.key for objective in module.objectives}
    sources = {source.key for source in module.sources}
    for what, used in (
        ("slug", Counter(lesson.key for lesson in module.lessons)),
        ("number", Counter(f"{lesson.order:02}" for lesson in module.lessons)),
    ):
        for value in (value for value, count in used.items() if count > 1):
            name = f"{folder.name}/{module.key}/"
            yield Problem(name, 0, f"{used[value]} lessons have the {what} « {value} ».", "Rename one of them.")
    for lesson in module.lessons:
        for language in LANGUAGES:
            if language not in lesson.texts:
                continue
            place = folder.place(f"{module.key}/{lesson.order:02}-{lesson.key}.{language}.md")
            for name, known, keys in (
                ("objectives", objectives, lesson.objectives),
                ("sources", sources, lesson.sources),
            ):
                for key in sorted(set(keys) - known):
                    line = place.line_of(rf"^{name}")
                    yield place.problem(line, f"« {key} » is not in module.toml.", f"Add it to [[{name}]].")
            if not 2 <= len(lesson.texts[language].able) <= 4:
                line = place.line_of("^able")
                yield place.problem(line, "Say in 2 to 4 verbs what one will be able to do.", "Complete « able ».")
            for line, what, fix in unknown_blocks(place.text):
                yield place.problem(line, what, fix)


def _questions(module: Module, place: Place, types: Types | None) -> Iterator[Problem]:
    objectives = {objective.key for objective in module.objectives}
    sources = {source.key for source in module.sources}
    yield from _repeated(place, "questions", (question.key for question in module.questions))
    for question in module.questions:
        line = _line_of_key(place, "questions", question.key)
        if question.objective not in objectives:
            yield place.problem(line, f"Objective « {question.objective} » is unknown.", "Use one of module.toml.")
        if question.source not in sources:
            yield place.problem(line, f"Source « {question.source} » is unknown.", "Use one of module.toml.")
        yield from _options(question, place, line, types)
    for key in sorted(objectives - {question.objective for question in module.questions}):
        yield place.problem(0, f"No question assesses the objective « {key} ».", "Write one.")


def _options(question: Question, place: Place, line: int, types: Types | None) -> Iterator[Problem]:
    if types is not None and question.type not in types:
        known = ", ".join(types)
        yield place.problem(line, f"Question type « {question.type} » is unknown.", f"Use one of: {known}.")
        return
    low, high = types[question.type] if types is not None else (0, len(question.options))
    right = sum(option.correct for option in question.options)
    if not low <= right <= high:
        fix = "Mark exactly one." if low == high == 1 else f"Mark {low} to {high} of them."
        yield place.problem(line, f"« {question.key} » has {right} right options.", fix)
    if not 2 <= len(question.options) <= 8:
        yield place.problem(line, f"« {question.key} » has {len(question.options)} options.", "Give 2 to 8.")
    yield from _repeated(place, "questions.options", (option.key for option in question.options), line)
