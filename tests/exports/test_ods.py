"""ODS cells have types and are read back equal by a reader that owes us nothing; nothing in the file is a formula."""

import struct
import xml.etree.ElementTree as ET
import zipfile
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from export_samples import COLUMNS, FORMULAS, ROWS, table, texts, written
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from lms.exports import ods
from lms.exports.ods import EXPORT
from lms.tables import Table, TooManyRows


def read(source: Table, sheet: int = 0) -> list[list[object]]:
    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(EXPORT.chunks(source))))
    return book.get_sheet_by_index(sheet).to_python()  # type: ignore[return-value]


def test_cells_come_back_with_their_types() -> None:
    head, first, second, third, fourth = read(table())
    assert head == [column.label["fr"] for column in COLUMNS]
    moment = datetime(2026, 11, 20, 8, 5)  # noqa: DTZ001 - a spreadsheet has no time zone
    assert first == [ROWS[0][0], "01234567890123", 3, 2.5, 0.3, date(2026, 2, 1), moment, -333333.33]
    assert second[2:5] == [0, 0, 0]
    assert third == [""] * len(COLUMNS)
    assert fourth[:5] == ['deux\nlignes "citées"', "00000000000000", -1, 13, 0.6999]
    assert [type(value) for value in first] == [str, str, float, float, float, date, datetime, float]


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    assert [row[0] for row in read(table(texts(FORMULAS)))[1:]] == FORMULAS
    with zipfile.ZipFile(written(EXPORT, table(texts(FORMULAS)), tmp_path)) as archive:
        content = archive.read("content.xml")
    assert b"table:formula" not in content
    assert b"text:a" not in content


def test_the_last_sheet_says_where_the_file_comes_from() -> None:
    assert read(table(), 1) == [
        ["Élément", "Valeur"],
        ["Date d'extraction", datetime(2026, 11, 20, 8, 5)],  # noqa: DTZ001
        ["Périmètre", "Plateforme Démo"],
        ["Auteur de l'extraction", "Zoé Lefèvre"],
        ["Version des définitions", "2026.1"],
        ["Filtres", "Statut\u00a0: achevé"],
    ]


def test_the_file_is_a_package_that_readers_know(tmp_path: Path) -> None:
    path = written(EXPORT, table(), tmp_path)
    data = path.read_bytes()
    # By its first bytes, as systems tell files: a name of 8 letters, nothing extra, not compressed, its size known.
    assert data[30:38] == b"mimetype"
    assert data[38:84] == b"application/vnd.oasis.opendocument.spreadsheet"
    flags, method = struct.unpack_from("<2H", data, 6)
    assert (flags, method, struct.unpack_from("<H", data, 28)[0]) == (0, 0, 0)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "mimetype"
        for name in archive.namelist()[1:]:
            ET.fromstring(archive.read(name))
        assert set(archive.namelist()[1:]) == {
            "META-INF/manifest.xml", "meta.xml", "settings.xml", "styles.xml", "content.xml"
        }  # fmt: skip


def test_an_empty_table_keeps_its_header() -> None:
    assert read(table([]))[0] == [column.label["fr"] for column in COLUMNS]


def test_a_full_sheet_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ods, "SHEET_LINES", 4)
    monkeypatch.setattr(ods, "BATCH", 5)
    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(EXPORT.chunks(table(texts("abcdefg"))))))
    assert book.sheet_names == ["Relevé 2026", "Relevé 2026 (2)", "Relevé 2026 (3)", "Provenance"]
    sheets = [book.get_sheet_by_index(number).to_python() for number in range(3)]
    assert [[row[0] for row in sheet] for sheet in sheets] == [["nom", *"abc"], ["nom", *"def"], ["nom", "g"]]


def test_a_content_that_a_zip_cannot_say_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lms.zip_stream.LARGEST", 20_000)
    with pytest.raises(TooManyRows):
        list(EXPORT.chunks(table(texts("a" * 1000))))


def test_what_xml_cannot_say_does_not_spoil_the_file() -> None:
    assert read(table(texts(["a\x00b\x0bc\ufffe\ud800"])))[1][0] == "a\ufffdb\ufffdc\ufffd\ufffd"


SAYABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\x00\x0b\x0c\ufffe\uffff", min_codepoint=9)


@given(st.lists(st.text(SAYABLE.filter(lambda sign: sign >= " " or sign in "\t\n\r"), min_size=1), max_size=5))
def test_any_text_comes_back(values: list[str]) -> None:
    assert [row[0] for row in read(table(texts(values)))[1:]] == values


def test_an_error_while_reading_rows_is_not_swallowed() -> None:
    def rows() -> object:
        yield ROWS[0]
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        list(EXPORT.chunks(table(rows())))  # type: ignore[arg-type]
