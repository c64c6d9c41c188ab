"""A table with every kind of cell, and readers that owe nothing to the writers."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from lms.tables import Column, Export, Provenance, Row, Table

AT = datetime(2026, 11, 20, 7, 5, tzinfo=UTC)
LOSS = -333_333_33
ORIGIN = Provenance(AT, "Plateforme Démo", "Zoé Lefèvre", "2026.1", "Statut\u00a0: achevé")
COLUMNS = (
    Column("name", {"fr": "nom", "en": "name"}),
    Column("siret", {"fr": "SIRET", "en": "SIRET"}),
    Column("count", {"fr": "nombre", "en": "count"}, "int"),
    Column("hours", {"fr": "durée (h)", "en": "hours"}, "decimal"),
    Column("score", {"fr": "score", "en": "score"}, "rate"),
    Column("day", {"fr": "achevé le", "en": "completed on"}, "date"),
    Column("seen", {"fr": "vu le", "en": "seen on"}, "datetime"),
    Column("cost", {"fr": "coût", "en": "cost"}, "cents"),
)
ROWS: list[Row] = [
    ("Éloïse « D'Arc »; fille", "01234567890123", 3, Decimal("2.50"), Decimal("0.30"), date(2026, 2, 1), AT, LOSS),
    ("", "", 0, Decimal("0.00"), Decimal("0.00"), date(1999, 12, 31), AT, 0),
    (None, None, None, None, None, None, None, None),
    ('deux\nlignes "citées"', "00000000000000", -1, Decimal("13.00"), Decimal("0.6999"), date(2024, 2, 29), AT, 1),
]  # fmt: skip
FORMULAS = ["=1+1", "+33 6", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=HYPERLINK("http://x";"y")']


def table(rows: Iterable[Row] = ROWS, language: str = "fr") -> Table:
    """The sample table over these rows."""
    return Table("sample", "Relevé/2026", language, COLUMNS, (row for row in rows), ORIGIN)


def texts(values: Iterable[str]) -> list[Row]:
    """Rows whose first cell is each text."""
    return [(value, *(None for _ in COLUMNS[1:])) for value in values]


def written(export: Export, source: Table, folder: Path) -> Path:
    """The file the export makes of the table."""
    path = folder / f"file.{export.suffix}"
    with path.open("wb") as file:
        file.writelines(export.chunks(source))
    return path
