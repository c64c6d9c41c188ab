"""Files as spreadsheets give them: any encoding, any delimiter, titles above, merged headings, hidden sheets, harm."""

import hashlib
from contextlib import suppress
from datetime import date
from decimal import Decimal
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.cells import UnreadableFile, plain
from lms.sheets import Sheet, open_sheet
from tests.workbooks_in_test import Formula, Page, ods, xlsx

KNOWN = {"matricule", "nom", "prenom", "versant", "siret", "2026 ae", "2026 cp", "2027 ae", "2027 cp"}
BOTH = pytest.mark.parametrize("write", [xlsx, ods])


def known(heading: str) -> bool:
    return plain(heading) in KNOWN


def read(content: bytes | BytesIO, **options: str) -> Sheet:
    return open_sheet(content if isinstance(content, BytesIO) else BytesIO(content), known, **options)


def refused(content: bytes | BytesIO, **options: str) -> str:
    with pytest.raises(UnreadableFile) as caught:
        list(read(content, **options).rows())
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_csv_of_any_tool(encoding: str, delimiter: str, end: str) -> None:
    lines = ["Matricule;Nom;Prénom", '1;"Lefèvre;é"', '2;"a"";b";Zoé;;', ";;", "3;c;d;e"]
    content = end.join(line.replace(";", delimiter) for line in lines).encode(encoding)
    sheet = read(content)
    assert (sheet.kind, sheet.headings, sheet.header_line) == ("csv", ("Matricule", "Nom", "Prénom"), 1)
    assert (sheet.delimiter, sheet.size, sheet.sha256) == (delimiter, len(content), hashlib.sha256(content).hexdigest())
    assert list(sheet.rows()) == [
        (2, ["1", f"Lefèvre{delimiter}é", None]), (3, ["2", f'a"{delimiter}b', "Zoé"]), (5, ["3", "c", "d", "e"])
    ]  # fmt: skip


def test_titles_above_are_passed_by() -> None:
    lines = ["sep=;", "Effectifs au 1er janvier, extraction", ";;", "Matricule;Nom;Prénom;Note", "1;A;B;"]
    sheet = read("\n".join(lines).encode())
    assert (sheet.header_line, sheet.headings) == (4, ("Matricule", "Nom", "Prénom", "Note"))
    assert list(sheet.rows()) == [(5, ["1", "A", "B", ""])]


def test_unknown_headings_are_still_a_header() -> None:
    assert read(b"Titre\nun|deux|trois\na|b|c").headings == ("un", "deux", "trois")


@BOTH
def test_merged_headings_are_joined(write: type) -> None:
    page = Page(
        "Budget",
        [
            ["Budget de formation", None, None, None, None, None],
            [None],
            ["Matricule", "Identité", None, 2026, None, 2027, None],
            [None, "Nom", "Prénom", "AE", "CP", "AE", "CP"],
            ["00042", "Lefèvre", "Zoé", 1234.56, 12, date(2026, 1, 3), True],
        ],
        ["A1:F1", "A3:A4", "B3:C3", "D3:E3", "F3:G3"],
    )
    sheet = read(write(page))
    assert (sheet.kind, sheet.name, sheet.names, sheet.header_line) == (write.__name__, "Budget", ("Budget",), 4)
    assert sheet.headings == ("Matricule", "Nom", "Prénom", "2026 AE", "2026 CP", "2027 AE", "2027 CP")
    ((line, row),) = sheet.rows()
    assert (line, row) == (5, ["00042", "Lefèvre", "Zoé", Decimal("1234.56"), 12, date(2026, 1, 3), True])


@BOTH
def test_the_sheet_people_see_is_read_unless_another_is_asked(write: type) -> None:
    book = write(
        Page("Lisez-moi", [["Bonjour"]]),
        Page("Archive", [["Matricule", "Nom", "Prénom"], ["9", "Z", "Z"]], hidden=True),
        Page("Agents & Cie", [["Matricule", "Nom"], [1, "A"]]),
    )
    sheet = read(book)
    assert (sheet.name, list(sheet.rows())) == ("Agents & Cie", [(2, [1, "A"])])
    assert sheet.names == ("Lisez-moi", "Archive", "Agents & Cie")
    assert list(read(book, sheet="Archive").rows()) == [(2, ["9", "Z", "Z"])]
    assert "Agents & Cie" in refused(book, sheet="Nulle part")


@BOTH
def test_formulas_give_their_value(write: type) -> None:
    rows = [["Matricule", "Nom", "Siret", "Versant"], [Formula("=1+1", 2), Formula("=A1", "Max"), 3.21e13, None]]
    assert list(read(write(Page("F", rows))).rows()) == [(2, [2, "Max", 32_100_000_000_000, None])]


@BOTH
def test_errors_of_formulas_are_seen_as_such(write: type) -> None:
    rows = [["Matricule", "Nom"], [1, "A"], [Formula("=1/0", "#DIV/0!"), "A"], ["B", Formula("=X", "#REF!")]]
    book = write(Page("Autre", [["Nom"], [Formula("=X", "#N/A")]]), Page("F", rows))
    assert list(read(book).rows()) == [(2, [1, "A"]), (3, ["#DIV/0!", "A"]), (4, ["B", "#REF!"])]


@BOTH
def test_two_hundred_columns_and_notes_beside_the_table(write: type) -> None:
    sheet = read(write(Page("L", [["Matricule", *(f"c{at}" for at in range(199))], [7, *range(199), None, "note"]])))
    assert (len(sheet.headings), len(next(sheet.rows())[1])) == (200, 200)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"), (b"\n;;\n", "empty"), (b"%PDF-1.7\n", "neither"), (b"\x89PNG\r\n\x1a\n\0\0\0", "neither"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old workbook"), (b"PK\x03\x04 broken", "damaged"),
        (b'nom;matricule\n"a;b\n', "quotation mark"), (b"nom;matricule\n" + b"a" * 1_100_000, "million characters"),
        (b"\xff\xfea\0\0\xd8", "neither"), (xlsx(), "empty"), (xlsx(Page("V", [])), "empty"),
        (xlsx(Page("W", [[f"c{at}" for at in range(1001)]])), "1001 columns"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_says_why(content: bytes | BytesIO, says: str) -> None:
    assert says in refused(content)


def test_a_file_too_large_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="1 MB"):
        open_sheet(BytesIO(b"nom\n" + b"a\n" * 600_000), known, max_bytes=1_000_000)


def test_a_workbook_that_asks_for_all_the_memory_is_refused() -> None:
    # Three cells, far apart: a table of sixteen thousand million.
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    assert "memory" in refused(xlsx(Page("Loin", [["Matricule", "Nom"], [1, 2]], more=far)))
    wide = "".join(
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16384" '
        'office:value-type="float" office:value="1"/></table:table-row>'
        for _ in range(2)
    )
    assert "workbook" in refused(ods(Page("Loin", [["Matricule", "Nom"], [1, 2]], more=wide)))


@settings(max_examples=300)
@given(st.binary())
def test_any_bytes_end_as_rows_or_as_an_explained_refusal(content: bytes) -> None:
    with suppress(UnreadableFile):
        list(read(content).rows())


@settings(max_examples=15)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([xlsx, ods]))(Page("A", [["Matricule", "Nom"], [1, "B"]])).getvalue())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(UnreadableFile):
        list(read(bytes(content)).rows())


def test_a_sheet_followed_by_what_is_no_xml_is_said_to_be_damaged() -> None:
    """It was said to ask for too much memory: the reader of errors raised what nobody caught (found by make fuzz)."""
    content = ods(Page("A", [["Matricule", "Nom"], [1, "B"]])).getvalue()
    with ZipFile(BytesIO(content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    files["content.xml"] += b"</too></many>"
    changed = BytesIO()
    with ZipFile(changed, "w") as packed:
        for name, part in files.items():
            packed.writestr(name, part)
    with pytest.raises(UnreadableFile) as refusal:
        list(read(changed.getvalue()).rows())
    assert "damaged" in str(refusal.value)
