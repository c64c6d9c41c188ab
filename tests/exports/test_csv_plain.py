"""A plain CSV is read by any program, in any language; and nothing in it runs in a spreadsheet."""

import csv
from io import StringIO

import pytest
from export_samples import COLUMNS, FORMULAS, table, texts

from lms.exports.csv_plain import EXPORT
from lms.tables import Table


def read(source: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(b"".join(EXPORT.chunks(source)).decode(), newline=""), strict=True))


def test_cells_are_in_the_forms_of_programs() -> None:
    first, second, third, fourth = read(table())
    assert first == {
        "name": "Éloïse « D'Arc »; fille", "siret": "01234567890123", "count": "3", "hours": "2.50", "score": "0.30",
        "day": "2026-02-01", "seen": "2026-11-20T07:05:00+00:00", "cost": "-333333.33",
        "extracted_at": "2026-11-20T07:05:00+00:00", "scope": "Plateforme Démo", "author": "Zoé Lefèvre",
        "definitions": "2026.1", "filters": "Statut\u00a0: achevé",
    }  # fmt: skip
    assert (second["cost"], fourth["cost"], fourth["name"]) == ("0.00", "0.01", 'deux\nlignes "citées"')
    assert [third[column.key] for column in COLUMNS] == [""] * len(COLUMNS)


def test_headings_are_the_same_in_every_language() -> None:
    assert b"".join(EXPORT.chunks(table([], "en"))) == b"".join(EXPORT.chunks(table([], "fr")))
    assert not b"".join(EXPORT.chunks(table([]))).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_text_that_looks_like_a_formula_is_neutralised(formula: str) -> None:
    assert read(table(texts([formula])))[0]["name"] == "'" + formula
