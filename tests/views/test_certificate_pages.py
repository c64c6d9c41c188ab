"""The page of a certificate is its accessible form, with the badge beside; files that carry a hidden name are held."""

from dataclasses import replace
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session

from certificates.format import FORMATS
from certificates.model import Record, printed_fields
from lms.config import Config
from lms.models import Certificate, CertificateFile
from lms.services import issuing
from lms.services.authority import open_authority, publish
from tests.account_in_test import make_person, signed_in, token_of
from tests.learner_in_test import TRACK, earn, learner

HOLDER = "فاطمة الزهراء گلستان"


@pytest.fixture
def issued(app: Flask, session: Session, config: Config) -> Certificate:
    row = learner(session, full_name="Ada Lovelace", certificate_name=HOLDER)
    earn(session, row)
    authority = open_authority(replace(config, issuer_signatory_fr="Directrice", issuer_signatory_en="Director"))
    publish(session, authority)
    made = issuing.issue(session, authority, row, TRACK)
    session.commit()
    return made


def file_of(session: Session, form: str) -> bytes:
    content = session.scalars(sa.select(CertificateFile.content).filter_by(format=form)).one()
    session.rollback()  # holds no page back
    return content


def checked(client: FlaskClient, data: bytes, name: str) -> str:
    """The page that judges a file, in English."""
    values = {"file": (BytesIO(data), name), "csrf_token": token_of(client)}
    return unescape(client.post("/verify?lang=en", data=values, headers={"Accept-Language": "en"}).text)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_printed_field_is_on_the_page(client: FlaskClient, issued: Certificate, language: str) -> None:
    page = client.get(f"/verify/{issued.code}?lang={language}", headers={"Accept-Language": language})
    text = unescape(page.text)
    fields = printed_fields(Record.from_dict(issued.record), language)
    assert {field.name_key for field in fields} >= {"holder", "signatory", "valid_until"}
    for field in fields:
        assert field.label in text
        assert field.value in text, field.name_key


def test_the_badge_is_shown_with_its_words(client: FlaskClient, session: Session, issued: Certificate) -> None:
    page = unescape(client.get(f"/verify/{issued.code}?lang=en", headers={"Accept-Language": "en"}).text)
    assert f'src="/credentials/{issued.id}.png"' in page
    assert f"Badge: Certificate {TRACK.certificate.title['en'] if TRACK.certificate else ''} · {issued.number}" in page
    for form in ("pdf", "png", "svg", "json", "jwt"):
        assert f'href="/credentials/{issued.id}.{form}"' in page
    for form, suffix in (("png", "png"), ("svg", "svg"), ("pdf", "pdf")):
        answer = client.get(f"/credentials/{issued.id}.{suffix}")
        assert answer.data == file_of(session, form)
        assert answer.content_type == FORMATS[form].media_type
        shown = "attachment" if form == "pdf" else "inline"
        assert answer.headers["Content-Disposition"].startswith(shown)
    assert client.get(f"/credentials/{issued.id}.gif").status_code == 404
    issued.status = "revoked"
    session.commit()
    assert "<figure" not in client.get(f"/verify/{issued.code}").text, "no badge beside « revoked »"


def test_the_credential_names_its_published_picture(client: FlaskClient, config: Config, issued: Certificate) -> None:
    credential = client.get(f"/credentials/{issued.id}.json").get_json(force=True)
    assert credential["image"]["type"] == "Image"
    address = credential["image"]["id"]
    assert address.startswith(config.base_url)
    assert client.get(address.removeprefix(config.base_url)).content_type == "image/png"


def test_a_hidden_name_hides_the_files_that_carry_it(
    app: Flask, client: FlaskClient, session: Session, issued: Certificate
) -> None:
    holder = make_person(session, "holder@example.org")
    make_person(session, "someone@example.org")
    issued.person_id, issued.name_public = holder, False
    session.commit()
    doors = [f"/credentials/{issued.id}{form.suffix}" for form in FORMATS.values()]
    for browser in (client, signed_in(app, "someone@example.org")):
        page = browser.get(f"/verify/{issued.code}")
        assert page.status_code == 200
        assert HOLDER not in unescape(page.text)
        assert str(issued.id) not in page.text
        assert {browser.get(door).status_code for door in doors} == {404}
        asked = browser.get(f"/credentials/{issued.id}", headers={"Accept": "application/vc+jwt"})
        assert asked.status_code == 404
    own = signed_in(app, "holder@example.org")
    assert {own.get(door).status_code for door in doors} == {200}
    assert f"/credentials/{issued.id}.png" in own.get(f"/verify/{issued.code}").text


@pytest.mark.parametrize("form", ["png", "svg"])
def test_a_badge_received_is_judged_and_its_drawing_is_not(
    client: FlaskClient, session: Session, issued: Certificate, form: str
) -> None:
    page = checked(client, file_of(session, form), f"badge.{form}")
    assert "This file is authentic, the certificate is valid" in page
    assert "The drawing itself is not signed" in page
    assert HOLDER in page


def test_a_picture_that_proves_nothing_is_refused_with_the_way_out(client: FlaskClient, issued: Certificate) -> None:
    out = BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    assert "carries no credential" in checked(client, out.getvalue(), "screenshot.png")
    bomb = b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    assert "This file is damaged" in checked(client, bomb, "bomb.svg")


def test_the_issuer_s_look_is_on_the_page(client: FlaskClient, issued: Certificate) -> None:
    page = client.get(f"/verify/{issued.code}").text
    assert 'href="/issuer/look.css"' in page
    assert "/issuer/logo.png" not in page
    assert client.get("/issuer/logo.png").status_code == 404
    style = client.get("/issuer/look.css")
    assert style.content_type.startswith("text/css")
    assert style.text == ":root { --issuer: #42204a; }\n"


def test_a_logo_is_served_and_shown(app: Flask, client: FlaskClient, issued: Certificate, tmp_path: Path) -> None:
    Image.new("RGBA", (1800, 600), (0, 90, 80, 128)).save(tmp_path / "logo.png")
    app.extensions["mpia"] = replace(app.extensions["mpia"], issuer_logo=tmp_path / "logo.png", issuer_colour="#0b5d4f")
    page = client.get(f"/verify/{issued.code}").text
    assert 'class="logo" src="/issuer/logo.png" alt="' in page
    assert 'class="logo" src="/issuer/logo.png"' in client.get("/verify").text
    logo = client.get("/issuer/logo.png")
    with Image.open(BytesIO(logo.data)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (900, 300))
    assert "#0b5d4f" in client.get("/issuer/look.css").text
