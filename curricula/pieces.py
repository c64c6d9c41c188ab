"""A track's folder in pieces that are each edited on their own: one question, one lesson in one language, its settings.

The files of a folder hold several things at once: a bank its questions, the files of a lesson what its languages share.
Several people write at the same time, so a draft keeps them apart::

    track                       track.toml
    <module>/module             module.toml
    <module>/lesson/<slug>      minutes, objectives and sources, the same in each language
    <module>/lesson/<slug>/fr   title, « able » and text in one language
    <module>/question/<key>     one question of the bank
    anything else               as it is: images, framework.toml, glossary.toml

Their order is that of the lessons in a module and of the questions in a bank.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from curricula.bank import read_bank
from curricula.fields import Fields, parse
from curricula.folder import Folder
from curricula.framework import read_framework
from curricula.glossary import read_glossary
from curricula.lessons import LESSON_FILE, lesson_file_path, parted
from curricula.load import read_module_file, read_track_file
from curricula.model import LANGUAGES, Framework, Lesson, LessonText, Module, Question, Term, Track
from curricula.problems import Place, Problem
from curricula.write import (
    framework_lines,
    glossary_lines,
    headed,
    lesson_file,
    module_lines,
    questions_lines,
    toml,
    track_lines,
    whole,
)

_PATH = re.compile(
    r"(?P<module>[a-z0-9-]+)/(?:(?P<kind>lesson|question)/(?P<key>[a-z0-9-]+)(?:/(?P<language>fr|en))?|module)"
)


@dataclass(frozen=True)
class Piece:
    """One piece: its path and what it says."""

    path: str
    content: bytes
    #: The question it says, where whoever made the piece has it at hand: reading thousands of them back takes long.
    question: Question | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Settings:
    """What a lesson is in every language."""

    minutes: int = 20
    objectives: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def track_path() -> str:
    """Of the track's own piece."""
    return "track"


def module_path(module: str) -> str:
    """Of a module's own piece."""
    return f"{module}/module"


def lesson_path(module: str, lesson: str, language: str = "") -> str:
    """Of a lesson in a language; of its settings without one."""
    return f"{module}/lesson/{lesson}" + (f"/{language}" if language else "")


def question_path(module: str, question: str) -> str:
    """Of a question."""
    return f"{module}/question/{question}"


def is_piece(path: str) -> bool:
    """Whether a path names a piece written in the studio, and not a file that is kept as it is."""
    return path == track_path() or _PATH.fullmatch(path) is not None


def pieces(folder: Folder) -> Iterator[Piece]:
    """The pieces of a folder that can be read, in order. Raises ``CurriculumError`` for one that cannot."""
    problems: list[Problem] = []
    for path in sorted(folder.files):
        module, _, name = path.rpartition("/")
        lesson = LESSON_FILE.fullmatch(name)
        if path == "track.toml":
            yield Piece(track_path(), folder.files[path])
        elif name == "module.toml" and "/" not in module:
            yield Piece(module_path(module), folder.files[path])
        elif name == "questions.toml" and "/" not in module:
            yield from (piece_of_question(module, each) for each in read_bank(folder.place(path), problems))
        elif lesson and "/" not in module:
            yield from _of_lesson(folder, path, module, lesson["slug"], lesson["language"])
        else:
            yield Piece(path, folder.files[path])


def _of_lesson(folder: Folder, path: str, module: str, slug: str, language: str) -> Iterator[Piece]:
    settings, text = _lesson_file(folder.place(path))
    first = not any(
        path.replace(f".{language}.md", f".{other}.md") in folder.files for other in LANGUAGES if other < language
    )
    if first:
        yield Piece(lesson_path(module, slug), settings_piece(settings))
    yield Piece(lesson_path(module, slug, language), text_piece(text))


def folder_of(name: str, found: Iterable[Piece]) -> Folder:
    """The folder those pieces make, unfinished where they are; the inverse of ``pieces``."""
    files: dict[str, bytes] = {}
    banks: dict[str, list[Question]] = {}
    settings: dict[tuple[str, str], Settings] = {}
    texts: dict[tuple[str, str], dict[str, LessonText]] = {}
    for piece in found:
        path = _PATH.fullmatch(piece.path)
        if piece.path == track_path():
            files["track.toml"] = piece.content
        elif path is None:
            files[piece.path] = piece.content
        elif path["kind"] is None:
            files[f"{path['module']}/module.toml"] = piece.content
        elif path["kind"] == "question":
            banks.setdefault(path["module"], []).append(question_in(piece.content))
        elif path["language"] is None:
            settings[path["module"], path["key"]] = settings_in(piece.content)
        else:
            texts.setdefault((path["module"], path["key"]), {})[path["language"]] = text_in(piece.content)
    for module, questions in banks.items():
        files[f"{module}/questions.toml"] = whole(questions_lines(questions))
    orders: dict[str, int] = {}
    for (module, slug), shared in settings.items():
        orders[module] = orders.get(module, 0) + 1
        written = texts.get((module, slug), {})
        lesson = Lesson(slug, orders[module], shared.minutes, shared.objectives, shared.sources, written)
        for language, text in written.items():
            files[lesson_file_path(module, lesson, language)] = lesson_file(lesson, text)
    return Folder(name, files)


# Each piece, written and read. What is read may be unfinished: what is missing is empty.


def track_piece(track: Track) -> bytes:
    """The piece of what a track says itself."""
    return whole(track_lines(track))


def module_piece(module: Module) -> bytes:
    """The piece of what a module says itself."""
    return whole(module_lines(module))


def piece_of_question(module: str, question: Question) -> Piece:
    """A question as the piece of a module's bank."""
    return Piece(question_path(module, question.key), question_piece(question), question)


def question_piece(question: Question) -> bytes:
    """The piece of a question."""
    return whole(questions_lines([question]))


def framework_piece(framework: Framework) -> bytes:
    """The file of a competency framework."""
    return whole(framework_lines(framework))


def glossary_piece(terms: Iterable[Term]) -> bytes:
    """The file of a glossary."""
    return whole(glossary_lines(terms))


def settings_piece(settings: Settings) -> bytes:
    """The piece of what a lesson is in every language."""
    return whole(f"{name} = {toml(value)}" for name, value in vars(settings).items())


def text_piece(text: LessonText) -> bytes:
    """The piece of a lesson in one language."""
    header = [f"title = {toml(text.title)}", f"able = {toml(text.able)}"]
    return headed(header, text.body)


def track_in(content: bytes) -> Track:
    """The track of its piece, without modules."""
    return read_track_file(_place(content), [])


def module_in(content: bytes) -> Module:
    """The module of its piece, without lessons and questions."""
    return read_module_file(_place(content), [])


def question_in(content: bytes) -> Question:
    """The question of its piece."""
    return read_bank(_place(content), [])[0]


def framework_in(content: bytes) -> Framework:
    """The competency framework of its file. Raises ``CurriculumError`` where it is not TOML."""
    return read_framework(_place(content), [])


def glossary_in(content: bytes) -> tuple[Term, ...]:
    """The terms of a glossary's file. Raises ``CurriculumError`` where it is not TOML."""
    return read_glossary(_place(content), [])


def settings_in(content: bytes) -> Settings:
    """What a lesson is in every language."""
    return _settings(parse(_place(content), []))


def text_in(content: bytes) -> LessonText:
    """The lesson's text of its piece."""
    return _lesson_file(_place(content))[1]


def _lesson_file(place: Place) -> tuple[Settings, LessonText]:
    header, body = parted(place, [])
    return _settings(header), LessonText(header.text("title"), header.words("able"), body)


def _settings(header: Fields) -> Settings:
    return Settings(header.number("minutes", 1, 240), header.words("objectives"), header.words("sources"))


def _place(content: bytes) -> Place:
    return Place.of("", content)
