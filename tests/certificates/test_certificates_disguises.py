"""Files that are two things at once, or hide their parts where a careless reader would not look."""

import io
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pypdf
import pytest
from certificate_samples import NOW, make_record
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer

from certificates.format import FORMATS
from certificates.sign.keys import Keys
from certificates.verify import Unreadable, verify


@pytest.fixture(scope="module")
def issued(keys: Keys) -> dict[str, bytes]:
    """One certificate in every format."""
    return {key: entry.render(make_record(), keys) for key, entry in FORMATS.items()}


@pytest.fixture
def state(keys: Keys, listed: Callable[..., list[dict[str, Any]]]) -> Callable[[bytes], str]:
    """The verdict of a file, or « unreadable: why »."""

    def told(data: bytes) -> str:
        try:
            return verify(data, did_document=keys.did_document(), status_list=listed(), now=NOW).state
        except Unreadable as error:
            return str(error)

    return told


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def written(writer: Any) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


# Object streams: what a PDF is made of, compressed, where a search through its bytes finds nothing


def test_a_change_in_an_object_stream_shows(issued: dict[str, bytes], state: Callable[[bytes], str]) -> None:
    writer = IncrementalPdfFileWriter(BytesIO(issued["pdf"]))
    writer.stream_xrefs = True  # our files have no such table: what is appended may
    hidden = writer.prepare_object_stream()
    note = generic.DictionaryObject(
        {
            generic.NameObject("/Type"): generic.NameObject("/Annot"),
            generic.NameObject("/Subtype"): generic.NameObject("/FreeText"),
            generic.NameObject("/Contents"): generic.TextStringObject("Expert"),
        }
    )
    page = writer.root["/Pages"]["/Kids"][0]
    page[generic.NameObject("/Annots")] = generic.ArrayObject([writer.add_object(note, obj_stream=hidden)])
    writer.update_container(page)
    changed = written(writer)
    assert b"Expert" not in changed[len(issued["pdf"]) :], "it is in the stream"
    assert changed.startswith(issued["pdf"])
    assert state(changed) == "modified"


def test_a_file_rewritten_into_object_streams_is_never_valid(
    issued: dict[str, bytes], state: Callable[[bytes], str]
) -> None:
    source = PdfFileReader(BytesIO(issued["pdf"]))
    writer = copy_into_new_writer(source, writer_kwargs={"stream_xrefs": True})
    assert state(written(writer)) in {"modified", "unknown"}
    squeezed = pypdf.PdfWriter(clone_from=BytesIO(issued["pdf"]))
    for page in squeezed.pages:
        page.compress_content_streams()
    assert state(written(squeezed)) in {"modified", "unknown"}


def test_a_signature_in_an_object_stream_is_no_seal(issued: dict[str, bytes], state: Callable[[bytes], str]) -> None:
    writer = PdfFileWriter(stream_xrefs=True)
    hidden = writer.prepare_object_stream()
    numbers = generic.ArrayObject(map(generic.NumberObject, (0, 10, 20, 30)))
    signature = generic.DictionaryObject(
        {generic.NameObject("/Type"): generic.NameObject("/Sig"), generic.NameObject("/ByteRange"): numbers}
    )
    field = generic.DictionaryObject(
        {generic.NameObject("/FT"): generic.NameObject("/Sig"), generic.NameObject("/V"): signature}
    )
    writer.root[generic.NameObject("/AcroForm")] = writer.add_object(field, obj_stream=hidden)
    writer.update_root()
    forged = written(writer)
    assert b"/ByteRange" not in forged
    assert state(forged) == "unknown"


# Polyglots


@pytest.mark.parametrize("form", ["pdf", "png", "svg", "jsonld", "jwt"])
def test_an_archive_behind_a_certificate_shows(
    issued: dict[str, bytes], state: Callable[[bytes], str], form: str
) -> None:
    both = issued[form] + archive(run=b"something else")
    assert zipfile.is_zipfile(BytesIO(both)), "it opens as an archive too"
    assert state(both) != "valid"


@pytest.mark.parametrize("form", ["pdf", "png", "svg", "jsonld", "jwt"])
@pytest.mark.parametrize("first", [b"GIF89a", b"MZ\x90\0", b"#!/bin/sh\n", b"<html><script>x</script>"])
def test_something_before_a_certificate_shows(
    issued: dict[str, bytes], state: Callable[[bytes], str], form: str, first: bytes
) -> None:
    assert state(first + issued[form]) != "valid"


@pytest.mark.parametrize("outer", ["pdf", "png", "svg", "jsonld", "jwt"])
@pytest.mark.parametrize("inner", ["pdf", "png", "svg", "jsonld", "jwt"])
def test_two_certificates_in_one_file_are_none(
    issued: dict[str, bytes], state: Callable[[bytes], str], outer: str, inner: str
) -> None:
    assert state(issued[outer] + b"\n" + issued[inner]) != "valid"


def test_a_page_that_carries_a_true_credential_in_a_comment_is_no_certificate(
    issued: dict[str, bytes], state: Callable[[bytes], str]
) -> None:
    page = b"%PDF-1.7\n%" + issued["jwt"] + b"\n1 0 obj\n<< /Type /Catalog >>\nendobj\nstartxref\n0\n%%EOF"
    assert state(page) == "unknown"
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><!-- ' + issued["jwt"] + b" --></svg>"
    # A token may hold « -- », which no comment may: the drawing is then none.
    broken = b"--" in issued["jwt"]
    assert state(drawing) == ("unreadable: damaged" if broken else "unreadable: no_credential")
