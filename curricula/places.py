"""From what is said of a track to the piece of it that is to be mended (``curricula.pieces``)."""

import re
from collections.abc import Container, Sequence

from curricula.folder import Folder
from curricula.framework import FILE as FRAMEWORK
from curricula.glossary import FILE as GLOSSARY
from curricula.lessons import LESSON_FILE
from curricula.model import LANGUAGES
from curricula.pieces import lesson_path, module_path, question_path, track_path
from curricula.problems import Problem

_KEY = re.compile(r"\s*key\s*=\s*[\"'](?P<key>[a-z0-9-]+)[\"']")


def piece_of(path: Sequence[str], modules: Container[str]) -> str:
    """The piece a path leads to, as findings and changes have them: module, then what it is, its key, its field.

    What begins with none of the ``modules`` is of the track itself, or of a file beside it.
    """
    module, kind, key = [*path, "", "", ""][:3]
    if module not in modules:
        return {"framework": FRAMEWORK, "glossary": GLOSSARY}.get(module, track_path())
    if kind == "lesson" and key:
        return lesson_path(module, key, next((part for part in reversed(path) if part in LANGUAGES), ""))
    if kind == "question" and key:
        return question_path(module, key)
    return module_path(module)


def piece_at(folder: Folder, problem: Problem) -> str:
    """The piece where a problem stands; the file itself where it is none of a track's."""
    path = problem.file.removeprefix(f"{folder.name}/")
    module, _, name = path.rpartition("/")
    lesson = LESSON_FILE.fullmatch(name)
    if path == "track.toml":
        return track_path()
    if lesson and module:
        return lesson_path(module, lesson["slug"], lesson["language"])
    if name == "questions.toml" and module:
        key = _question_at(folder.files.get(path, b"").decode(errors="replace"), problem.line)
        return question_path(module, key) if key else module_path(module)
    return module_path(module) if name == "module.toml" and module else path


def _question_at(bank: str, line: int) -> str:
    """The key of the question that stands at a line of a bank; empty where none does."""
    key, opened = "", False
    for number, text in enumerate(bank.split("\n"), start=1):
        if text.startswith("[[questions]]"):
            if number > line:
                break
            opened = True
        elif opened and (found := _KEY.match(text)):
            key, opened = found["key"], False
    return key
