"""A French CSV opens as it is in French tools, and nothing in it runs."""

import csv
from io import StringIO
from pathlib import Path

import pytest
from export_samples import COLUMNS, FORMULAS, table, texts, written
from hypothesis import given
from hypothesis import strategies as st

from lms.exports.csv_fr import EXPORT
from lms.tables import Table


def read(source: Table) -> list[dict[str, str]]:
    text = b"".join(EXPORT.chunks(source)).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text, newline=""), delimiter=";", strict=True))


def test_bytes_are_those_french_tools_expect(tmp_path: Path) -> None:
    lines = written(EXPORT, table(), tmp_path).read_bytes().split(b"\r\n")
    assert lines[0].startswith("\ufeffnom;SIRET;nombre;durée (h);score;achevé le;vu le;coût;".encode())
    assert lines[1].startswith('"Éloïse « D\'Arc »; fille";01234567890123;3;2,50;0,30;01/02/2026;'.encode())
    assert b";20/11/2026 08:05;-333333,33;" in lines[1]
    assert lines[-1] == b""


def test_every_cell_comes_back() -> None:
    rows = read(table())
    assert [row["SIRET"] for row in rows] == ["01234567890123", "", "", "00000000000000"]
    assert [row["score"] for row in rows] == ["0,30", "0,00", "", "0,6999"]
    assert [row["achevé le"] for row in rows] == ["01/02/2026", "31/12/1999", "", "29/02/2024"]
    assert [row["coût"] for row in rows] == ["-333333,33", "0,00", "", "0,01"]
    assert rows[3]["nom"] == 'deux\nlignes "citées"'
    assert [row[column.label["fr"]] for row in rows[2:3] for column in COLUMNS] == [""] * len(COLUMNS)


def test_every_line_says_where_it_comes_from() -> None:
    for row in read(table()):
        assert row["Date d'extraction"] == "20/11/2026 08:05"
        assert row["Périmètre"] == "Plateforme Démo"
        assert row["Auteur de l'extraction"] == "Zoé Lefèvre"
        assert row["Version des définitions"] == "2026.1"
        assert row["Filtres"] == "Statut\u00a0: achevé"


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_text_that_looks_like_a_formula_is_neutralised(formula: str) -> None:
    assert read(table(texts([formula])))[0]["nom"] == "'" + formula


def test_an_empty_table_keeps_its_header() -> None:
    assert read(table([])) == []
    assert b"".join(EXPORT.chunks(table([]))).endswith(b"Filtres\r\n")


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), max_size=5))
def test_any_text_comes_back_and_none_can_run(values: list[str]) -> None:
    back = [row["nom"] for row in read(table(texts(values)))]
    assert [cell.removeprefix("'") for cell in back] == [value.removeprefix("'") for value in values]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in back)
