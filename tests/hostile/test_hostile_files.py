"""Files made to harm or damaged anywhere (F), at every door that reads one: a refusal in words, and nothing else."""

import random
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessments.files import FileRefused, identified
from assessments.registry import anatomies
from certificates.format import FORMATS
from certificates.sign.keys import Keys
from certificates.verify import Unreadable, verify
from curricula.exchange.model import Bank, NotReadable
from curricula.exchange.registry import formats
from curricula.files import media_of, refusals_of
from curricula.folder import Folder
from curricula.load import read_track, track_of
from curricula.problems import CurriculumError, Place
from curricula.render import render
from curricula.svg import harm
from lms.cells import UnreadableFile
from lms.services import packages
from lms.sheets import open_sheet
from tests.archives_in_test import zipped
from tests.certificates.certificate_samples import DID, NOW, make_record
from tests.hostile.court import case
from tests.image_samples import PNG, SVG
from tests.tracks_in_test import FOLDER, fixed_tracks
from tests.workbooks_in_test import Page, ods, xlsx

Door = Callable[[bytes], object]
#: What each door may raise, and nothing else.
DECLARED = (NotReadable, CurriculumError, UnreadableFile, Unreadable, FileRefused)
TABLE = Page("Agents", [["Matricule", "Nom"], ["1", "Agente"]])


def sheet(content: bytes) -> list[Any]:
    """HR's files, each of them to its end."""
    return list(open_sheet(BytesIO(content), lambda heading: heading in {"Matricule", "Nom"}).rows())


def image(content: bytes) -> None:
    """The images of lessons."""
    if refusals_of(Place("a.svg", ""), "a.svg", content):
        raise NotReadable("refused")


def track(content: bytes) -> None:
    """A track's archive, then the track in it."""
    read_track(packages.read(content, "decideurs"), anatomies())


@cache
def whole_track() -> bytes:
    """The archive of a track."""
    return zipped(Folder.read(FOLDER / "decideurs").files)


@cache
def samples() -> dict[str, tuple[Door, bytes]]:
    """Every door with a file that it takes, by name: a format that is added is tried unasked."""
    module = fixed_tracks()["decideurs"].module("d1")
    assert module is not None
    bank = Bank("Banc", module.questions, "fr")
    found: dict[str, tuple[Door, bytes]] = {
        "xlsx": (sheet, xlsx(TABLE).getvalue()), "ods": (sheet, ods(TABLE).getvalue()),
        "csv": (sheet, "Matricule;Nom\n1;Zoé\n".encode()), "svg": (image, SVG), "png": (image, PNG),
        "track": (track, whole_track()),
        "work": (partial(identified, "a.xlsx"), xlsx(TABLE).getvalue()),
        "work pdf": (partial(identified, "a"), b"%PDF-1"),
    }  # fmt: skip
    for one in formats().values():
        if one.read:
            written = one.write(bank).content if one.write else CARTRIDGE
            found[one.key] = (partial(_read, one.read), written)
    return found


def _read(read: Callable[[bytes, str], object], content: bytes) -> object:
    return read(content, "fr")


CARTRIDGE = zipped({
    "imsmanifest.xml": b'<manifest xmlns="http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1"><organizations>'
    b'<organization><item><item identifier="i" identifierref="r"><title>Un</title></item></item></organization>'
    b'</organizations><resources><resource identifier="r" type="webcontent" href="a.html"><file href="a.html"/>'
    b"</resource></resources></manifest>",
    "a.html": b"<html><head><title>Un</title></head><body><p>Un texte.</p></body></html>",
})  # fmt: skip
#: Each entity ten times the one before, from a to i.
LAUGHS = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8))
ENTITIES = {
    "a billion laughs": f'<!DOCTYPE x [<!ENTITY a "ha">{LAUGHS}]>',
    "a file": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "an address": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
    "a parameter": '<!DOCTYPE x [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>',
    "one quadratic": '<!DOCTYPE x [<!ENTITY a "{}">]>'.format("a" * 50_000),
}
#: Parts of archives that are XML and that their doors read.
PARTS = {
    "xlsx": "xl/workbook.xml", "ods": "content.xml", "qti": "imsmanifest.xml", "common_cartridge": "imsmanifest.xml",
    "work": "[Content_Types].xml",
}  # fmt: skip


def repacked(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The archive with one part changed."""
    with zipfile.ZipFile(BytesIO(content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    assert part in files
    return zipped({**files, part: change(files[part])})


def with_type(declared: str, content: bytes) -> bytes:
    """An XML document that begins with a document type, and says what it declares."""
    text = content.decode()
    head, sign, rest = text.partition("?>") if text.startswith("<?xml") else ("", "", text)
    at = rest.index(">", rest.index("<")) + 1
    said = "&i;" if "ENTITY i" in declared else "&a;" if "ENTITY a" in declared else ""
    return (head + sign + declared + rest[:at] + said + rest[at:]).encode()


def told(door: Door, content: bytes) -> str:
    """What a door says of a file; it refuses it as it says it does."""
    try:
        return f"taken: {door(content)}"
    except DECLARED as refusal:
        return f"refused: {refusal}"


@case("F1 laughs, files, addresses, parameters and one long entity, in every XML of every door")
def test_entities(case_name: str) -> None:
    for name, declared in ENTITIES.items():
        for key, (door, content) in samples().items():
            if key in PARTS:
                changed = repacked(content, PARTS[key], partial(with_type, declared))
            elif content.lstrip().startswith(b"<"):
                changed = with_type(declared, content)
            else:
                continue
            said = told(door, changed)
            assert "root:" not in said, (name, key)
            assert "hahahaha" not in said, (name, key)
            assert "a" * 60_000 not in said, (name, key)
            if key in {"svg", "moodle-xml", "qti", "common_cartridge"}:
                assert said.startswith("refused"), (name, key)
        assert harm(with_type(declared, SVG)) is not None


@case("F2 archives of a thousand times their size, in one file, in many, and said smaller than they are")
def test_bombs(case_name: str) -> None:
    for key in (*PARTS, "track"):
        door, content = samples()[key]
        part = PARTS.get(key, "decideurs/track.toml" if key == "track" else "")
        if key == "track":
            with zipfile.ZipFile(BytesIO(content)) as packed:
                part = packed.namelist()[0]
        large = repacked(content, part, lambda inside: inside + b" " * 40_000_000)
        assert len(large) < 1_000_000
        if key not in {"xlsx", "ods"}:  # read apart, within bounds of memory and time: tests/test_sheets.py
            assert told(door, large).startswith("refused"), key
        many = BytesIO()
        with zipfile.ZipFile(many, "w", zipfile.ZIP_DEFLATED) as packed:
            for number in range(10_001):
                packed.writestr(f"{number}", b"")
        assert told(door, many.getvalue()).startswith("refused"), key


@case("F2 names of a hundred thousand parts, as many levels, as many tables, in every TOML of a track and of a text")
def test_deep_settings(case_name: str) -> None:
    files = Folder.read(FOLDER / "decideurs").files
    parts = ".".join("a" * 100_000)
    long = (
        f"{parts} = 1\n",
        f'"\\"" . {parts} = 1\n',
        f"[{parts}]\n",
        f"a = {{{parts} = 1}}\n",
        f"a = [1, {{b = 1, {parts} = 1}}]\n",
    )
    tables = "".join(f"[{number}.a.a.a.a.a.a.a]\n" for number in range(15_000))
    for deep in (*long, "a = " + "[" * 100_000 + "\n", "a = " + "{a = " * 100_000 + "\n", tables):
        for name in files:
            if name.endswith(".toml"):
                changed = deep.encode() + files[name]
            elif name.endswith(".md"):
                changed = b"+++\n" + deep.encode() + files[name].removeprefix(b"+++\n")
            else:
                continue
            with pytest.raises(CurriculumError, match=r"too many (?:parts|levels)|more than 100000 tables"):
                track_of(Folder("decideurs", {**files, name: changed}), anatomies())
        assert told(samples()["markdown"][0], f"+++\n{deep}+++\n".encode()).startswith("refused")


@case("F3 up, from the root, by a drive, by a backslash, and a link, in every archive")
def test_archives_that_lead_out(case_name: str) -> None:
    for key in ("qti", "common_cartridge", "track"):
        door, content = samples()[key]
        with zipfile.ZipFile(BytesIO(content)) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
        for name in ("../out.xml", "/etc/cron.d/x", "C:/x", "a\\..\\..\\x", "a/../../x"):
            assert told(door, zipped({**files, name: b"x"})).startswith("refused"), (key, name)
        linked = BytesIO(content)
        with zipfile.ZipFile(linked, "a") as packed:
            entry = zipfile.ZipInfo("link.xml")
            entry.external_attr = 0o120777 << 16
            packed.writestr(entry, "/etc/passwd")
        assert told(door, linked.getvalue()).startswith("refused"), key


@case("F4 pages, scripts and programs named as images, texts and works; two endings")
def test_content_counts(case_name: str) -> None:
    bad = (b"<html><script>alert(1)</script></html>", b"MZ\x90\x00", b"#!/bin/sh\n", b"GIF89", b"<?php x ?>")
    for content in bad:
        for name in ("a.png", "a.svg", "a.html.png", "a.png.html", "a.php.jpg", ".png", "a.png\x00.html"):
            assert media_of(content) is None
            assert refusals_of(Place(name, ""), name, content), (name, content)
    for name in (
        "a.pdf.html",
        "a.html",
        "a.php.pdf",
        "a.pdf\x00.exe",
        "a.pdf\r\nX: y",
        "../../a.pdf",
        "a.\u202efdp.exe",
    ):
        found = identified(name, b"%PDF-1.7\n")
        assert (found.kind, found.media) == ("pdf", "application/pdf")
        assert found.name.endswith(".pdf")
        assert not set(found.name) & set('/\\\x00\r\n\u202e<>:"|?*')
    script = SVG.replace(b"</svg>", b"<script>alert(1)</script></svg>")
    assert refusals_of(Place("a.svg", ""), "a.svg", script)


#: What strangers' files are full of.
TOKENS = (
    b"<", b"</", b"<!--", b"]]>", b"<![CDATA[", b"&", b"&#0;", b"&#xD800;", b"{", b"}", b"~", b"=", b"%100%", b"\x00",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"[[", b"]]", b'"', b"'", b"\\", b"::", b"+++\n", b"999999999999999999999",
    b"-1", b"nan", b"[[modules]]\n", b"= {", b"PK\x03\x04", b"%PDF-", b"\xed\xa0\x80", b"\n" * 40, b"(" * 99,
    b"> " * 99,
)  # fmt: skip


def damaged(content: bytes, seed: int) -> bytes:
    """The file with some bytes changed, lost, repeated, or put between."""
    chance, said = random.Random(seed), bytearray(content)
    for _turn in range(chance.randint(1, 6)):
        at, length = chance.randrange(len(said) + 1), chance.choice((1, 1, 8, 200, 5000))
        match chance.randrange(5):
            case 0 if at < len(said):
                said[at] = chance.randrange(256)
            case 1:
                del said[at : at + length]
            case 2:
                said[at:at] = said[at : at + length]
            case 3:
                said[at:at] = chance.choice(TOKENS)
            case _:
                said[at:] = said[at + length :] if chance.random() < 0.3 else said[at:]
    return bytes(said)


def inside(content: bytes, seed: int) -> bytes:
    """An archive whole, one of whose files is damaged: damage to the archive itself is found too soon."""
    with zipfile.ZipFile(BytesIO(content)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    name = random.Random(seed).choice(sorted(files))
    return zipped({**files, name: damaged(files[name], seed)})


def variants(content: bytes, seed: int) -> Iterator[bytes]:
    """Damaged files made of that one."""
    yield damaged(content, seed)
    if content.startswith(b"PK"):
        yield inside(content, seed)


#: Doors that start a program for each file are tried fewer times.
SLOW = {"xlsx", "ods"}


@case("F5 every door, with files damaged anywhere")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_damage(case_name: str, seed: int) -> None:
    for key, (door, content) in samples().items():
        if key in SLOW and seed % 20:
            continue
        for changed in variants(content, seed):
            with suppress(*DECLARED):
                door(changed)


@case("F5 tracks with any of their files damaged: every problem is said, and nothing is half read")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_damaged_tracks(case_name: str, seed: int) -> None:
    files = dict(Folder.read(FOLDER / "decideurs").files)
    for name in random.Random(seed).sample(sorted(files), 3):
        files[name] = damaged(files[name], seed)
    folder = Folder("decideurs", files)
    with suppress(CurriculumError):
        track_of(folder, anatomies())


@case("F5 texts of lessons damaged: their pages hold no script")
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), noise=st.text(max_size=40))
def test_damaged_lessons(case_name: str, seed: int, noise: str) -> None:
    text = (FOLDER / "decideurs/d1/01-ce-que-produit-un-modele.fr.md").read_bytes()
    said = damaged(text, seed).decode("utf-8", "replace")
    for written in (said, noise, said[:200] + noise + f"<script>{noise}</script>[x](javascript:{noise})"):
        html = render(written, "fr")
        assert "<script" not in html.lower()
        assert 'href="javascript' not in html.lower()


@case("F5 certificates in every form, damaged: what is vouched for is what was signed")
def test_damaged_certificates(case_name: str, tmp_path: Path) -> None:
    keys = Keys.open(tmp_path / "keys", b"a passphrase", DID, NOW)
    document, issued = keys.did_document(), make_record()
    for form in ("pdf", "jsonld", "jwt", "png", "svg"):
        content = FORMATS[form].render(issued, keys)
        record = verify(content, did_document=document, status_list=None, now=NOW).record
        assert record is not None
        assert record.code == issued.code
        for seed in range(40):
            changed = damaged(content, seed)
            if changed == content:
                continue
            try:
                verdict = verify(changed, did_document=document, status_list=None, now=NOW)
            except Unreadable:
                continue
            assert verdict.record is None or verdict.record == record, (form, seed)
