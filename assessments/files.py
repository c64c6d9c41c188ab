"""What a file handed in is: told by its content and never by its name; what it may not hold."""

import unicodedata
from dataclasses import dataclass

from curricula.exchange.model import NotReadable
from curricula.exchange.safe import archive
from curricula.problems import N_

#: Kind of file → its media type. A kind is also how its name ends.
KINDS = {
    "pdf": "application/pdf",
    "odt": "application/vnd.oasis.opendocument.text",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "png": "image/png",
    "jpg": "image/jpeg",
    "txt": "text/plain",
}
#: Bytes that an office file may unpack to.
UNPACKED = 60_000_000
#: Characters of a name.
NAME = 120

_STARTS = ((b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"))
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
#: What the main part of an Office document says of itself.
_MAIN = {
    b"wordprocessingml.document.main+xml": "docx",
    b"spreadsheetml.sheet.main+xml": "xlsx",
}
#: Where programs stand in office files, in lower case: Office's, then OpenDocument's.
_PROGRAMS = ("vbaproject", "vbadata", "macrosheets/", "activex/", "/dialogsheets/")
_SCRIPTS = ("basic/", "scripts/")
#: Of control characters, those that texts have.
_IN_TEXTS = frozenset("\t\n\r\f")


class FileRefused(ValueError):
    """A file that is not taken: ``what`` is wrong and how to ``fix`` it, to be translated, with their ``values``."""

    def __init__(self, what: str, fix: str, **values: str | int) -> None:
        super().__init__(what)
        self.what, self.fix, self.values = what, fix, values


@dataclass(frozen=True)
class Found:
    """What a file is: its cleaned name, its kind."""

    name: str
    kind: str

    @property
    def media(self) -> str:
        """Its media type."""
        return KINDS[self.kind]


def identified(name: str, content: bytes) -> Found:
    """What a file is, by its content. Raises ``FileRefused``."""
    if not content:
        raise FileRefused(N_("This file is empty."), N_("Open it to check it, then add it again."))
    kind = _kind(name, content)
    return Found(cleaned(name, kind), kind)


def cleaned(name: str, kind: str) -> str:
    """A file's name without folders, signs that systems refuse or hide, or another ending than that of its kind."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(" " if each.isspace() else each for each in last if unicodedata.category(each)[0] != "C")
    stem = "".join("-" if each in '<>:"|?*' else each for each in shown).strip()
    before, dot, ending = stem.rpartition(".")
    if dot and ending.isalnum() and len(ending) <= 5:
        stem = before
    stem = " ".join(stem.strip(" .").split())[: NAME - 5].strip(" .")
    return f"{stem or 'document'}.{kind}"


def _kind(name: str, content: bytes) -> str:
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content.startswith(_OLD_OFFICE):
        raise FileRefused(
            N_("This file is in an old format of Office, or protected by a password."),
            N_("Save it without password as OpenDocument, docx, xlsx or PDF, then add it."),
        )
    if content.startswith(_ZIP):
        return _office(content)
    ending = name.rpartition(".")[2].lower()
    if ending in ("txt", "csv") and _is_text(content):
        return ending
    raise _not_taken()


def _office(content: bytes) -> str:
    """Which office document a ZIP archive is."""
    try:
        parts = archive(content, UNPACKED)
    except NotReadable as error:
        fix = N_("Save the document again with your office suite, without password, or as PDF.")
        raise FileRefused(error.note.message, fix, **dict(error.note.values or {})) from error
    names = [name.lower() for name in parts]
    kind = next((kind for kind, media in KINDS.items() if parts.get("mimetype", b"").strip() == media.encode()), None)
    types = parts.get("[Content_Types].xml", b"")
    macros = b"macroenabled" in types.lower() or any(sign in name for name in names for sign in _PROGRAMS)
    if macros or any(name.startswith(_SCRIPTS) for name in names):
        raise FileRefused(
            N_("This document holds macros: it could run a program on the machine of whoever opens it."),
            N_("Save it without macros (docx, xlsx, OpenDocument) or as PDF, then add it."),
        )
    if kind is None:
        kind = next((kind for main, kind in _MAIN.items() if main in types), None)
    if kind is None:
        raise _not_taken()
    return kind


def _is_text(content: bytes) -> bool:
    """Whether a content reads as text: UTF-8, or as older systems of Western Europe write it."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return all(each in _IN_TEXTS or unicodedata.category(each) != "Cc" for each in set(text))
    return False


def _not_taken() -> FileRefused:
    return FileRefused(
        N_("This is not a kind of file that is taken, whatever its name says."),
        N_("Add a PDF, a text or a spreadsheet (odt, docx, ods, xlsx), an image (png, jpg), a csv or txt file."),
    )
