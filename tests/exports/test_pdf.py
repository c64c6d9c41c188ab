"""A paper to sign: every row, where it comes from, numbered pages, a place for a signature; or a refusal."""

from io import BytesIO

import pytest
from export_samples import COLUMNS, FORMULAS, ROWS, table, texts
from pypdf import PdfReader

from lms.exports import pdf
from lms.exports.pdf import EXPORT
from lms.tables import Column, Table, TooManyRows


def pages(source: Table) -> list[str]:
    said = [page.extract_text() for page in PdfReader(BytesIO(b"".join(EXPORT.chunks(source)))).pages]
    return [" ".join(text.replace("\u00a0", " ").split()) for text in said]


def test_a_paper_says_everything() -> None:
    (page,) = pages(table())
    for said in (
        "Relevé/2026", "Périmètre : Plateforme Démo", "Date d'extraction : 20/11/2026 08:05", "Nombre de lignes : 4",
        "Zoé Lefèvre", "2026.1", "01234567890123", "2,50", "0,6999", "29/02/2024", "-333 333,33 €", "1 / 1",
        "Date, nom, qualité et signature",
    ):  # fmt: skip
        assert said in page, said


def test_wide_rows_name_their_cells_and_leave_out_what_is_empty() -> None:
    more = tuple(Column(f"more{number}", {"fr": f"autre {number}", "en": f"other {number}"}) for number in range(3))
    rows = [(*ROWS[0], "<b>x</b>", None, ""), (*ROWS[1], "y", "z", "")]
    wide = Table("sample", "Relevé", "en", COLUMNS + more, (row for row in rows), table().provenance)
    (page,) = pages(wide)
    assert "other 0: <b>x</b>" in page
    assert "cost: -333,333.33 €" in page
    assert page.count("other 1") == 1


def test_pages_follow_and_are_numbered() -> None:
    told = pages(table(texts([f"Nom {number}" for number in range(60)])))
    assert len(told) > 1
    assert all(f"{number} / {len(told)}" in page for number, page in enumerate(told, 1))
    assert all("nom SIRET nombre durée (h)" in page for page in told[:2]), "the headings are on each page"
    whole = " ".join(told)
    assert all(f"Nom {number}" in whole for number in range(60))


def test_hostile_texts_are_only_texts() -> None:
    told = " ".join(
        pages(table(texts([*FORMULAS, "<pdf:nextpage>", "&amp;", "阿\u202f達", '<img src="/etc/passwd">'])))
    )
    assert "<pdf:nextpage>" in told
    assert '<img src="/etc/passwd">' in told
    assert "&amp;" in told


def test_nothing_to_say_is_said() -> None:
    assert "Aucune ligne." in pages(table([]))[0]


def test_too_many_rows_for_a_paper_are_refused_before_any_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "LIMIT", 2)
    assert pages(table(texts("ab")))
    with pytest.raises(TooManyRows, match="more than 2 rows"):
        next(EXPORT.chunks(table(texts("abc"))))
