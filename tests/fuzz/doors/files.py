"""Files people send: tables of HR, banks of other tools, tracks, lessons, images, works, backups, settings."""

import io
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError

import lms.backup.sealing
from assessments import amounts, numbers
from assessments.files import FileRefused, identified
from assessments.registry import anatomies
from curricula.exchange.model import Bank, NotReadable
from curricula.exchange.registry import formats
from curricula.files import refusals_of
from curricula.folder import Folder
from curricula.load import read_track, track_of
from curricula.problems import CurriculumError, Place
from curricula.render import render
from curricula.svg import harm
from lms import branding, cells, formula_errors
from lms.backup import BackupError
from lms.backup.making import look
from lms.backup.parts import PartsReader, PartsWriter
from lms.backup.sealing import Opener, Sealer
from lms.config import ConfigError, load_config
from lms.forms.dates import read_date
from lms.services import packages
from lms.services.bulk_verification import NotLines, read_lines
from lms.sheets import open_sheet
from lms.workbook_reader import REFUSALS
from tests.fuzz.mutation import packed
from tests.fuzz.target import Target
from tests.hostile.test_hostile_files import CARTRIDGE
from tests.image_samples import PNG, SVG
from tests.tracks_in_test import FOLDER, fixed_tracks
from tests.workbooks_in_test import Formula, Page, ods, xlsx

PASSPHRASE = "a passphrase that is long enough"
TABLE = Page("Agents", [["Matricule", "Nom", "Depuis"], ["1", "Agente", 45000], [2.5, None, Formula("1/0", "#DIV/0!")]])
EXCHANGED = "curricula.exchange."


def _sheet(content: bytes) -> list[Any]:
    known = {"Matricule", "Nom"}
    return [cell for _line, row in open_sheet(io.BytesIO(content), known.__contains__).rows() for cell in row]


def _calamine(content: bytes) -> None:
    """What the reader of workbooks does, in this process."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for sheet in book.sheets_metadata:
        if book.get_sheet_by_name(sheet.name).total_height < 5000:
            list(book.get_sheet_by_name(sheet.name).iter_rows())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        formula_errors.errors(archive, "Agents")


def _cell(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    for read in (cells.text, cells.identifier, cells.siret, cells.day, cells.cents, cells.flag):
        try:
            read(text)
        except cells.CellRefused:
            continue
    numbers.typed(text)
    numbers.parsed(text)
    numbers.doubtful(text)
    amounts.quantity(text)
    amounts.cents(text)
    amounts.day(text)
    with suppress(ValueError):
        read_date(text)


def _track(content: bytes) -> None:
    read_track(packages.read(content, "decideurs"), anatomies())


@cache
def _track_files() -> dict[str, bytes]:
    return dict(Folder.read(FOLDER / "decideurs").files)


def _folder(content: bytes) -> None:
    """A track whose archive is not looked at: what lies in its files is."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # noqa: BLE001 - an archive that cannot be opened here is for « track archive »
        return
    track_of(Folder("decideurs", files), anatomies())


def _lesson(content: bytes) -> None:
    html = render(content.decode("utf-8", "replace"), "fr").lower()
    assert "<script" not in html
    assert 'href="javascript' not in html


def _image(content: bytes) -> None:
    refusals_of(Place("a.svg", ""), "a.svg", content)
    harm(content)


def _logo(content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        branding.logo_problem(Path(file.name))


def _bank(key: str) -> list[bytes]:
    module = fixed_tracks()["decideurs"].module("d1")
    assert module is not None
    one = formats()[key]
    return [one.write(Bank("Banc", module.questions, "fr")).content if one.write else CARTRIDGE]


def _read_bank(key: str, content: bytes) -> object:
    read = formats()[key].read
    assert read is not None
    return read(content, "fr")


def _works() -> list[bytes]:
    return [xlsx(TABLE).getvalue(), ods(TABLE).getvalue(), b"%PDF-1.7\n1 0 obj\n", PNG]


def _work(content: bytes) -> None:
    for name in ("a.xlsx", "a.odt", "a.pdf", "a.png", "a.txt", "a"):
        identified(name, content)


@cache
def _parts() -> tuple[bytes, bytes]:
    """(a backup, its records in clear)."""
    clear: list[bytes] = []

    class Kept(Sealer):
        def write(self, plain: bytes) -> None:
            clear.append(plain)
            super().write(plain)

    cost, lms.backup.sealing.COST = lms.backup.sealing.COST, 10
    try:
        file = io.BytesIO()
        writer = PartsWriter(Kept(file, PASSPHRASE), {"made": "2026-11-27", "secret": None})
        writer.add("table/person", [b"1\tAda\n", b"2\tZoe\n"], columns=["id", "name"])
        writer.add("file/a", [b"x" * 2000], mode=384)
        writer.close()
    finally:
        lms.backup.sealing.COST = cost
    return file.getvalue(), zlib.decompress(b"".join(clear))


def whole_backup() -> bytes:
    """A small backup, under ``PASSPHRASE``."""
    return _parts()[0]


def _backup(content: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        look(Path(file.name), PASSPHRASE)


class _Clear(Opener):
    """A backup that somebody who has the passphrase made as they wished."""

    def __init__(self, content: bytes) -> None:
        self._left = io.BytesIO(content)

    def chunk(self) -> bytes | None:
        return self._left.read(60_000) or None


def _records(content: bytes) -> None:
    for _part, pieces in PartsReader(_Clear(zlib.compress(content, 1))).parts():
        for _piece in pieces:
            pass


CONFIG = b"""base_url = "https://formation.example.org"
issuer_name = "Institut"
session_minutes = 480
second_factor_roles = ["administrator", "hr"]
allowed_private_hosts = "localhost, 127.0.0.1:9000"
oidc_issuer = "https://agents.example.org"
smtp_url = "smtps://user@mail.example.org:465"
lrs_url = "https://lrs.example.org/xapi"
issuer_colour = "#42204a"
database_url = "postgresql://lms@db/lms"
"""


def _config(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lms.toml"
        path.write_bytes(content)
        base = {"LMS_CONFIG": str(path), "LMS_DATA_DIR": folder}
        given = [line.partition("=") for line in content.decode("utf-8", "replace").splitlines() if "=" in line]
        said = {f"LMS_{name.strip().upper()}": value for name, _sign, value in given if "\0" not in name + value}
        for environment in (base, {**said, "LMS_DATA_DIR": folder}):
            with suppress(ConfigError):
                load_config(environment)


def _csv() -> Sequence[bytes]:
    text = 'Matricule;Nom;Depuis\n1;"Zoé; ""la"" grande";01/02/2026\n2;Éric;\n'
    return [text.encode(), text.encode("utf-16"), text.encode("cp1252"), text.replace(";", ",").encode("utf-8-sig")]


def _codes() -> Sequence[bytes]:
    return [b"code;nom\r\n7K2M-Q4XT-9D8B-3HNW-6PRC-0V5E-ZJ;a\r\nMPIA-2026-000418;\r\n", b"MPIA-2026-000418\n"]


def _typed() -> Sequence[bytes]:
    said = "12 500,50 €|−1.234,5|12,5 %|30 septembre 2026|11/2026|2026-02-29|1er août 2026|123 456 789 00012|oui|1,234"
    return [each.encode() for each in said.split("|")]


TARGETS = [
    Target("table csv", _sheet, (cells.UnreadableFile,), _csv, ("lms.sheets", "lms.csv_text")),
    Target("table xlsx", _sheet, (cells.UnreadableFile,), lambda: [xlsx(TABLE).getvalue()],
           ("lms.workbooks", "lms.workbook_reader"), "zip", slow=True),
    Target("table ods", _sheet, (cells.UnreadableFile,), lambda: [ods(TABLE).getvalue()],
           ("lms.workbooks", "lms.workbook_reader"), "zip", slow=True),
    # What the program of workbooks catches, to end with the one code that says « damaged ».
    Target("workbook, within", _calamine, (PasswordError, *REFUSALS), lambda: [xlsx(TABLE).getvalue(),
    ods(TABLE).getvalue()], ("lms.formula_errors",), "zip"),
    Target("cells and typed values", _cell, (), _typed,
           ("lms.cells", "lms.forms.dates", "assessments.numbers", "assessments.amounts")),
    Target("codes to verify", read_lines, (NotLines,), _codes, ("lms.services.bulk_verification",)),
    *(
        Target(f"bank {key}", partial(_read_bank, key), (NotReadable,), partial(_bank, key), (
            EXCHANGED + f"formats.{key.replace('-', '_')}", EXCHANGED + "safe", EXCHANGED + "html",
            EXCHANGED + "answers",
            EXCHANGED + "labels", *(EXCHANGED + name for name in more),
        ), "zip" if key in {"qti", "common_cartridge"} else "bytes")
        for key, more in {
            "gift": ("gift_text",), "moodle-xml": ("moodle_elements", "moodle_kinds", "moodle_text"),
            "markdown": ("markdown_blocks", "choices"),
            "qti": ("qti_packages", "qti_items", "qti_text", "qti_feedback", "qti_scoring", "qti12", "qti12_rules"),
            "common_cartridge": ("cartridge",),
        }.items()
    ),
    Target("track archive", _track, (NotReadable, CurriculumError), lambda: [packed(_track_files())],
           ("lms.services.packages", "curricula.folder"), "zip"),
    Target("track files", _folder, (CurriculumError,),
    lambda: [packed(_track_files())],
           ("curricula.load", "curricula.fields", "curricula.tables", "curricula.lessons"), "zip"),
    Target("lesson", _lesson, (), lambda: [each for name,
    each in sorted(_track_files().items()) if name.endswith(".md")],
           ("curricula.render", "curricula.marks", "curricula.links")),
    Target("image of a lesson", _image, (), lambda: [SVG, PNG], ("curricula.svg", "curricula.files")),
    Target("logo", _logo, (), lambda: [PNG], ("lms.branding",)),
    Target("work handed in", _work, (FileRefused,), _works, ("assessments.files",)),
    Target("backup", _backup, (BackupError,), lambda: [whole_backup()], ("lms.backup.sealing", "lms.backup.making")),
    Target("backup, within", _records, (BackupError,), lambda: [_parts()[1]], ("lms.backup.parts",)),
    Target(
        "settings", _config, (), lambda: [CONFIG],
        ("lms.config", "lms.config_checks", "lms.outside_settings", "lms.settings_files"),
    ),
]  # fmt: skip
