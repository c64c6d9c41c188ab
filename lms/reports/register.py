"""The AI-literacy registers as one table: the eight parts of each, field by field; agents by number, without names."""

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from lms.models import Register
from lms.services import literacy, literacy_editions
from lms.services.literacy_content import whole
from lms.services.literacy_fields import PARTS
from lms.services.literacy_words import Speaker
from lms.tables import Column, Extraction, Filter, Report, Row

COLUMNS = (
    Column("unit", {"fr": "organisation", "en": "organisation"}),
    Column("part", {"fr": "partie", "en": "part"}),
    Column("item", {"fr": "élément", "en": "item"}),
    Column("field", {"fr": "champ", "en": "field"}),
    Column("value", {"fr": "valeur", "en": "value"}),
    Column("date", {"fr": "date", "en": "date"}, "date"),
)

FILTERS = (
    Filter("unit", {"fr": "Code de l'organisation", "en": "Code of the organisation"}),
    Filter("edition", {"fr": "Édition signée", "en": "Signed edition"}),
)


def rows(session: Session, extraction: Extraction, filters: Mapping[str, Any]) -> Generator[Row, None, None]:
    """The lines of each register in scope as it is now, or of the edition of that number."""
    for row in literacy.registers(session, extraction.scope_filter):
        if filters.get("unit") not in (None, row.unit.code):
            continue
        for content in _contents(session, row, extraction, filters.get("edition")):
            for part, item, field, value, on in Speaker(content, extraction.language).lines():
                named = f"{part}. {PARTS[part][extraction.language]}"
                yield (content["unit"]["name"], named, item, field, value, on)


def _contents(
    session: Session, row: Register, extraction: Extraction, edition: str | None
) -> Iterator[Mapping[str, Any]]:  # fmt: skip
    if edition is None:
        yield whole(session, row, extraction.at)
    elif edition.isdecimal() and len(edition) < 10:
        found = literacy_editions.edition(session, row.id, int(edition))
        if found is not None:
            yield literacy_editions.content_of(found)


REPORT = Report(
    key="register",
    title={"fr": "Registre de maîtrise de l'IA", "en": "AI-literacy register"},
    description={
        "fr": "Les huit parties du registre, champ par champ, à la date de l'extraction ou d'une édition signée.",
        "en": "The eight parts of the register, field by field, as of the extraction or of a signed edition.",
    },
    columns=COLUMNS,
    filters=FILTERS,
    rows=rows,
    nominative=True,
)
