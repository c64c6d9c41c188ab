"""JSON keeps every value exact and says where the file comes from."""

import json
from decimal import Decimal

from export_samples import COLUMNS, FORMULAS, table, texts

from lms.exports.json_file import EXPORT


def test_values_come_back_exact() -> None:
    file = json.loads(b"".join(EXPORT.chunks(table())), parse_float=Decimal)
    assert file["count"] == 4
    assert file["rows"][0] == {
        "name": "Éloïse « D'Arc »; fille",
        "siret": "01234567890123",
        "count": 3,
        "hours": Decimal("2.5"),
        "score": Decimal("0.3"),
        "day": "2026-02-01",
        "seen": "2026-11-20T07:05:00+00:00",
        "cost": -33333333,
    }
    assert file["rows"][2] == {column.key: None for column in COLUMNS}
    assert file["rows"][3]["score"] == Decimal("0.6999")
    assert file["columns"][7] == {"key": "cost", "label": "coût", "kind": "cents"}
    assert file["provenance"] == {
        "extracted_at": "2026-11-20T07:05:00+00:00",
        "scope": "Plateforme Démo",
        "author": "Zoé Lefèvre",
        "definitions": "2026.1",
        "filters": "Statut\u00a0: achevé",
    }


def test_texts_are_left_as_they_are() -> None:
    file = json.loads(b"".join(EXPORT.chunks(table(texts(FORMULAS)))))
    assert [row["name"] for row in file["rows"]] == FORMULAS


def test_an_empty_table_is_a_valid_file() -> None:
    file = json.loads(b"".join(EXPORT.chunks(table([]))))
    assert (file["rows"], file["count"]) == ([], 0)
