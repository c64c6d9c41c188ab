"""The page: one, complete, escaped, sealed once, and read by programs that are not ours."""

import asyncio
import subprocess
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from certificate_samples import make_record
from PIL import Image
from pypdf import PdfReader

from certificates import fonts, qr
from certificates.format import FORMATS, RenderError, discover
from certificates.formats import pdf
from certificates.model import Look, Record, printed_fields
from certificates.sign.credential import signed_json
from certificates.sign.keys import Keys
from certificates.sign.seal import ATTACHMENT


def text_of(data: bytes) -> str:
    """The page's text, spaces made plain."""
    (page,) = PdfReader(BytesIO(data)).pages
    return " ".join(page.extract_text().replace("\u00a0", " ").split())


def test_formats_are_found_and_differ() -> None:
    assert set(FORMATS) == {"jsonld", "jwt", "pdf", "png", "svg"}
    assert discover() == FORMATS
    assert len({entry.suffix for entry in FORMATS.values()}) == len(FORMATS)
    assert all(entry.suffix.startswith(".") and "/" in entry.media_type for entry in FORMATS.values())


@pytest.mark.parametrize("kind", ["attendance", "certificate", "label"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_field_is_on_the_page(recorded: Callable[..., Record], kind: str, language: str) -> None:
    record = recorded(kind=kind, language=language, mention={"fr": "Très bien", "en": "With distinction"})
    text = text_of(pdf.draw(record)).replace(" ", "")
    for field in printed_fields(record, language):
        if field.name_key != "kind":  # said in a sentence
            assert field.value.replace("\u00a0", "").replace(" ", "") in text


@pytest.mark.parametrize(
    "name",
    [
        "Zoé Ŵynn",
        "Ελένη Παπαδοπούλου",
        "Юлия Щербакова",
        "<script>alert(1)</script>",
        "<img src=file:///etc/passwd>",
        "Anne & <b>Bob</b> &eacute;",
        "María del Carmen de la Santísima Trinidad Fernández de Córdoba y Álvarez de las Asturias",
        ("Rakotomanana " * 13).strip(),
        "W" * 38,
    ],
)
def test_names_are_printed_as_written(recorded: Callable[..., Record], name: str) -> None:
    record = recorded(holder=name)
    text = text_of(pdf.draw(record))
    assert name.replace(" ", "") in text.replace(" ", "")
    assert escape(name).replace(" ", "&nbsp;") in pdf.markup(record) or "<br>" in pdf.markup(record)


@pytest.mark.parametrize("name", ["فاطمة الزهراء بنت محمد گلستان", "عبد الله بزرگ", "דוד בן־גוריון", "Ali محمد"])
def test_names_from_right_to_left_are_joined_and_ordered(
    recorded: Callable[..., Record], tmp_path: Path, name: str
) -> None:
    """Poppler orders what it sees on paper: read back, the letters are those of the name, in their joined forms."""
    (tmp_path / "page.pdf").write_bytes(pdf.draw(recorded(holder=name)))
    said = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True).stdout
    seen = "".join(sign for sign in said if unicodedata.category(sign) != "Cf").replace("\u00a0", " ")
    assert name in unicodedata.normalize("NFKC", seen)
    if "محمد" in name:
        assert "محمد" not in seen, "letters stand joined, not apart"
        assert fonts.joined("محمد") in seen


def test_the_issuer_s_logo_and_colour_are_on_the_page(record: Record) -> None:
    out = BytesIO()
    Image.new("RGB", (600, 200), "#00aa55").save(out, "PNG")
    look = Look("#0b5d4f", out.getvalue())
    (page,) = PdfReader(BytesIO(pdf.draw(replace(record, issuer=replace(record.issuer, look=look))))).pages
    sizes = {picture.image.size for picture in page.images if picture.image}
    assert (600, 200) in sizes
    drawn = page.get_contents().get_data()
    assert b".043137 .364706 .309804 rg" in drawn, "the band and the title"
    assert b".258824 .12549 .290196 rg" not in drawn


def test_every_text_is_escaped(recorded: Callable[..., Record]) -> None:
    hostile = "<img src='http://169.254.169.254/x.png'>"
    texts = {"fr": hostile}
    record = recorded(title=texts, track_title=texts, track_version="1<i>", number="<b>1</b>")
    record = replace(record, issuer=replace(record.issuer, name=texts, signatory=texts))
    assert "<img src='http" not in pdf.markup(record)
    assert "169.254.169.254" in text_of(pdf.draw(record))


def test_the_page_reads_nothing_but_its_own_files(
    recorded: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in ("file:///etc/hostname", "/etc/hostname", "http://127.0.0.1:9/x.png", "../pdf.py"):
        markup = pdf.markup(recorded()).replace("</body>", f'<img src="{source}"></body>')
        monkeypatch.setattr(pdf, "markup", lambda _, markup=markup: markup)
        with pytest.raises(RenderError):
            pdf.draw(recorded())


@pytest.mark.parametrize(
    "changes",
    [
        {"title": {"fr": "王"}},
        {"title": {"fr": "W" * 60}},
        {"title": {"fr": "très " * 60}},
        {"track_title": {"fr": "long " * 200}},
    ],
)
def test_a_page_that_is_not_as_it_must_be_is_not_issued(
    recorded: Callable[..., Record], keys: Keys, changes: dict[str, Any]
) -> None:
    with pytest.raises(RenderError):
        FORMATS["pdf"].render(recorded(**changes), keys)


def test_a_second_page_is_refused(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    markup = pdf.markup(record).replace("</body>", "<p>more</p>" * 80 + "</body>")
    monkeypatch.setattr(pdf, "markup", lambda _: markup)
    with pytest.raises(RenderError, match="pages"):
        pdf.draw(record)


def test_a_qr_code_for_another_address_is_refused(
    recorded: Callable[..., Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = qr.png
    monkeypatch.setattr(pdf.qr, "png", lambda text: drawn(text + "x"))
    with pytest.raises(RenderError, match="QR"):
        pdf.draw(recorded())


@pytest.mark.parametrize("length", [12, 30, 44, 62, 84, 106, 122, 150, 180, 213])
def test_qr_codes_of_every_size_read_back(length: int) -> None:
    text = ("https://x.fr/" + "1Z~/" * 60)[:length]
    with Image.open(BytesIO(qr.png(text))) as picture:
        assert qr.read(picture) == text


def test_a_damaged_qr_code_is_not_read_as_the_same(record: Record) -> None:
    with Image.open(BytesIO(qr.png(record.verify_url))) as picture:
        grey = picture.convert("L")
    for x in range(12, 24):
        spoiled = grey.copy()
        spoiled.paste(0 if grey.getpixel((x * 4, 80)) > 128 else 255, (x * 4, 80, x * 4 + 4, 84))
        try:
            assert qr.read(spoiled) != "https://elsewhere.example"
        except qr.UnreadableQRError:
            continue
    with pytest.raises(qr.UnreadableQRError):
        qr.read(Image.new("L", (100, 100)))


def test_fonts_are_embedded(record: Record) -> None:
    (page,) = PdfReader(BytesIO(pdf.draw(record))).pages
    used = {
        name: font.get_object()
        for name, font in page["/Resources"]["/Font"].items()
        if name.encode() in page.get_contents().get_data()
    }
    for font in used.values():
        if font["/BaseFont"] != "/Helvetica":  # declared by reportlab on every page, draws nothing
            assert "/FontFile2" in font["/FontDescriptor"]
    assert any("SourceSansPro" in font["/BaseFont"] for font in used.values())


@pytest.fixture(scope="module")
def sealed(keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed certificate on disk."""
    file = tmp_path_factory.mktemp("sealed") / "certificate.pdf"
    file.write_bytes(FORMATS["pdf"].render(make_record(), keys))
    return file


def test_poppler_finds_the_seal_valid_and_whole(sealed: Path) -> None:
    said = subprocess.run(["pdfsig", "-nocert", sealed], capture_output=True, text=True, check=True).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert said.count("Signature #") == 1


def test_the_credential_is_an_associated_file(sealed: Path, keys: Keys) -> None:
    reader = PdfReader(sealed)
    assert reader.attachments[ATTACHMENT] == [signed_json(make_record(), keys)]
    (associated,) = reader.trailer["/Root"]["/AF"]
    assert associated.get_object()["/AFRelationship"] == "/Data"


def test_the_document_says_what_it_is(sealed: Path) -> None:
    reader = PdfReader(sealed)
    assert reader.metadata.title == "Manager Public IA · MPIA-2026-000418"
    assert reader.trailer["/Root"]["/Lang"] == "fr"
    certification = reader.trailer["/Root"]["/Perms"]["/DocMDP"]
    assert certification["/Reference"][0]["/TransformParams"]["/P"] == 1


def test_a_certificate_is_sealed_where_an_event_loop_runs(record: Record, keys: Keys) -> None:
    """An asynchronous server, or a browser driven in the same process, already runs one."""

    async def inside() -> bytes:
        return FORMATS["pdf"].render(record, keys)

    # In a thread of its own: another test's browser may run a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        assert b"/ETSI.CAdES.detached" in pool.submit(asyncio.run, inside()).result()
