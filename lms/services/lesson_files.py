"""The images of a module while it is written."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from curricula.files import MOST_MEGAPIXELS, TOO_MANY_PIXELS, media_of, refusals_of, too_many_pixels
from curricula.pieces import Piece
from curricula.problems import Place, Problem
from curricula.references import references
from curricula.render import FILES
from lms.models import Draft, DraftPiece
from lms.services import drafts, lesson_drafts
from lms.services.words import slug

_ENDINGS = {
    "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg",
}  # fmt: skip


class NotTaken(ValueError):
    """A file that is no image we take; ``problems`` say why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


class Used(Exception):
    """An image that lessons show."""


@dataclass(frozen=True)
class Image:
    """An image of a module: its name, its edition, and the keys of the lessons that show it."""

    name: str
    edition: int
    lessons: tuple[str, ...] = ()


def file_path(module: str, name: str) -> str:
    """The piece of an image."""
    return f"{module}/{FILES}{name}"


def files(session: Session, draft: Draft, module: str) -> dict[str, int]:
    """The edition of each image of a module, by name."""
    rows = drafts.listed(session, draft, file_path(module, ""))
    return {row.path.removeprefix(file_path(module, "")): row.edition for row in sorted(rows, key=lambda row: row.path)}


def images(session: Session, draft: Draft, module: str) -> list[Image]:
    """The images of a module, with where they are shown."""
    shown: dict[str, list[str]] = {}
    for lesson in lesson_drafts.lessons(session, draft, module):
        for text in lesson.texts.values():
            for found in references(text.body):
                if found.image:
                    shown.setdefault(found.target.removeprefix(FILES), []).append(lesson.key)
    known = files(session, draft, module)
    return [Image(name, edition, tuple(dict.fromkeys(shown.get(name, ())))) for name, edition in known.items()]


def keep(session: Session, draft: Draft, module: str, filename: str, content: bytes, person_id: int | None) -> str:
    """Add an image to a module; gives its name there, made from its file's. The same image is kept once.

    Raises ``NotTaken`` and ``Frozen``.
    """
    name = _name(filename, content)
    _check(name, content)
    drafts.hold(session, draft)
    stem, _dot, ending = name.rpartition(".")
    number = 1
    while (row := drafts.piece(session, draft, file_path(module, name))) is not None and row.content != content:
        number += 1
        name = f"{stem}-{number}.{ending}"
    if row is None:
        drafts.add(session, draft, [Piece(file_path(module, name), content)], person_id)
    return name


def replace(
    session: Session, draft: Draft, module: str, name: str, content: bytes, edition: int, person_id: int | None
) -> DraftPiece:
    """Put another image in the place of one, under its name. Raises ``NotTaken``, ``Frozen`` and ``Conflict``."""
    _check(name, content)
    return drafts.save(session, draft, file_path(module, name), content, edition, person_id)


def remove(session: Session, draft: Draft, module: str, name: str, person_id: int | None) -> None:
    """Remove an image that no lesson shows. Raises ``Used`` and ``Frozen``."""
    drafts.hold(session, draft)
    if any(image.name == name and image.lessons for image in images(session, draft, module)):
        raise Used
    drafts.remove(session, draft, file_path(module, name), person_id)


def _check(name: str, content: bytes) -> None:
    place = Place(name, "")
    problems = refusals_of(place, name, content)
    if too_many_pixels(content):
        problems.append(place.problem(0, *TOO_MANY_PIXELS, most=MOST_MEGAPIXELS))
    if problems:
        raise NotTaken(problems)


def _name(filename: str, content: bytes) -> str:
    stem = slug(filename.rpartition(".")[0] or filename)
    return f"{stem or 'image'}.{_ENDINGS.get(media_of(content) or '', 'png')}"
