"""What must hold across the files of a track: references resolve, both languages are whole, banks suffice."""

from collections import Counter
from collections.abc import Iterator

from curricula.anatomy import Types
from curricula.award_files import check_awards
from curricula.blocks import unknown_blocks
from curricula.folder import Folder
from curricula.framework import check_framework
from curricula.glossary import check_glossary
from curricula.graph import check_graph
from curricula.lacking import lacking
from curricula.lessons import lesson_file_path
from curricula.model import LANGUAGES, Module, Question, Track
from curricula.papers import paper_path
from curricula.placement import check_placement
from curricula.problems import N_, Place, Problem
from curricula.references import check_references
from curricula.rules import contradictions
from curricula.tables import RENAME_ONE, line_of_key, repeated

RECOMMENDATIONS = range(1, 18)  # the white paper numbers 17
USE_A_RECOMMENDATION = N_("Use 1 to 17.")
NO_RECOMMENDATION = N_("Recommendation %(number)s does not exist.")
ONE_OF_THE_MODULE = N_("Use one of module.toml.")
TAKEN = {"about", "placement"}  # a module of that name would hide behind a page of its track


def check(track: Track, folder: Folder, types: Types | None) -> list[Problem]:
    """Every problem of a track already read from ``folder``; without ``types`` right options are not counted."""
    problems = list(_track(track, folder))
    for about in (check_awards, check_graph, check_framework, check_glossary):
        problems += about(track, folder)
    problems += check_placement(track, folder, types)
    legal = {reference.key for reference in track.legal}
    for module in track.modules:
        problems += _module(module, folder, legal, types)
        for lesson in module.lessons:
            for language in lesson.texts:
                place = folder.place(lesson_file_path(module.key, lesson, language))
                problems += check_references(track, module, folder, place)
        for paper in module.papers:
            for language in paper.texts:
                place = folder.place(paper_path(module.key, paper.kind, language))
                problems += check_references(track, module, folder, place)
    return problems


def _track(track: Track, folder: Folder) -> Iterator[Problem]:
    place = folder.place("track.toml")
    if not track.modules:
        yield place.problem(0, N_("The track has no module."), N_("Add a folder with a module.toml."))
    for number in track.recommendations:
        if number not in RECOMMENDATIONS:
            line = place.line_of(r"^recommendations")
            yield place.problem(line, NO_RECOMMENDATION, USE_A_RECOMMENDATION, number=number)
    for language in sorted(set(track.languages) - set(LANGUAGES)):
        line = place.line_of(r"^languages")
        what, fix = N_("« %(language)s » is not spoken here."), N_("Use: %(known)s.")
        yield place.problem(line, what, fix, language=language, known=", ".join(LANGUAGES))
    for order, count in Counter(module.order for module in track.modules).items():
        if count > 1:
            what, fix = N_("%(count)s modules have order %(order)s."), N_("Give each module its own order.")
            yield place.problem(0, what, fix, count=count, order=order)
    yield from repeated(place, "legal", (reference.key for reference in track.legal))
    yield from repeated(place, "branches", (branch.key for branch in track.branches))


def _module(module: Module, folder: Folder, legal: set[str], types: Types | None) -> Iterator[Problem]:
    place = folder.place(f"{module.key}/module.toml")
    if module.key in TAKEN:
        what = N_("« %(key)s » cannot name a module.")
        yield place.problem(place.line_of(r"^key"), what, N_("Use another key."), key=module.key)
    for number in module.recommendations:
        if number not in RECOMMENDATIONS:
            line = place.line_of(r"^recommendations")
            yield place.problem(line, NO_RECOMMENDATION, USE_A_RECOMMENDATION, number=number)
    for key in module.legal:
        if key not in legal:
            line = place.line_of(r"^legal")
            what, fix = N_("« %(key)s » is not in track.toml."), N_("Add it under [[legal]].")
            yield place.problem(line, what, fix, key=key)
    yield from repeated(place, "objectives", (objective.key for objective in module.objectives))
    yield from repeated(place, "sources", (source.key for source in module.sources))
    yield from repeated(place, "reading", (reading.key for reading in module.reading))
    if not module.published:
        return
    if module.quiz is None:
        yield place.problem(0, N_("A published module has no assessment."), N_("Add a [quiz] table."))
    elif len(module.questions) < module.quiz.questions:
        line = place.line_of(r"^\[quiz\]")
        what = N_("%(drawn)s questions are drawn from a bank of %(count)s.")
        fix = N_("Write more questions or draw fewer.")
        yield place.problem(line, what, fix, drawn=module.quiz.questions, count=len(module.questions))
    yield from _draw(module, place)
    if not module.lessons:
        what, fix = N_("A published module has no lesson."), N_("Write 01-slug.fr.md and 01-slug.en.md.")
        yield place.problem(0, what, fix)
    yield from _lessons(module, folder)
    if module.questions:
        yield from _questions(module, folder.place(f"{module.key}/questions.toml"), types)


def _draw(module: Module, place: Place) -> Iterator[Problem]:
    """What the rules of an assessment ask of its bank."""
    quiz, line = module.quiz, place.line_of(r"^\[quiz\]")
    if quiz is None:
        return
    bank = module.assessed_questions
    for lack in contradictions(quiz):
        yield place.problem(line, lack.what, lack.fix, **dict(lack.values))
    for level, wanted in enumerate(quiz.difficulties[:3], start=1):
        count = sum(question.difficulty == level for question in bank)
        if wanted * quiz.forms > count:
            what = N_("%(wanted)s questions of difficulty %(level)s are drawn from %(count)s.")
            yield place.problem(
                line, what, N_("Write more questions or draw fewer."), wanted=wanted, level=level, count=count
            )
    if quiz.questions * quiz.forms > len(bank) and len(module.questions) >= quiz.questions:
        what = N_("%(forms)s forms of %(drawn)s questions cannot be made of %(count)s questions.")
        fix = N_("Write more questions, or fewer forms; reserved ones are assessed alone where there are some.")
        yield place.problem(line, what, fix, forms=quiz.forms, drawn=quiz.questions, count=len(bank))


def _lessons(module: Module, folder: Folder) -> Iterator[Problem]:
    objectives = {objective.key for objective in module.objectives}
    sources = {source.key for source in module.sources}
    for what, used in (
        (N_("%(count)s lessons have the slug « %(value)s »."), Counter(lesson.key for lesson in module.lessons)),
        (
            N_("%(count)s lessons have the number « %(value)s »."),
            Counter(f"{lesson.order:02}" for lesson in module.lessons),
        ),
    ):
        for value in (value for value, count in used.items() if count > 1):
            place = Place(f"{folder.name}/{module.key}/", "")
            yield place.problem(0, what, RENAME_ONE, count=used[value], value=value)
    for lesson in module.lessons:
        for language in LANGUAGES:
            if language not in lesson.texts:
                continue
            place = folder.place(lesson_file_path(module.key, lesson, language))
            for name, known, keys in (
                ("objectives", objectives, lesson.objectives),
                ("sources", sources, lesson.sources),
            ):
                for key in sorted(set(keys) - known):
                    line = place.line_of(rf"^{name}")
                    what, fix = N_("« %(key)s » is not in module.toml."), N_("Add it to [[%(header)s]].")
                    yield place.problem(line, what, fix, key=key, header=name)
            if not 2 <= len(lesson.texts[language].able) <= 4:
                line = place.line_of("^able")
                what, fix = N_("Say in 2 to 4 verbs what one will be able to do."), N_("Complete « able ».")
                yield place.problem(line, what, fix)
            yield from unknown_blocks(place)


def _questions(module: Module, place: Place, types: Types | None) -> Iterator[Problem]:
    objectives = {objective.key for objective in module.objectives}
    sources = {source.key for source in module.sources}
    yield from repeated(place, "questions", (question.key for question in module.questions))
    for question in module.questions:
        line = line_of_key(place, "questions", question.key)
        if question.objective not in objectives:
            what = N_("Objective « %(key)s » is unknown.")
            yield place.problem(line, what, ONE_OF_THE_MODULE, key=question.objective)
        if question.source not in sources:
            yield place.problem(line, N_("Source « %(key)s » is unknown."), ONE_OF_THE_MODULE, key=question.source)
        if question.instead and (module.question(question.instead) is None or question.instead == question.key):
            what = N_("Question « %(key)s » is asked instead of none of the bank.")
            yield place.problem(line, what, N_("Name another question of the bank."), key=question.key)
        yield from _made(question, place, line, types)
    for key in sorted(objectives - {question.objective for question in module.questions}):
        yield place.problem(0, N_("No question assesses the objective « %(key)s »."), N_("Write one."), key=key)


def _made(question: Question, place: Place, line: int, types: Types | None) -> Iterator[Problem]:
    """What a question lacks to be one of its type."""
    if types is not None and question.type not in types:
        what, fix = N_("Question type « %(type)s » is unknown."), N_("Use one of: %(known)s.")
        yield place.problem(line, what, fix, type=question.type, known=", ".join(types))
        return
    for lack in lacking(question, types[question.type]) if types is not None else ():
        yield place.problem(line, lack.what, lack.fix, **dict(lack.values))
    for header, keys in (
        ("questions.options", [option.key for option in question.options]),
        ("questions.places", [spot.key for spot in question.places]),
        ("questions.criteria", [criterion.key for criterion in question.criteria]),
    ):
        yield from repeated(place, header, keys, line)
