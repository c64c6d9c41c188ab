"""XLSX cells have types, and a text stays a text whatever it begins with."""

import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from export_samples import COLUMNS, FORMULAS, ROWS, table, texts, written
from python_calamine import CalamineWorkbook

from lms.exports import xlsx
from lms.exports.xlsx import EXPORT
from lms.tables import Table, TooManyRows


def read(source: Table, folder: Path, sheet: int = 0) -> list[list[object]]:
    book = CalamineWorkbook.from_path(written(EXPORT, source, folder))
    return book.get_sheet_by_index(sheet).to_python()  # type: ignore[return-value]


def test_cells_come_back_with_their_types(tmp_path: Path) -> None:
    head, first, second, third, fourth = read(table(), tmp_path)
    assert head == [column.label["fr"] for column in COLUMNS]
    moment = datetime(2026, 11, 20, 8, 5)  # noqa: DTZ001 - a spreadsheet has no time zone
    assert first == [ROWS[0][0], "01234567890123", 3, 2.5, 0.3, date(2026, 2, 1), moment, -333333.33]
    assert second[2:5] == [0, 0, 0]
    assert third == [""] * len(COLUMNS)
    assert fourth[:5] == ['deux\nlignes "citées"', "00000000000000", -1, 13, 0.6999]
    assert [type(value) for value in first] == [str, str, float, float, float, date, datetime, float]


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    assert [row[0] for row in read(table(texts(FORMULAS)), tmp_path)[1:]] == FORMULAS
    with zipfile.ZipFile(tmp_path / "file.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f" not in sheet.replace(b"<f/>", b"<f")
    assert b"hyperlink" not in sheet


def test_a_second_sheet_says_where_the_file_comes_from(tmp_path: Path) -> None:
    assert read(table(), tmp_path, 1) == [
        ["Élément", "Valeur"],
        ["Date d'extraction", "20/11/2026 08:05"],
        ["Périmètre", "Plateforme Démo"],
        ["Auteur de l'extraction", "Zoé Lefèvre"],
        ["Version des définitions", "2026.1"],
        ["Filtres", "Statut\u00a0: achevé"],
    ]


def test_a_sheet_name_that_spreadsheets_refuse_is_mended(tmp_path: Path) -> None:
    assert CalamineWorkbook.from_path(written(EXPORT, table(), tmp_path)).sheet_names == [
        "Relevé 2026",
        "Provenance",
    ]


def test_an_empty_table_keeps_its_header(tmp_path: Path) -> None:
    assert read(table([]), tmp_path)[0] == [column.label["fr"] for column in COLUMNS]


def test_control_characters_do_not_spoil_the_file(tmp_path: Path) -> None:
    value = "a\x00b\x0bc\ufffe_x000B_"
    assert str(read(table(texts([value])), tmp_path)[1][0]).startswith("a\x00b\x0bc")


def test_a_table_too_long_for_a_sheet_is_refused_before_any_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "SHEET_LINES", 3)
    assert len(read(table(texts("ab")), tmp_path)) == 3
    with pytest.raises(TooManyRows, match="more than 2 rows"):
        next(EXPORT.chunks(table(texts("abc"))))


def test_an_error_while_reading_rows_is_not_swallowed() -> None:
    def rows() -> object:
        yield ROWS[0]
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        list(EXPORT.chunks(table(rows())))  # type: ignore[arg-type]
