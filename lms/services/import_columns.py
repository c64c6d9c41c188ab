"""Which field each column of a file holds: guessed from its heading, or as somebody said for files of that source."""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.cells import N_, UnreadableFile, plain
from lms.models import ImportSource
from lms.services.import_fields import KINDS
from lms.sheets import Sheet

#: The field of each column, None for those passed by.
Columns = tuple[str | None, ...]


def heading_test(kind: str, source: ImportSource | None) -> Callable[[str], bool]:
    """Whether a cell is a heading of such files, to find their header."""
    known = {plain(heading) for heading, field in (source.columns if source else {}).items() if field}
    for field in KINDS[kind].values():
        known.update((plain(field.heading), *field.others))
    return lambda heading: plain(heading) in known


def guess(kind: str, headings: Sequence[str], source: ImportSource | None = None) -> Columns:
    """The field of each column: as the source has it, else by its heading."""
    said = source.columns if source else {}
    return tuple(said[heading] if heading in said else _named(kind, plain(heading)) for heading in headings)


def check(kind: str, columns: Columns) -> None:
    """Raises ``UnreadableFile`` when a column is read twice, or one that every row needs is missing."""
    fields = KINDS[kind]
    twice = [field.heading for field in fields.values() if columns.count(field.key) > 1]
    if twice:
        raise UnreadableFile(
            N_("Two columns are read as the same one: %(names)s."),
            N_("Keep one column for each."),
            names=", ".join(twice),
        )
    missing = [field.heading for field in fields.values() if field.required and field.key not in columns]
    if missing:
        raise UnreadableFile(
            N_("Columns are missing: %(names)s."),
            N_("Put these headings above the rows, or say which columns hold them; their order is free."),
            names=", ".join(missing),
        )


def ignored(sheet: Sheet, columns: Columns) -> list[str]:
    """Headings of the columns passed by."""
    return [heading for heading, field in zip(sheet.headings, columns, strict=True) if heading and field is None]


def sources(session: Session, kind: str) -> list[ImportSource]:
    """Where files of that kind came from, by name."""
    return list(session.scalars(select(ImportSource).filter_by(kind=kind).order_by(ImportSource.name)))


def source_of(session: Session, kind: str, name: str) -> ImportSource | None:
    """The source of that name, if one was saved."""
    return session.scalars(select(ImportSource).filter_by(kind=kind, name=name)).first() if name else None


def save(session: Session, kind: str, name: str, headings: Sequence[str], columns: Columns) -> ImportSource:
    """Remember how files of that source are read; headings it had before and this file has not are kept."""
    said = {heading: field for heading, field in zip(headings, columns, strict=True) if heading}
    source = source_of(session, kind, name)
    if source is None:
        source = ImportSource(kind=kind, name=name, columns={})
        session.add(source)
    source.columns = {**source.columns, **said}
    session.flush()
    return source


def _named(kind: str, heading: str) -> str | None:
    return next((field.key for field in KINDS[kind].values() if field.called(heading)), None)
