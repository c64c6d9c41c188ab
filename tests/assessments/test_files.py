"""A file is what its content says: its name opens no door, and nothing in it may run or unfold."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.files import KINDS, NAME, FileRefused, cleaned, identified
from tests.works_in_test import PDF, docx, opendocument, zipped

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
EXE = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + bytes(60)
XLSX = zipped({"[Content_Types].xml": '<T C="application/x-spreadsheetml.sheet.main+xml"/>', "xl/workbook.xml": "<w/>"})


def why(name: str, content: bytes) -> str:
    with pytest.raises(FileRefused) as refusal:
        identified(name, content)
    assert refusal.value.fix, "what to do is said"
    return refusal.value.what % refusal.value.values if refusal.value.values else refusal.value.what


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("Dossier final.PDF", PDF, "Dossier final.pdf"),
        ("registre.docx", PDF, "registre.pdf"),
        ("photo.jpeg", b"\xff\xd8\xff\xe0" + bytes(9), "photo.jpg"),
        ("schéma.png", PNG, "schéma.png"),
        ("note.docx", docx(), "note.docx"),
        ("note.odt", opendocument(), "note.odt"),
        ("comptes", opendocument("spreadsheet"), "comptes.ods"),
        ("comptes.xlsx", XLSX, "comptes.xlsx"),
        ("mesures.csv", "jour;délai\r\n1;18\r\n".encode("cp1252"), "mesures.csv"),
        ("mesures.TXT", "délai : 18 jours\n".encode(), "mesures.txt"),
    ],
)
def test_a_file_is_told_by_its_content(name: str, content: bytes, found: str) -> None:
    file = identified(name, content)
    assert file.name == found
    assert file.media == KINDS[found.rpartition(".")[2]]


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("rapport.pdf", EXE, "not a kind of file"),
        ("rapport.txt", EXE, "not a kind of file"),
        ("page.html", b"<script>alert(1)</script>", "not a kind of file"),
        ("dessin.svg", b"<svg onload='x'/>", "not a kind of file"),
        ("rapport.pdf", b"", "empty"),
        ("archive.docx", zipped({"notes.txt": "rien"}), "not a kind of file"),
        ("rapport.docx", docx(word__vbaProject_bin=b"x"), "macros"),
        ("comptes.ods", opendocument("spreadsheet", Basic__Standard__Module1_xml=b"x"), "macros"),
        ("rapport.odt", opendocument(Scripts__python__a_py=b"x"), "macros"),
        ("rapport.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old format"),
        ("bombe.docx", docx(word__media_bin=bytes(40_000_000)), "unpacks"),
        ("bombe.odt", zipped({f"{n}": bytes(9_000_000) for n in range(8)}), "unpacks"),
        ("tordu.docx", zipped({"../../etc/passwd": "x"}), "leads out"),
        ("abîmé.docx", docx()[:-40], "damaged"),
    ],
)  # fmt: skip
def test_what_could_harm_is_refused_with_its_reason(name: str, content: bytes, what: str) -> None:
    assert what in why(name, content)


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    content = docx(word__media_bin=bytes(2_000_000))
    lying = content.replace((2_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != content
    assert why("note.docx", lying)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("C:\\Users\\ada\\note.doc", "docx", "note.docx"),
        ("../../etc/passwd", "txt", "passwd.txt"),
        ("a\u202efdp.exe", "pdf", "afdp.pdf"),
        ("n<o>t:e?.pdf", "pdf", "n-o-t-e-.pdf"),
        ("...", "pdf", "document.pdf"),
        ("  note \n finale .pdf ", "pdf", "note finale.pdf"),
        ("version 2.1 du rapport.pdf", "pdf", "version 2.1 du rapport.pdf"),
        ("", "png", "document.png"),
    ],
)
def test_a_name_keeps_what_people_read(name: str, kind: str, said: str) -> None:
    assert cleaned(name, kind) == said


@given(st.text(), st.sampled_from(sorted(KINDS)))
def test_any_name_is_one_that_systems_take(name: str, kind: str) -> None:
    said = cleaned(name, kind)
    assert 0 < len(said) <= NAME
    assert said.endswith(f".{kind}")
    assert said.isprintable()
    assert not set(said) & set('/\\<>:"|?*')
    assert not said.startswith(".")
    assert cleaned(said, kind) == said


@given(
    st.binary(max_size=200),
    st.sampled_from(["a.pdf", "a.docx", "a.txt", "a.csv", "a"]),
    st.sampled_from([b"", b"PK\x03\x04"]),
)
def test_anything_at_all_is_told_or_refused(content: bytes, name: str, start: bytes) -> None:
    with suppress(FileRefused):
        assert identified(name, start + content).kind in KINDS
