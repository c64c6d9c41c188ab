"""Keeps how the two languages of a draft's texts stand (``curricula.agreement``), whenever a piece is written.

It stands with one piece of each unit (``curricula.texts``): a lesson's settings for its two languages.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from curricula.agreement import Agreement, followed
from curricula.model import LANGUAGES
from curricula.pieces import Piece
from curricula.texts import Texts, texts_in, texts_in_question, texts_of, together, unit_of
from lms.models import Draft, DraftPiece


def begun(found: Iterable[Piece]) -> dict[str, dict[str, object]]:
    """What to keep with each unit of new pieces, by path: everything that is in two languages agrees."""
    units: dict[str, list[Texts]] = {}
    for each in found:
        said = texts_in_question(each.question) if each.question else texts_in(each.path, each.content)
        units.setdefault(unit_of(each.path), []).append(said)
    texts = {unit: together(parts) for unit, parts in units.items()}
    return {unit: followed(Agreement(), said, said, said).as_json() for unit, said in texts.items()}


def saved(session: Session, row: DraftPiece, before: bytes, began: bytes | None) -> None:
    """Keep how the texts of a piece stand, now that it is saved.

    ``before``: its content until then; ``began``: when this stretch of work began, None when it was not there.
    """
    rows = of_unit(session, row.draft_id, unit_of(row.path))
    contents = {path: each.content for path, each in rows.items()}
    first = texts_of({path: said for path, said in {**contents, row.path: began}.items() if said is not None})
    _keep(session, rows, unit_of(row.path), texts_of({**contents, row.path: before}), first)


def counted(session: Session, draft_id: int, paths: Sequence[str]) -> None:
    """Keep how lessons stand, now that pieces of theirs were added or removed. Those that came whole are counted."""
    touched = Counter(unit_of(path) for path in paths if "/lesson/" in path)
    for unit in (unit for unit, count in touched.items() if count <= len(LANGUAGES)):
        rows = of_unit(session, draft_id, unit)
        now = texts_of({path: each.content for path, each in rows.items()})
        _keep(session, rows, unit, now, now)


def agree(session: Session, draft: Draft, unit: str, names: set[str]) -> None:
    """Say that both sides of these texts say the same."""
    row = session.scalars(select(DraftPiece).filter_by(draft_id=draft.id, path=unit)).one()
    row.agreed = Agreement.of_json(row.agreed).agreed(names).as_json()
    session.flush()


def of_unit(session: Session, draft_id: int, unit: str) -> dict[str, DraftPiece]:
    """The pieces of a unit by path, with their contents."""
    paths = [unit, *(f"{unit}/{language}" for language in LANGUAGES if "/lesson/" in unit)]
    query = select(DraftPiece).where(DraftPiece.draft_id == draft_id, DraftPiece.path.in_(paths))
    return {row.path: row for row in session.scalars(query.options(undefer(DraftPiece.content)))}


def _keep(session: Session, rows: dict[str, DraftPiece], unit: str, before: Texts, began: Texts) -> None:
    holder = rows.get(unit)
    if holder is not None:  # a lesson may come back language by language, its settings last
        now = texts_of({path: row.content for path, row in rows.items()})
        holder.agreed = followed(Agreement.of_json(holder.agreed), before, now, began).as_json()
        session.flush()
