"""Files of strangers: what is not as it should be is refused with ``NotReadable``, and nothing else is raised."""

import encodings.aliases
import io
import random
import stat
import struct
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curricula.exchange import safe
from curricula.exchange.model import NotReadable
from curricula.exchange.safe import archive, text, xml


def packed(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as into:
        for name, said in files:
            into.writestr(zipfile.ZipInfo(name), said, method)
    return content.getvalue()


def test_text_is_read_in_the_encodings_that_say_themselves() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert text("é\r\nb\rc\n".encode(encoding)) == "é\nb\nc\n"
    assert text("é".encode("utf-16-be").join([b"\xfe\xff", b""])) == "é"


@pytest.mark.parametrize(
    ("content", "line"),
    [("a\né".encode("latin-1"), 2), (b"a\n\nb\x00", 3), (b"\xe9\x00", 1), (b"\xff\xfea", 1), (b"\xff\xfe\x00\xd8", 1)],
)  # fmt: skip
def test_what_is_not_text_is_refused_at_its_line(content: bytes, line: int) -> None:
    with pytest.raises(NotReadable) as refused:
        text(content)
    assert refused.value.note.line == line


def test_files_beyond_the_limit_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe, "LIMIT", 10)
    for read in (text, xml, archive):
        with pytest.raises(NotReadable, match="larger than"):
            read(b"<a></a>    ")


def test_elements_have_their_lines_texts_and_local_names() -> None:
    root = xml(b'<q:a xmlns:q="urn:q" q:x="1">\n un &amp; deux<![CDATA[<b>]]><b>c</b>d<?e?>f\n<c/></q:a>')
    assert (root.tag, root.attrib, root.text) == ("a", {"x": "1"}, "\n un & deux<b>")
    assert [(child.tag, child.text, child.tail, child.line) for child in root] == [  # type: ignore[attr-defined]
        ("b", "c", "df\n", 2), ("c", None, None, 3),
    ]  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", [b"x<?b?>", b"&#10;", b"\n", b"&amp;", b"<![CDATA[x]]>"])
def test_a_text_in_many_pieces_takes_no_more_than_its_length(piece: bytes) -> None:
    assert len(xml(b"<a>" + piece * 400_000 + b"</a>").text or "") == 400_000


def test_depth_is_bounded() -> None:
    assert len(list(xml(b"<a>" * 100 + b"</a>" * 100).iter())) == 100
    with pytest.raises(NotReadable, match="too deep"):
        xml(b"<a>" * 101 + b"</a>" * 101)


@pytest.mark.parametrize("body", [b"<a>x</a>", "<a>é</a>".encode(), "<a>é</a>".encode("latin-1")])
def test_no_declared_encoding_raises_anything_else(body: bytes) -> None:
    for encoding in {
        *encodings.aliases.aliases,
        *encodings.aliases.aliases.values(),
        "idna",
        "undefined",
        "utf-7",
        "utf-32",
    }:
        with suppress(NotReadable):
            assert xml(b'<?xml version="1.0" encoding="%s"?>' % encoding.encode() + body).tag == "a"


@given(st.binary(max_size=60) | st.text("<>a/&;'\"= !?-[]\n", max_size=60).map(str.encode))
def test_no_document_raises_anything_else(content: bytes) -> None:
    with suppress(NotReadable):
        xml(content)


@pytest.mark.parametrize(
    "declared",
    ["<!DOCTYPE a><a/>", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
     '<!DOCTYPE a SYSTEM "https://example.org/a.dtd"><a/>', '<!DOCTYPE a [<!ENTITY % b "c"> %b;]><a/>'],
)  # fmt: skip
def test_document_types_and_entities_are_refused(declared: str) -> None:
    with pytest.raises(NotReadable, match="declares entities"):
        xml(declared.encode())


def test_an_archive_gives_its_files_by_path() -> None:
    content = packed(("imsmanifest.xml", b"<a/>"), ("a/", b""), ("a/é.txt", b"b"), ("./c.txt", b""))
    assert archive(content) == {"imsmanifest.xml": b"<a/>", "a/é.txt": b"b", "c.txt": b""}


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "a/../../b", "..\\a", "C:/a", "a\\b", ".", "//a"])
def test_paths_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(NotReadable, match="leads out of it"):
        archive(packed((name, b"x")))


def test_a_symbolic_link_is_refused() -> None:
    content, link = io.BytesIO(), zipfile.ZipInfo("a")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(content, "w") as into:
        into.writestr(link, "/etc/passwd")
    with pytest.raises(NotReadable, match="symbolic link"):
        archive(content.getvalue())


@pytest.mark.parametrize("names", [("a.xml", "./a.xml"), ("a.xml", "A.XML"), ("straße", "STRASSE")])
def test_a_file_that_is_there_twice_is_refused(names: tuple[str, str]) -> None:
    with pytest.raises(NotReadable, match="twice"):
        archive(packed((names[0], b"1"), (names[1], b"2")))


def test_archives_that_unpack_to_far_more_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotReadable, match="far more"):
        archive(packed(("zeros", bytes(5_000_000))))
    monkeypatch.setattr(safe, "UNPACKED", 1000)
    with pytest.raises(NotReadable, match="far more"):
        archive(packed(("a", bytes(600)), ("b", bytes(600))))
    assert archive(packed(("a", bytes(600)), ("b", bytes(400))))


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe, "FILES", 2)
    with pytest.raises(NotReadable, match="more than 2 files"):
        archive(packed(("a", b""), ("b", b""), ("c", b"")))


def test_a_size_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    content = packed(("zeros", bytes(3_000_000)))
    for told in (1, 0xFFFFFFF0):
        lying = content.replace(struct.pack("<L", 3_000_000), struct.pack("<L", told))
        assert lying != content
        with pytest.raises(NotReadable):
            archive(lying)


def test_a_password_is_said() -> None:
    content = bytearray(packed(("a", b"x")))
    for at in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        content[at] |= 1
    with pytest.raises(NotReadable, match="password"):
        archive(bytes(content))


@pytest.mark.parametrize("content", [b"", b"PK", b"not a ZIP", packed(("a", b"x"))[:-10], b"\x00" * 100])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(NotReadable, match="not a ZIP archive"):
        archive(content)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_no_damage_raises_anything_else(method: int) -> None:
    whole, chance = packed(("a/é.txt", b"hello " * 50), ("b.xml", b"<a/>" * 20), method=method), random.Random(7)
    for _ in range(1500):
        damaged = bytearray(whole)
        for _ in range(chance.choice([1, 1, 2, 5])):
            damaged[chance.randrange(len(damaged))] = chance.choice([0, 1, 255, chance.randrange(256)])
        with suppress(NotReadable):
            archive(bytes(damaged))
