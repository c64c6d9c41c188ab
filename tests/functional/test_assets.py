"""What pages are made of is asked for once: its address names what it holds."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.assets import edition_of

KEPT = "public, max-age=31536000, immutable"
AGAIN = "no-cache"


def kept(client: FlaskClient, address: str) -> tuple[int, str | None]:
    """The status of an address, and how long browsers keep what it gives."""
    with client.get(address) as answer:
        return answer.status_code, answer.headers.get("Cache-Control")


def test_a_page_names_the_edition_of_all_its_parts(app: Flask, client: FlaskClient) -> None:
    named = set(re.findall(r'"(/static/[^"#]+)', client.get("/account/login").text))
    edition = edition_of(Path(app.static_folder or ""))
    assert {Path(address).name for address in named} >= {"look.css", "app.js", "page.js", "mark.svg"}
    assert all(address.startswith(f"/static/{edition}/") for address in named)
    for address in named:
        assert kept(client, address) == (200, KEPT)
        with client.get(address) as answer:
            assert "Vary" not in answer.headers, "the same for everybody"


def test_what_another_release_names_is_asked_for_again(client: FlaskClient) -> None:
    """While two releases answer at once; and a picture whose address others hold."""
    assert kept(client, "/static/0123456789abcdef/app.js") == (200, AGAIN)
    assert kept(client, "/static/mark.svg") == (200, AGAIN)


@pytest.mark.parametrize("name", ["nothing.js", "../app.py", "%2e%2e/app.py", "x/app.js"])
def test_what_is_not_there_is_kept_by_nobody(app: Flask, client: FlaskClient, name: str) -> None:
    status, told = kept(client, f"/static/{edition_of(Path(app.static_folder or ''))}/{name}")
    assert status == 404
    assert told != KEPT


def test_an_edition_is_of_names_and_contents(tmp_path: Path) -> None:
    def edition(**files: str) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        return edition_of(folder)

    first = edition(a="1", b="2")
    assert re.fullmatch(r"[0-9a-f]{16}", first)
    assert edition(b="2", a="1") == first, "wherever it is installed"
    assert len({first, edition(a="1", b="3"), edition(a="1", c="2"), edition(a="1"), edition(a="", b="12")}) == 5
