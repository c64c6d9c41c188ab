"""The lessons of a module while they are written: added, put back, listed with what is written in each language."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from curricula.fields import KEY
from curricula.model import LANGUAGES, LessonText
from curricula.pieces import Piece, Settings, lesson_path, settings_in, settings_piece, text_in, text_piece
from lms.models import Draft, DraftPiece
from lms.services import drafts
from lms.services.words import slug

#: No key of a lesson is longer, wherever it comes from.
LONGEST_KEY = 100


@dataclass
class Listed:
    """A lesson of a module: its number, minutes, and its text in each language where there is a piece of it."""

    key: str
    number: int
    minutes: int
    edition: int
    texts: dict[str, LessonText] = field(default_factory=dict)

    def state(self, language: str) -> str:
        """``written``, ``empty``, or ``missing`` where the language has no piece."""
        text = self.texts.get(language)
        return "missing" if text is None else "written" if text.body else "empty"

    @property
    def title(self) -> dict[str, str]:
        """Its title in each language; the other one's where it has none."""
        titles = {language: text.title for language, text in self.texts.items() if text.title}
        known = next(iter(titles.values()), "")
        return {language: titles.get(language, known) for language in LANGUAGES}


def lessons(session: Session, draft: Draft, module: str) -> list[Listed]:
    """The lessons of a module, in order."""
    found: dict[str, Listed] = {}
    rows = drafts.contents(session, draft, lesson_path(module, ""))
    for row in rows:
        key, language = _parts(row)
        if not language:
            minutes = settings_in(row.content).minutes
            found[key] = Listed(key, len(found) + 1, minutes, row.edition)
    for row in rows:
        key, language = _parts(row)
        if language and key in found:
            found[key].texts[language] = text_in(row.content)
    return list(found.values())


def add_lesson(session: Session, draft: Draft, module: str, title: str, language: str, person_id: int | None) -> str:
    """Add a lesson at the end of a module, with its title in one language; gives its key. Raises ``Frozen``."""
    drafts.hold(session, draft)
    known = {_parts(row)[0] for row in drafts.listed(session, draft, lesson_path(module, ""))}
    key = next(key for key in _keys(title) if key not in known)
    texts = {other: LessonText(title if other == language else "", (), "") for other in LANGUAGES}
    drafts.add(session, draft, list(_pieces(module, key, texts)), person_id)
    return key


def put_back(
    session: Session, draft: Draft, module: str, lesson: str, language: str, text: LessonText, person_id: int | None
) -> None:
    """Make a lesson, or its text in one language, that was removed while somebody wrote it. Raises ``Frozen``."""
    drafts.hold(session, draft)
    known = {row.path for row in drafts.listed(session, draft, lesson_path(module, lesson))}
    texts = {other: text if other == language else LessonText("", (), "") for other in LANGUAGES}
    found = [piece for piece in _pieces(module, lesson, texts) if piece.path not in known]
    drafts.add(session, draft, found, person_id)


def is_key(text: str) -> bool:
    """Whether a lesson may have that key."""
    return KEY.fullmatch(text) is not None and len(text) <= LONGEST_KEY


def said(title: str, able: str, body: str) -> LessonText:
    """What somebody wrote, as a lesson keeps it: ends of lines alike, one line a title and an « able »."""
    lines = (" ".join(line.split()) for line in _lines(able).split("\n"))
    text = _lines(body).strip()
    return LessonText(" ".join(title.split()), tuple(line for line in lines if line), f"{text}\n" if text else "")


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _pieces(module: str, key: str, texts: dict[str, LessonText]) -> Iterator[Piece]:
    yield Piece(lesson_path(module, key), settings_piece(Settings()))
    for language, text in texts.items():
        yield Piece(lesson_path(module, key, language), text_piece(text))


def _keys(title: str) -> Iterator[str]:
    base = slug(title) or "lesson"
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


def _parts(row: DraftPiece) -> tuple[str, str]:
    """The key of a lesson's piece, and its language; none for its settings."""
    _module, _kind, key, *language = row.path.split("/")
    return key, "".join(language)
