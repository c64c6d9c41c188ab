"""The pages of a bank's files: what was read is shown first, then all of it is added; what leaves is said before."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from curricula.exchange.registry import formats
from lms.models import BankUpload, Draft, db
from lms.services import bank, drafts
from lms.services.bank_files import AT_ONCE, LARGEST
from lms.worker import Worker
from tests.bank_in_test import BANK, MODULE, TRACK, Author
from tests.curricula.exchange.question_samples import a_question
from tests.services.test_bank_files import GIFT

Keys = Callable[[], list[str]]


@pytest.fixture
def author(app: Flask) -> Author:
    return Author(app)


@pytest.fixture
def keys(app: Flask) -> Keys:
    """The keys of the bank, read when asked."""

    def of() -> list[str]:
        with app.app_context():
            draft = drafts.open_draft(db.session(), TRACK)
            assert draft is not None
            found = bank.keys(db.session(), draft, MODULE)
            db.session.remove()
        return found

    return of


def send(author: Author, content: bytes | str = GIFT, name: str = "banc.gift", **more: str) -> Any:
    raw = content.encode() if isinstance(content, str) else content
    # Encoded here: the test client would leave the temporary file of a large body open.
    values = {
        "csrf_token": author.token,
        "format": "",
        "language": "fr",
        "file": FileStorage(io.BytesIO(raw), name),
        **more,
    }
    boundary, body = encode_multipart(MultiDict(values))
    return author.browser.post(f"{BANK}/import", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_a_file_is_shown_then_added_whole(author: Author, keys: Keys) -> None:
    where = send(author).location
    page = author.browser.get(where).text
    for said in ("2 questions peuvent être ajoutées", "Essai", "note-1", "d1-q01-2", "L'agent"):
        assert said in page
    assert len(keys()) == 15
    data = {"csrf_token": author.token, "objective": "d1-o1", "difficulty": "1", "source": ""}
    done = author.browser.post(where, data=data)
    assert done.location == BANK
    assert keys()[-2:] == ["note-1", "d1-q01-2"]
    gone = author.browser.post(where, data=data, follow_redirects=True)
    assert "Ce fichier n’est plus ici" in gone.text
    assert len(keys()) == 17


def test_wrong_choices_are_refused_and_the_file_waits(author: Author, keys: Keys) -> None:
    where = send(author).location
    data = {"csrf_token": author.token, "objective": "nowhere", "difficulty": "9", "source": "x"}
    assert author.browser.post(where, data=data).status_code == 400
    assert len(keys()) == 15
    assert author.browser.get(where).status_code == 200
    for wrong in ({"format": "word"}, {"language": "de"}):
        assert send(author, **wrong).status_code == 400
    assert author.post("/import", format="", language="fr").status_code == 400


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("banc.gift", b"\xff\xfe\x00\x00"), ("banc.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><quiz>&b;</quiz>"),
        ("banc.zip", b"PK\x05\x06" + b"\x00" * 18), ("../../etc/passwd", b"root"), ("é\u202e.gift", b"?"), ("", b""),
        ("banc.md", b"# Une page"), ("x" * 3000 + ".gift", b"::a:: b {=c"),
    ],
)  # fmt: skip
def test_hostile_files_are_told_apart_never_an_error(author: Author, keys: Keys, name: str, content: bytes) -> None:
    answer = send(author, content, name)
    assert answer.status_code in (303, 400)
    if answer.status_code == 303:
        page = author.browser.get(answer.location)
        assert page.status_code == 200
        assert "Rien n’a été ajouté" in page.text
    assert len(keys()) == 15


def test_a_file_too_large_is_refused_and_a_large_one_is_read_by_a_job(app: Flask, author: Author) -> None:
    assert send(author, b"x" * (LARGEST + 1)).status_code == 400
    answer = send(author, b"x" * (LARGEST + 200_000))
    assert answer.status_code == 413
    assert "20,1" in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(BankUpload)) == 0
        db.session.remove()
    large = GIFT + "// nothing more to say\n" * (3_000_000 // 20)
    assert len(large) > AT_ONCE
    where = send(author, large).location
    assert "Lecture du fichier en cours" in author.browser.get(where).text
    assert author.browser.get(f"{where}/stamp").json == {"stamp": "waiting"}
    Worker(app).drain()
    assert author.browser.get(f"{where}/stamp").json == {"stamp": "read"}
    assert "2 questions peuvent être ajoutées" in author.browser.get(where).text


def test_other_pages_take_no_more_than_before(author: Author) -> None:
    assert author.post("/questions/d1-q01", stem_fr="x" * 3_000_000).status_code == 413


@pytest.mark.parametrize("key", [key for key, each in formats().items() if each.write])
def test_a_bank_leaves_in_each_format_and_what_it_loses_is_said_before(author: Author, key: str) -> None:
    page = author.get(f"/export?format={key}&language=en").text
    assert f"/export/{key}?language=en" in page
    author.write("/new", a_question("half"), 0, key="half")
    assert "half" in author.get(f"/export?format={key}&language=en").text
    answer = author.get(f"/export/{key}?language=en")
    assert re.search(r'filename="?decideurs-d1-en\.\w+', answer.headers["Content-Disposition"])
    assert len(answer.data) > 1000
    for wrong in ("/export/common_cartridge", "/export/none", f"/export/{key}?language=de"):
        assert author.get(wrong).status_code == 404
    assert author.get("/export?format=none&language=de").status_code == 200


def test_nothing_is_brought_into_a_draft_that_is_being_read(app: Flask, author: Author) -> None:
    where = send(author).location
    with app.app_context():
        db.session.query(Draft).update({"state": "review"})
        db.session.commit()
    assert author.get("/import").status_code == 409
    assert send(author).status_code == 409
    data = {"csrf_token": author.token, "objective": "", "difficulty": "1", "source": ""}
    assert author.browser.post(where, data=data).status_code == 409
