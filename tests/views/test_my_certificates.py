"""« My certificates »: the name confirmed first, then who sees what, asked and answered; nobody else's."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from certificates.codes import new_code
from lms.models import Attempt, Certificate, Correction, Enrolment, Person, utcnow
from lms.services import attempts
from tests.issued_in_test import issued_to, settle
from tests.learner_in_test import TRACK, answer, count, earn, module
from tests.platform_in_test import ABSENT, PlatformInTest, form_token


@pytest.fixture
def identity(app: Flask, learner_client: FlaskClient) -> str:
    return issued_to(app, learner_client)


def send(client: FlaskClient, path: str, page: str = "/certificates/name", **values: str) -> int:
    """Post to a page as its form does; gives the status."""
    token = form_token(client.get(page))
    return client.post(path, data={"csrf_token": token, **values}).status_code


def row_of(session: Session) -> Certificate:
    session.rollback()
    session.expire_all()
    return session.scalars(sa.select(Certificate).order_by(Certificate.issued_at, Certificate.edition)).first()  # type: ignore[return-value]


def test_nothing_is_issued_before_the_name_is_confirmed(
    app: Flask, learner_client: FlaskClient, session: Session
) -> None:
    learner_client.get("/learn/decideurs")
    earn(session, session.scalars(sa.select(Enrolment)).one())
    session.rollback()
    settle(app)
    assert count(session, Certificate) == 0
    session.rollback()
    page = learner_client.get("/learn/decideurs?lang=en").text
    assert "It will bear: Ada Martin. Confirm this name, or correct it." in page
    assert "/certificates/name?next=" in page
    form = learner_client.get("/certificates/name?lang=en").text
    assert "Your certificate will bear: Ada Martin" in form
    assert send(learner_client, "/certificates/name", name="阿達") == 400
    assert send(learner_client, "/certificates/name", name="") == 400
    assert send(learner_client, "/certificates/name", name="Ada d’Aubigné") == 303
    settle(app)
    assert row_of(session).record["holder"] == "Ada d’Aubigné"


def test_other_settings_confirm_no_name(learner_client: FlaskClient, session: Session) -> None:
    values = {"size": "l", "space": "m", "language": "fr", "certificate_name": ""}
    page = learner_client.get("/account/settings").text
    assert 'value="Ada Martin"' not in page
    assert send(learner_client, "/account/settings", "/account/settings", **values) == 303
    assert session.scalars(sa.select(Person)).one().certificate_name is None


def test_a_nameless_person_is_asked_for_one(platform: PlatformInTest) -> None:
    client = platform.launched(name=ABSENT, given_name=ABSENT, family_name=ABSENT)
    assert "Your name is missing" in client.get("/certificates/name?lang=en").text
    assert client.get("/certificates/?lang=en").status_code == 200


def test_confirming_leads_back_inside_this_site_alone(learner_client: FlaskClient) -> None:
    token = form_token(learner_client.get("/certificates/name"))
    for target, there in (("/learn/decideurs", "/learn/decideurs"), ("//evil.example", "/certificates/")):
        answer = learner_client.post(
            "/certificates/name", data={"csrf_token": token, "name": "Ada Martin", "next": target}
        )
        assert answer.location == there


def test_the_page_of_a_certificate_says_it_all(learner_client: FlaskClient, session: Session, identity: str) -> None:
    listed = learner_client.get("/certificates/?lang=en").text
    row = row_of(session)
    assert row.number in listed
    page = learner_client.get(f"/certificates/{identity}?lang=en").text
    for said in (row.number, "Ada Martin", "Valid", f"/verify/{row.code}", "It can be renewed from", "Issued"):
        assert said in page
    for suffix in ("pdf", "json", "jwt"):
        file = learner_client.get(f"/certificates/{identity}/files/{suffix}")
        assert file.status_code == 200
        assert "attachment" in file.headers["Content-Disposition"]
    assert learner_client.get(f"/certificates/{identity}/files/exe").status_code == 404


def test_a_masked_name_is_nowhere_in_public(
    app: Flask, learner_client: FlaskClient, session: Session, identity: str
) -> None:
    stranger, row = app.test_client(), row_of(session)
    public = f"/verify/{row.code}"
    session.rollback()  # SQLite's writer is alone, and each check is a line of the journal
    assert "Ada Martin" in stranger.get(public).text
    assert stranger.get(f"/credentials/{identity}.json").status_code == 200
    session.rollback()
    assert send(learner_client, f"/certificates/{identity}/visibility", shown="0") == 303
    page = stranger.get(public).text
    assert "Ada Martin" not in page
    assert identity not in page
    for suffix in ("pdf", "json", "jwt"):
        assert stranger.get(f"/credentials/{identity}.{suffix}").status_code == 404
    assert stranger.get(f"/credentials/{identity}", headers={"Accept": "application/vc+jwt"}).status_code == 404
    assert learner_client.get(f"/certificates/{identity}/files/pdf").status_code == 200
    assert send(learner_client, f"/certificates/{identity}/visibility", shown="1") == 303
    assert "Ada Martin" in stranger.get(public).text
    for wrong in ("", "2", "yes"):
        assert send(learner_client, f"/certificates/{identity}/visibility", shown=wrong) == 400


def test_a_sharing_link_is_opened_and_closed(
    app: Flask, learner_client: FlaskClient, session: Session, identity: str
) -> None:
    stranger = app.test_client()
    assert send(learner_client, f"/certificates/{identity}/visibility", shown="0") == 303
    assert send(learner_client, f"/certificates/{identity}/sharing", shared="1") == 303
    found = re.search(r"/shared/[\w-]{43}", learner_client.get(f"/certificates/{identity}").text)
    assert found is not None
    link = found[0]
    answer = stranger.get(link)
    assert answer.status_code == 200
    assert "Ada Martin" in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer.headers
    assert stranger.get(f"{link}/certificate.pdf").data.startswith(b"%PDF")
    assert stranger.get(f"{link}/certificate.exe").status_code == 404
    assert send(learner_client, f"/certificates/{identity}/sharing", shared="0") == 303
    closed, unknown = stranger.get(link), stranger.get("/shared/" + "x" * 43)
    assert (closed.status_code, unknown.status_code) == (404, 404)
    assert _without_reference(closed.text) == _without_reference(unknown.text)
    assert stranger.get(f"{link}/certificate.pdf").status_code == 404


def _without_reference(page: str) -> str:
    page = re.sub(r"\b[0-9A-F]{12}\b", "", page)
    return re.sub(r'(value|content)="[^"]*"', "", re.sub(r"/shared/[\w-]+", "", page))


def test_another_name_is_asked_once(learner_client: FlaskClient, session: Session, identity: str) -> None:
    path = f"/certificates/{identity}/correction"
    assert send(learner_client, path, name="阿達") == 400
    assert send(learner_client, path, name="") == 400
    assert send(learner_client, path, name="Ada Martin") == 409  # it bears it already
    assert send(learner_client, path, name="Ada d’Aubigné", words="Mon nom d’usage.\x07") == 303
    assert send(learner_client, path, name="Another Name") == 409
    asked = session.scalars(sa.select(Correction)).one()
    assert (asked.name, asked.words, asked.state) == ("Ada d’Aubigné", "Mon nom d’usage.", "open")
    session.rollback()
    page = learner_client.get(f"/certificates/{identity}?lang=en").text
    assert "Asked: Ada d’Aubigné" in page
    assert path not in page


def test_markup_is_shown_as_typed(learner_client: FlaskClient, session: Session, identity: str) -> None:
    name = "<b>Ada</b> & co"
    assert send(learner_client, f"/certificates/{identity}/correction", name=name, words="<script>x</script>") == 303
    page = learner_client.get(f"/certificates/{identity}").text
    assert "<b>Ada" not in page
    assert "&lt;b&gt;Ada&lt;/b&gt; &amp; co" in page


def test_nobody_elses(platform: PlatformInTest, learner_client: FlaskClient, session: Session, identity: str) -> None:
    other = platform.launched(sub="learner-2")
    elsewhere = PlatformInTest(platform.app, "elsewhere").launched()
    for client in (other, elsewhere):
        assert identity not in client.get("/certificates/").text
        assert client.get(f"/certificates/{identity}").status_code == 404
        assert client.get(f"/certificates/{identity}/files/pdf").status_code == 404
        assert send(client, f"/certificates/{identity}/visibility", shown="0") == 404
        assert send(client, f"/certificates/{identity}/sharing", shared="1") == 404
        assert send(client, f"/certificates/{identity}/correction", name="Mine Now") == 404
        assert send(client, f"/certificates/{identity}/renewal") == 404
    stranger = platform.app.test_client()
    assert stranger.get(f"/certificates/{identity}").status_code == 401
    assert stranger.get("/certificates/").status_code == 401
    row = row_of(session)
    assert (row.name_public, row.share_token) == (True, None)


def test_the_acts_of_the_page_need_their_token(learner_client: FlaskClient, session: Session, identity: str) -> None:
    for path, values in (("visibility", {"shown": "0"}), ("sharing", {"shared": "1"}), ("correction", {"name": "X Y"})):
        assert learner_client.post(f"/certificates/{identity}/{path}", data=values).status_code == 400
    assert row_of(session).name_public


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=170), "It expires in less than six months. It can be renewed."),
        (timedelta(days=20), "It expires in less than a month. It can be renewed."),
        (timedelta(days=-1), "It has expired: it can be renewed."),
    ],
)
def test_the_end_is_announced(
    learner_client: FlaskClient, session: Session, identity: str, left: timedelta, said: str
) -> None:
    assert said not in learner_client.get("/certificates/?lang=en").text
    row_of(session).valid_until = utcnow() + left
    session.commit()
    assert said in learner_client.get("/certificates/?lang=en").text
    assert "It can be renewed" in learner_client.get(f"/certificates/{identity}?lang=en").text


def test_a_renewal_is_linked_both_ways(
    app: Flask, learner_client: FlaskClient, session: Session, identity: str
) -> None:
    row = row_of(session)
    values = {column.key: getattr(row, column.key) for column in sa.inspect(Certificate).column_attrs}
    own = {"id": uuid4(), "cycle": 2, "previous_id": row.id, "number": "MPIA-2029-000001"}
    code = new_code()
    session.add(Certificate(**{**values, **own, "code": code, "status_index": row.status_index ^ 1}))
    row.valid_until = utcnow() - timedelta(days=1)
    session.commit()
    old_code, old_number = row.code, row.number
    session.rollback()
    old = app.test_client().get(f"/verify/{old_code}?lang=en").text
    new = app.test_client().get(f"/verify/{code}?lang=en").text
    assert "This certificate has expired" in old
    assert "Renewed by the certificate" in old
    assert f"/verify/{code}" in old
    assert "Renews the certificate" in new
    assert f"/verify/{old_code}" in new
    mine = learner_client.get(f"/certificates/{identity}?lang=en").text
    assert "Renewed by the certificate" in mine
    assert "It can be renewed" not in mine
    assert old_number in mine


def test_a_certificate_is_renewed_by_whoever_passes_its_modules_again(
    app: Flask, learner_client: FlaskClient, session: Session, identity: str
) -> None:
    path, module_path = f"/certificates/{identity}", "/learn/decideurs/d1/assessment"
    assert "It can be renewed from" in learner_client.get(f"{path}?lang=en").text
    assert send(learner_client, f"{path}/renewal") == 409
    assert "To renew it" not in learner_client.get("/learn/decideurs?lang=en").text
    assert send(learner_client, module_path) == 409, "it is passed"
    row = row_of(session)
    row.issued_at, row.valid_until = utcnow() - timedelta(days=900), utcnow() + timedelta(days=100)
    session.query(Attempt).update({"submitted_at": utcnow() - timedelta(days=900)})
    session.commit()
    page = learner_client.get(f"{path}?lang=en").text
    assert "To pass again, from" in page
    assert "None was passed again yet." in page
    assert "To renew it" in learner_client.get("/learn/decideurs?lang=en").text
    assert send(learner_client, f"{path}/renewal") == 409
    for key in ("d1", "d2"):
        assert send(learner_client, f"/learn/decideurs/{key}/assessment") == 303
        attempt = session.scalars(sa.select(Attempt).filter_by(module_key=key, submitted_at=None)).one()
        answer(session, attempt, module(key))
        attempts.submit(session, attempt, TRACK, module(key))
        session.commit()
        assert send(learner_client, f"/learn/decideurs/{key}/assessment") == 409, "it is passed again"
    assert "Everything it takes is done." in learner_client.get(f"{path}?lang=en").text
    assert f'href="{path}#renewal"' in learner_client.get("/learn/decideurs").text
    settle(app)
    assert count(session, Certificate) == 1, "nobody asked"
    session.rollback()
    assert send(learner_client, f"{path}/renewal") == 303
    assert send(learner_client, f"{path}/renewal") == 303, "asked twice, it is one"
    settle(app)
    session.expire_all()
    old, new = session.scalars(sa.select(Certificate).order_by(Certificate.cycle)).all()
    assert (new.cycle, new.edition, new.previous_id, new.status, old.status) == (2, 1, old.id, "valid", "valid")
    assert new.valid_until is not None
    assert old.valid_until is not None
    assert new.valid_until > old.valid_until
    session.rollback()
    assert send(learner_client, f"{path}/renewal") == 409
    assert "Renewed by the certificate" in learner_client.get(f"{path}?lang=en").text
