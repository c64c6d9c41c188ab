"""A deployer's theme: which folders are one, what pages show of it, and what no address reaches."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.assets import edition_of
from lms.config import ConfigError, load_config
from lms.theme import MOST_BYTES, MOST_FILES, theme
from tests.conftest import service

STATIC = Path(__file__).parents[1] / "lms" / "static"
KEPT = "public, max-age=31536000, immutable"
SHEET = """@import "parts/colours.css";
@font-face { font-family: Own; src: url('parts/own face.woff2?v=3') format("woff2"), url(parts/own%20face.woff2); }
.a { background: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"); mask: url(#hole) }
"""
COLOURS = ":root { --accent: #0b5d4f } .b { background: url(../arms.svg) } .c { background: url( /static/mark.svg ) }"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A theme of four files, beside others that are none of it."""
    made = tmp_path / "theme"
    (made / "parts").mkdir(parents=True)
    (made / "..2026_11_29").mkdir()
    texts = {
        "theme.css": SHEET, "parts/colours.css": COLOURS, "parts/own face.woff2": "wOF2", "arms.svg": "<svg/>",
        "LICENCE.txt": "ours", ".theme.css.swp": "x", "..2026_11_29/theme.css": "@import 'http://old.example/a.css'",
    }  # fmt: skip
    for name, text in texts.items():
        (made / name).write_text(text)
    return made


@pytest.fixture
def themed(app: Flask, folder: Path) -> Iterator[FlaskClient]:
    """A visitor of a service that has it."""
    with service(replace(app.extensions["mpia"], theme_dir=folder)) as application:
        yield application.test_client()


def test_a_theme_is_its_sheets_fonts_and_pictures(folder: Path) -> None:
    held = theme(folder)
    assert set(held) == {"theme.css", "parts/colours.css", "parts/own face.woff2", "arms.svg"}
    first = edition_of(STATIC, held)
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    assert first != edition_of(STATIC)
    (folder / "arms.svg").write_text("<svg></svg>")
    assert edition_of(STATIC, theme(folder)) != first
    assert theme(Path()) == {}


def without_sheet(folder: Path) -> None:
    (folder / "theme.css").rename(folder / "look.css")


def many(folder: Path) -> None:
    for number in range(MOST_FILES):
        (folder / f"{number}.svg").touch()


def heavy(folder: Path) -> None:
    (folder / "wall.png").write_bytes(bytes(MOST_BYTES))


def latin(folder: Path) -> None:
    (folder / "parts/colours.css").write_bytes("/* été */".encode("latin-1"))


def gone(folder: Path) -> None:
    (folder / "arms.svg").unlink()


def names(address: str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "theme.css").write_text(f".a {{ color: red }}\n{address}\n")

    return write


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (without_sheet, "there is no theme.css: give your style sheet that name"),
        (many, "more than 500 files or 10 MB"),
        (heavy, "more than 500 files or 10 MB"),
        (latin, "parts/colours.css is not in UTF-8"),
        (gone, "parts/colours.css shows ../arms.svg, which the folder does not hold"),
        (names("@import 'https://fonts.example/a.css';"), "theme.css shows https://fonts.example/a.css, and pages"),
        (names("@IMPORT URL( //fonts.example/a.css );"), "theme.css shows //fonts.example/a.css, and pages"),
        (names('.a { background: url("HTTP://fonts.example/a b.png") }'), "shows HTTP://fonts.example/a b.png, and"),
        (names(".a { background: url(../../secret.svg) }"), "shows ../../secret.svg, which the folder does not hold"),
    ],
)
def test_what_is_no_theme_is_refused_at_the_start(
    tmp_path: Path, folder: Path, spoil: Callable[[Path], None], told: str
) -> None:
    spoil(folder)
    given = {"LMS_DATA_DIR": str(tmp_path / "data"), "LMS_THEME_DIR": str(folder)}
    with pytest.raises(ConfigError) as refused:
        load_config(given)
    (problem,) = [each for each in refused.value.problems if "LMS_THEME_DIR" in each]
    assert problem.startswith("LMS_THEME_DIR")
    assert told in problem


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    for wrong in (tmp_path / "nowhere", Path(__file__)):
        with pytest.raises(ConfigError) as refused:
            load_config({"LMS_DATA_DIR": str(tmp_path / "data"), "LMS_THEME_DIR": str(wrong)})
        assert f"LMS_THEME_DIR names {wrong}, which cannot be read" in str(refused.value)


def test_pages_show_the_theme_after_our_look(themed: FlaskClient, client: FlaskClient) -> None:
    page = themed.get("/account/login").text
    ours, theirs = page.index("/look.css"), page.index("/theme/theme.css")
    assert ours < theirs
    sheet = page[page.rindex('"', 0, theirs) + 1 : theirs] + "/theme/theme.css"
    answer = themed.get(sheet)
    assert (answer.status_code, answer.text, answer.headers["Cache-Control"]) == (200, SHEET, KEPT)
    assert answer.content_type.startswith("text/css")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Vary" not in answer.headers
    plain = client.get("/account/login").text
    assert "/theme/" not in plain
    assert client.get("/static/0123456789abcdef/theme/theme.css").status_code == 404
    edition = sheet.split("/")[2]
    assert f"/static/{edition}/" not in plain, "a theme makes another edition of what pages show"


def test_parts_of_a_theme_have_their_kind_and_are_asked_for_again_under_another_edition(themed: FlaskClient) -> None:
    kinds = {"parts/own face.woff2": "font/woff2", "arms.svg": "image/svg+xml", "parts/colours.css": "text/css"}
    for name, kind in kinds.items():
        address = f"/static/0123456789abcdef/theme/{name}"
        answer = themed.get(address)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache"), name
        assert answer.content_type.split(";")[0] == kind
        again = themed.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "name",
    ["LICENCE.txt", ".theme.css.swp", "..2026_11_29/theme.css", "../look.css", "%2e%2e/data", "parts", "", "x.css"],
)
def test_no_address_reaches_what_is_none_of_it(themed: FlaskClient, name: str) -> None:
    with themed.get(f"/static/0123456789abcdef/theme/{name}") as answer:
        assert answer.status_code == 404
        assert "immutable" not in answer.headers.get("Cache-Control", "")
