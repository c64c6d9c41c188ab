"""What changed in one piece of a track (``curricula.pieces``), part by part."""

from dataclasses import replace

from curricula.diff import Change, compare
from curricula.model import LANGUAGES, Lesson, Module, Track
from curricula.pieces import is_piece, module_in, question_in, settings_in, text_in, track_in, track_path
from curricula.problems import CurriculumError

_TRACK = Track(
    key="", code="", version="", title={}, promise={}, audience={}, licence="", languages=(), recommendations=(),
    modules=(),
)  # fmt: skip
_MODULE = Module(
    key="", code="", order=0, status="planned", title={}, summary={}, duration_minutes=0, recommendations=(), legal=(),
    objectives=(),
)  # fmt: skip


def piece_changes(path: str, before: bytes | None, after: bytes | None) -> list[Change]:
    """Every part of a piece that differs; None where it was not there. Their paths begin as those of a whole track.

    A file that is not of text, or cannot be read, has its size compared.
    """
    try:
        if is_piece(path):
            return _versions(path, before, after) + compare(_holding(path, before), _holding(path, after))
    except (CurriculumError, UnicodeDecodeError, IndexError):
        pass
    sizes = (None if content is None else str(len(content)) for content in (before, after))
    return [Change(("file",), "rule", *sizes)]


def _versions(path: str, before: bytes | None, after: bytes | None) -> list[Change]:
    """The name of the revision, which is no part of what it says, and yet written by somebody."""
    if path != track_path():
        return []
    old, new = (None if content is None else track_in(content).version for content in (before, after))
    return [] if old == new else [Change(("version",), "rule", old, new)]


def _holding(path: str, content: bytes | None) -> Track:
    """A track with nothing but that piece."""
    if content is None:
        module = replace(_MODULE, key=path.partition("/")[0])
        return _TRACK if path == track_path() or path.endswith("/module") else replace(_TRACK, modules=(module,))
    if path == track_path():
        return track_in(content)
    module_key, kind, key, language = [*path.split("/"), "", ""][:4]
    module = replace(_MODULE, key=module_key)
    if kind == "module":
        module = replace(module_in(content), key=module_key)
    elif kind == "question":
        module = replace(module, questions=(question_in(content),))
    elif language in LANGUAGES:
        lesson = Lesson(key, 0, 0, (), (), {language: text_in(content)})
        module = replace(module, lessons=(lesson,))
    else:
        said = settings_in(content)
        module = replace(module, lessons=(Lesson(key, 0, said.minutes, said.objectives, said.sources, {}),))
    return replace(_TRACK, modules=(module,))
