"""What PostgreSQL writes is, byte for byte, what Python writes of the same rows, however hostile."""

from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from export_samples import COLUMNS, FORMULAS, ORIGIN
from sqlalchemy.orm import Session

from lms.csv_copy import can_copy
from lms.exports import csv_fr, csv_plain
from lms.models.base import UtcDateTime
from lms.selected_rows import rows_of
from lms.tables import Export, Extraction, Selected, Table

SAMPLE = sa.Table(
    "copy_sample", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String),
    sa.Column("siret", sa.String), sa.Column("count", sa.Integer), sa.Column("hours", sa.Numeric(12, 2)),
    sa.Column("score", sa.Numeric(12, 4)), sa.Column("day", UtcDateTime), sa.Column("seen", UtcDateTime),
    sa.Column("cost", sa.BigInteger), prefixes=["TEMPORARY"],
)  # fmt: skip
TEXTS = [
    *FORMULAS, "", "a;b", "a,b", 'say "x"', "two\nlines", "two\r\nlines", "one\rline", "\\.", "\\N", " spaces ",
    "é😀\u202f阿", "'", "'=1", "100 %", "%(x)s", "NULL", "\t", "{1}", "a\\b",
]  # fmt: skip
NIGHT = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # already 1 April in Paris


def rows() -> Generator[dict[str, Any], None, None]:
    for number, text in enumerate(TEXTS):
        cents = (-1) ** number * 37 * number
        yield {
            "name": text, "siret": "01234567890123", "count": number - 5, "hours": Decimal(number) / 4,
            "score": Decimal("0.6999"), "day": NIGHT, "seen": NIGHT, "cost": cents,
        }  # fmt: skip
    yield dict.fromkeys([column.key for column in COLUMNS])
    yield {**dict.fromkeys([column.key for column in COLUMNS]), "cost": -9_000_000_000_00}


@pytest.mark.parametrize("export", [csv_fr.EXPORT, csv_plain.EXPORT], ids=["french", "plain"])
def test_both_hands_write_the_same(session: Session, export: Export) -> None:
    SAMPLE.create(session.connection())
    session.execute(sa.insert(SAMPLE), [{"id": number, **row} for number, row in enumerate(rows())])
    # What is bound, filters included, is bound here too.
    statement = sa.select(*(SAMPLE.c[column.key] for column in COLUMNS)).where(SAMPLE.c.id != -1).order_by(SAMPLE.c.id)
    columns = COLUMNS
    read = rows_of(columns, lambda _extraction, _filters: statement)
    counts: list[int] = []

    def table() -> Table:
        found = read(session, Extraction(NIGHT, "", ""), {})
        return Table("sample", "Sample", "fr", columns, found, replace(ORIGIN, filters='a;b, "c"'))

    by_python = b"".join(export.chunks(table()))
    selected = replace(table(), selected=Selected(session, statement, counts.append))
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    assert can_copy(selected) == on_postgresql
    assert b"".join(export.chunks(selected)) == by_python
    assert by_python.count(b"\r\n") > len(TEXTS)
    assert counts == ([len(TEXTS) + 2] if on_postgresql else [])
    empty = statement.where(sa.false())
    assert b"".join(export.chunks(replace(table(), selected=Selected(session, empty)))).count(b"\r\n") == (
        1 if on_postgresql else by_python.count(b"\r\n")
    )
