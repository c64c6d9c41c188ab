"""Reports that are one statement: their rows read from it, where the database does not write the file itself."""

from collections.abc import Callable, Generator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from lms.i18n import ZONE
from lms.tables import Column, Extraction, Row

#: Rows fetched at a time.
BATCH = 1000
Selecting = Callable[[Extraction, Mapping[str, Any]], Select[Any]]


def rows_of(
    columns: tuple[Column, ...], selecting: Selecting
) -> Callable[[Session, Extraction, Mapping[str, Any]], Generator[Row, None, None]]:
    """The ``rows`` of a report: the statement gives its columns in order, a moment for what is a day in France."""
    days = [place for place, column in enumerate(columns) if column.kind == "date"]

    def rows(session: Session, extraction: Extraction, filters: Mapping[str, Any]) -> Generator[Row, None, None]:
        found = session.execute(selecting(extraction, filters), execution_options={"yield_per": BATCH})
        for row in found:
            values = list(row)
            for place in days:
                values[place] = _day(values[place])
            yield tuple(values)

    return rows


def _day(value: datetime | None) -> date | None:
    return None if value is None else value.astimezone(ZONE).date()
