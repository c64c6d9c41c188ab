"""Badges: drawn whole, read by other programs, taken out safely, and never believed for what they show."""

import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from certificate_samples import DID, NOW, make_record
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from certificates import baking, fonts, picture
from certificates.format import FORMATS, RenderError
from certificates.formats import png, svg
from certificates.model import Look, Record, printed_fields
from certificates.sign.credential import signed_json
from certificates.sign.keys import Keys
from certificates.verify import MAX_CREDENTIAL, MAX_FILE, Unreadable, Verdict, verify

SVG = {"svg": baking.SVG, "openbadges": baking.NAMESPACE}
MENTION = {"fr": "Très bien", "en": "With distinction"}
NAMES = ["Zoé Bérenger-Ŵynn", "Ελένη Παπαδοπούλου", "Юлия Щербакова", "فاطمة الزهراء گلستان", "דוד בן־גוריון"]


@pytest.fixture(scope="module")
def baked(keys: Keys) -> dict[str, bytes]:
    """One certificate as both pictures."""
    return {key: FORMATS[key].render(make_record(), keys) for key in ("png", "svg")}


@pytest.fixture
def judge(keys: Keys, listed: Callable[..., list[dict[str, Any]]]) -> Callable[[bytes], Verdict]:
    """Verifies with this issuer's documents, good lists and the day of issue."""
    return lambda data: verify(data, did_document=keys.did_document(), status_list=listed(), now=NOW)


@pytest.fixture(params=["png", "svg"])
def form(request: pytest.FixtureRequest) -> str:
    """Each form of picture."""
    return request.param


def read_by_others(data: bytes) -> bytes:
    """The credential as Pillow or ElementTree finds it, without our reader."""
    if data.startswith(b"\x89PNG"):
        with Image.open(BytesIO(data)) as opened:
            opened.load()
            return str(opened.text["openbadgecredential"]).encode()
    return str(ET.fromstring(data).findtext("openbadges:credential", namespaces=SVG)).encode()


def test_other_programs_find_the_credential(baked: dict[str, bytes], keys: Keys, form: str) -> None:
    assert read_by_others(baked[form]) == signed_json(make_record(), keys)


def test_the_specification_s_places_are_kept(baked: dict[str, bytes]) -> None:
    assert b"iTXtopenbadgecredential\0\0\0" in baked["png"], "one chunk, not compressed"
    first = next(iter(ET.fromstring(baked["svg"])))
    assert first.tag == f"{{{baking.NAMESPACE}}}credential", "directly after the svg tag"


def test_a_picture_is_square_and_large_enough(baked: dict[str, bytes]) -> None:
    with Image.open(BytesIO(baked["png"])) as opened:
        assert opened.size == (1000, 1000)
        assert opened.format == "PNG"
    assert ET.fromstring(baked["svg"]).get("viewBox") == "0 0 1000 1000"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", ["attendance", "certificate", "label"])
def test_whoever_does_not_see_it_reads_every_field(keys: Keys, kind: str, language: str) -> None:
    record = make_record(kind=kind, language=language, mention=MENTION)
    document = ET.fromstring(svg.render(record, keys))
    with Image.open(BytesIO(png.render(record, keys))) as opened:
        opened.load()
        texts = opened.text
    said = document.findtext("svg:desc", namespaces=SVG)
    assert texts["Description"] == said
    assert texts["Title"] == document.findtext("svg:title", namespaces=SVG) == picture.title(record, language)
    assert document.get("lang") == language
    for field in printed_fields(record, language):
        assert f"{field.label}" in said
        assert field.value in said


def test_what_is_seen_is_what_was_issued() -> None:
    """The lines laid out are those of the printed fields, joined again."""
    record = make_record(mention=MENTION, language="en")
    seen = " ".join(line.text for line in picture.words(record))
    values = {field.name_key: field.value for field in printed_fields(record, "en")}
    for key in ("holder", "title", "mention", "kind", "number", "issued_on", "valid_until", "issuer", "code"):
        assert values[key] in seen, key
    assert "an example without value" in seen
    true = replace(record, issuer=replace(record.issuer, fictitious=False))
    assert "without value" not in " ".join(line.text for line in picture.words(true))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_each_script_is_drawn_in_both(keys: Keys, name: str) -> None:
    record, other = make_record(holder=name), make_record(holder="–")
    drawn = ImageChops.difference(png.draw(record), png.draw(other)).getbbox()
    assert drawn is not None
    assert drawn[2] - drawn[0] > 150, "as wide as a name"
    letters = {letter for line in picture.words(record) for letter in line.text if not letter.isspace()}
    document = ET.fromstring(svg.render(record, keys))
    outlines = document.findall("svg:defs/svg:path", SVG)
    faces_and_letters = {(line.face, letter) for line in picture.words(record) for letter in line.text.replace(" ", "")}
    assert len(letters) <= len(outlines) <= len(faces_and_letters), "an outline for each letter"


def test_arabic_is_joined_and_goes_from_right_to_left() -> None:
    drawn = fonts.as_drawn("محمد علي")
    assert drawn == "ﻲﻠﻋ ﺪﻤﺤﻣ"
    assert fonts.as_drawn("דוד") == "דוד"[::-1]
    assert fonts.as_drawn("Zoé 12") == "Zoé 12"


def test_every_line_stays_on_the_picture() -> None:
    """The longest name paper accepts, the longest title, a mention: measured, not hoped."""
    record = make_record(
        holder=("Rakotomanana " * 13).strip(),
        title={"fr": "Encadrer et décider avec l’intelligence artificielle dans les services de l’État"},
        mention=MENTION,
    )
    for line in picture.words(record):
        assert line.x >= picture.MARGIN
        assert line.x + fonts.width(line.text, line.face, line.size) <= picture.SIDE - picture.MARGIN / 2
        assert line.y <= picture.SIDE


@pytest.mark.parametrize("changes", [{"title": {"fr": "W" * 60}}, {"title": {"fr": "王"}}, {"holder": "王"}])
def test_a_picture_that_could_not_be_whole_is_not_made(keys: Keys, form: str, changes: dict[str, Any]) -> None:
    with pytest.raises(RenderError):
        FORMATS[form].render(make_record(**changes), keys)


def test_texts_are_escaped(keys: Keys) -> None:
    hostile = "</desc><script>alert(1)</script>]]>&"
    data = svg.render(make_record(holder=hostile, title={"fr": hostile}), keys)
    document = ET.fromstring(data)
    assert not [node for node in document.iter() if "script" in node.tag]
    assert hostile in str(document.findtext("svg:desc", namespaces=SVG))
    assert json.loads(read_by_others(data))["name"] == hostile


def test_the_issuer_s_logo_and_colour_are_drawn(keys: Keys, form: str) -> None:
    out = BytesIO()
    Image.new("RGB", (400, 100), "#00aa55").save(out, "PNG")
    record = make_record()
    branded = replace(record, issuer=replace(record.issuer, look=Look("#0b5d4f", out.getvalue())))
    assert branded == record, "a look is no fact"
    assert signed_json(branded, keys) == signed_json(record, keys)
    if form == "svg":
        text = svg.render(branded, keys).decode()
        assert "#0b5d4f" in text
        assert "data:image/png;base64" in text
        assert "#42204a" not in text
        return
    drawing = png.draw(branded)
    assert drawing.getpixel((4, 4)) == (0x0B, 0x5D, 0x4F)
    assert drawing.getpixel((800, 116)) == (0, 0xAA, 0x55)


def test_a_picture_is_judged_by_its_credential(
    baked: dict[str, bytes], judge: Callable[[bytes], Verdict], form: str
) -> None:
    verdict = judge(baked[form])
    assert (verdict.state, verdict.form, verdict.is_picture) == ("valid", form, True)
    assert verdict.fields("fr") == printed_fields(make_record(), "fr")


def test_a_jwt_baked_by_another_tool_is_judged_too(keys: Keys, judge: Callable[[bytes], Verdict]) -> None:
    token = FORMATS["jwt"].render(make_record(), keys)
    in_svg = f'<svg xmlns="{baking.SVG}" xmlns:ob="{baking.NAMESPACE}"><ob:credential verify="{token.decode()}"/></svg>'
    for data in (in_svg.encode(), png_of(text_chunk(token))):
        verdict = judge(data)
        assert verdict.state == "valid"
        assert verdict.record == judge(token).record


def test_a_changed_credential_in_a_picture_shows(baked: dict[str, bytes], judge: Callable[[bytes], Verdict]) -> None:
    forged = signed(baked).replace(b"B\xc3\xa9renger", b"Someone ")
    for data in (png_of(text_chunk(forged)), svg_of(forged)):
        verdict = judge(data)
        assert verdict.state == "modified"
        assert verdict.record is None
        assert verdict.claim is not None


def test_another_drawing_around_a_true_credential_tells_the_true_fields(
    baked: dict[str, bytes], judge: Callable[[bytes], Verdict]
) -> None:
    """A drawing cannot be signed: its lie is shown by the fields beside it."""
    for data in (png_of(text_chunk(signed(baked))), svg_of(signed(baked))):
        verdict = judge(data)
        assert verdict.is_picture
        assert verdict.fields("fr") == printed_fields(make_record(), "fr")


# What follows is a small writer of PNG of its own.


def signed(baked: dict[str, bytes]) -> bytes:
    """The credential, as other programs read it."""
    return read_by_others(baked["png"])


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk, with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def text_chunk(text: bytes, flags: bytes = b"\0\0") -> bytes:
    """A credential as the specification bakes it."""
    return chunk(b"iTXt", b"openbadgecredential\0" + flags + b"\0\0" + text)


def png_of(*chunks: bytes) -> bytes:
    """A picture of one pixel with these chunks."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *chunks, pixels, chunk(b"IEND", b"")])


def svg_of(credential: bytes, around: str = "{}") -> bytes:
    """A drawing of nothing with that credential."""
    inside = f"<o:credential><![CDATA[{credential.decode()}]]></o:credential>"
    return f'<svg xmlns="{baking.SVG}" xmlns:o="{baking.NAMESPACE}">{around.format(inside)}</svg>'.encode()


def reason_of(data: bytes) -> str:
    """Why a file cannot be judged."""
    with pytest.raises(Unreadable) as refused:
        verify(data, did_document={"id": DID}, status_list=None, now=NOW)
    return refused.value.reason


def test_a_compressed_credential_is_read_within_limits(
    baked: dict[str, bytes], judge: Callable[[bytes], Verdict]
) -> None:
    packed = zlib.compress(signed(baked), 9)
    assert judge(png_of(text_chunk(packed, b"\1\0"))).state == "valid"
    assert reason_of(png_of(text_chunk(packed[:-20], b"\1\0"))) == "damaged"
    assert reason_of(png_of(text_chunk(b"nothing of the kind", b"\1\0"))) == "damaged"
    assert reason_of(png_of(text_chunk(packed, b"\1\1"))) == "damaged"


def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(b"{" + b" " * 300_000_000, 9)
    assert len(bomb) < MAX_FILE
    assert reason_of(png_of(text_chunk(bomb, b"\1\0"))) == "large"
    assert reason_of(png_of(text_chunk(b"{" + b" " * MAX_CREDENTIAL + b"}"))) == "large"
    assert reason_of(png_of(text_chunk(b"x" * MAX_FILE))) == "large"


def test_entities_are_refused_unread() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    declared = f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "ha">{laughs}]>'
    outside = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    dtd = '<!DOCTYPE svg SYSTEM "http://127.0.0.1:9/svg.dtd">'
    for start, text in ((declared, "&l8;"), (outside, "&x;"), (dtd, "{}")):
        body = f'<svg xmlns="{baking.SVG}" xmlns:o="{baking.NAMESPACE}"><o:credential>{text}</o:credential></svg>'
        assert reason_of((start + body).encode()) == "damaged"


def test_a_very_deep_drawing_is_read_to_its_credential() -> None:
    data = svg_of(b"{}", "<g>" * 200_000 + "{}" + "</g>" * 200_000)
    assert verify(data, did_document={"id": DID}, status_list=None, now=NOW).state in {"modified", "unknown"}


def test_a_picture_without_credential_or_with_two_is_refused(baked: dict[str, bytes]) -> None:
    credential = signed(baked)
    assert reason_of(png_of()) == "no_credential"
    assert reason_of(png_of(text_chunk(b"  "))) == "no_credential"
    assert reason_of(png_of(text_chunk(credential), text_chunk(credential))) == "several"
    assert reason_of(svg_of(credential, "{0}<g>{0}</g>")) == "several"
    assert reason_of(svg_of(credential, "")) == "no_credential"
    assert reason_of(svg_of(b"")) == "no_credential"
    both = svg_of(credential).replace(b"<o:credential>", b'<o:credential verify="a.b.c">')
    assert reason_of(both) == "several"
    nested = f'<svg xmlns="{baking.SVG}" xmlns:o="{baking.NAMESPACE}"><o:credential>{{<b/>}}</o:credential></svg>'
    assert reason_of(nested.encode()) == "several"


def test_a_damaged_picture_is_refused(baked: dict[str, bytes]) -> None:
    data = baked["png"]
    assert reason_of(data[:-1]) == "damaged"
    assert reason_of(data + b"more") == "damaged"
    assert reason_of(data[: len(data) // 2]) == "damaged"
    assert reason_of(data.replace(b"Manager", b"manager", 1)) == "damaged", "the checksum of the chunk"
    assert reason_of(b"\x89PNG\r\n\x1a\n") == "damaged"
    assert reason_of(baked["svg"][:-10]) == "damaged"
    assert reason_of(b"<html><body>svg</body></html>") == "format"
    assert reason_of(b'<?xml version="1.0" encoding="nonsense"?><svg/>') in {"damaged", "format"}
    assert reason_of(png_of(text_chunk(b"[1]"))) == "damaged"
    assert reason_of(png_of(text_chunk(b"hello"))) == "damaged"
    assert reason_of(png_of(text_chunk(b"\xff\xfe"))) == "damaged"


@settings(max_examples=60)
@given(at=st.integers(0, 10**9), value=st.integers(0, 255), form=st.sampled_from(["png", "svg"]))
def test_a_byte_changed_anywhere_never_changes_a_fact(
    baked: dict[str, bytes], keys: Keys, at: int, value: int, form: str
) -> None:
    data = bytearray(baked[form])
    data[at % len(data)] = value
    try:
        verdict = verify(bytes(data), did_document=keys.did_document(), status_list=None, now=NOW)
    except Unreadable:
        return
    assert verdict.record is None or printed_fields(verdict.record, "fr") == printed_fields(make_record(), "fr")


@given(st.binary(max_size=300))
def test_any_bytes_after_the_start_of_a_picture_are_refused_or_judged(tail: bytes) -> None:
    for start in (b"\x89PNG\r\n\x1a\n", f'<svg xmlns="{baking.SVG}">'.encode()):
        with pytest.raises(Unreadable):
            verify(start + tail, did_document={"id": DID}, status_list=None, now=NOW)


def test_every_form_tells_the_same_fields(keys: Keys, judge: Callable[[bytes], Verdict]) -> None:
    record: Record = make_record(mention=MENTION, kind="certificate")
    told = {key: judge(entry.render(record, keys)).fields("fr") for key, entry in FORMATS.items()}
    assert set(told) >= {"pdf", "png", "svg", "jsonld", "jwt"}
    assert all(fields == printed_fields(record, "fr") for fields in told.values())
