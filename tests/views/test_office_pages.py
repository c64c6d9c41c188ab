"""The certificates of others: who may see and do what, by role and tenant, and what is written in the journal."""

from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import AuditEntry, Certificate, CertificateEvent, Correction, Person, db
from tests.account_in_test import browser_of
from tests.issued_in_test import issued_to, settle
from tests.learner_in_test import count
from tests.platform_in_test import PlatformInTest, administrator, author, form_token, hr_officer, trainer

ACTS = ("suspended", "reinstated", "revoked")


@dataclass
class Scene:
    """Browsers by kind of visitor, and the certificate they look at."""

    app: Flask
    browsers: dict[str, FlaskClient]
    identity: str

    def send(self, who: str, path: str, **values: str) -> int:
        """Post as the form of that page does."""
        browser = self.browsers[who]
        token = form_token(browser.get("/verify"))
        return browser.post(path, data={"csrf_token": token, **values}).status_code

    def act(self, who: str, action: str, reason: str, room: str = "admin", **more: str) -> int:
        """Do something to the certificate, with a reason."""
        path = f"/{room}/certificates/{self.identity}/{action}"
        return self.send(who, path, reason=reason, words="As decided.", **more)


@pytest.fixture
def scene(app: Flask, platform: PlatformInTest, learner_client: FlaskClient) -> Scene:
    elsewhere = PlatformInTest(app, "elsewhere")
    browsers = {
        "anonymous": app.test_client(),
        "holder": learner_client,
        "fellow": platform.launched(sub="learner-2"),
        "trainer": platform.launched(**trainer()),
        "author": platform.launched(**author()),
        "hr": platform.launched(**hr_officer()),
        "platform administrator": platform.launched(**administrator()),
        "other trainer": elsewhere.launched(**trainer()),
        "administrator": browser_of(app, "someone@example.org", account="administrator"),
    }
    return Scene(app, browsers, issued_to(app, learner_client))


def state(session: Session) -> str:
    session.rollback()
    found = session.scalars(sa.select(Certificate.status).order_by(Certificate.edition)).first() or ""
    session.rollback()  # holds no page back
    return found


def test_each_room_is_for_its_own(scene: Scene, session: Session) -> None:
    opened: dict[str, set[str]] = {"admin": set(), "teach": set()}
    for room, who in ((room, who) for room in opened for who in scene.browsers):
        statuses = {
            scene.browsers[who].get(f"/{room}/certificates/{path}").status_code
            for path in (scene.identity, f"{scene.identity}/suspended", f"{scene.identity}/name")
        }
        if statuses == {200}:
            opened[room].add(who)
        elif who == "anonymous":
            assert statuses == {401}
        else:
            assert statuses <= {403, 404}, (room, who)
    assert opened == {"admin": {"administrator"}, "teach": {"trainer"}}
    listed = {who: browser.get("/teach/certificates/") for who, browser in scene.browsers.items()}
    assert {who for who, page in listed.items() if page.status_code == 200} == {"trainer", "other trainer"}
    assert "Ada Martin" in listed["trainer"].text
    assert "Ada Martin" not in listed["other trainer"].text


def test_nobody_else_acts(scene: Scene, session: Session) -> None:
    for who in scene.browsers.keys() - {"administrator", "trainer"}:
        for room in ("admin", "teach"):
            assert scene.act(who, "suspended", "inquiry", room) in {401, 403, 404}
            assert scene.send(who, f"/{room}/certificates/{scene.identity}/name", name="X Y", words="z") in {
                401,
                403,
                404,
            }
    assert scene.act("trainer", "suspended", "inquiry", "admin") == 403
    assert scene.act("administrator", "suspended", "inquiry", "teach") == 403
    for action, reason in (("reinstated", "cleared"), ("revoked", "fraud")):
        assert scene.act("trainer", action, reason, "teach", sure="y") == 403
    assert state(session) == "valid"
    assert count(session, CertificateEvent) == 0


def test_the_administration_suspends_reinstates_and_revokes(scene: Scene, session: Session) -> None:
    assert scene.act("administrator", "suspended", "inquiry") == 303
    assert state(session) == "suspended"
    session.rollback()
    assert scene.act("administrator", "suspended", "inquiry") == 409
    assert scene.act("administrator", "reinstated", "cleared") == 303
    assert scene.act("administrator", "revoked", "fraud") == 400  # the box is not ticked
    assert scene.act("administrator", "revoked", "inquiry", sure="y") == 400  # no such reason to revoke
    path = f"/admin/certificates/{scene.identity}/revoked"
    assert scene.send("administrator", path, reason="fraud", words="  ", sure="y") == 400
    assert scene.send("administrator", path, reason="fraud", words="x" * 2001, sure="y") == 400
    assert state(session) == "valid"
    session.rollback()
    assert scene.act("administrator", "revoked", "fraud", sure="y") == 303
    assert scene.act("administrator", "reinstated", "cleared") == 409
    assert state(session) == "revoked"
    page = scene.browsers["administrator"].get(f"/admin/certificates/{scene.identity}?lang=en").text
    for said in ("Revoked", "Fraud was established", "As decided.", "the administration", "Its state no longer"):
        assert said in page
    code = session.scalars(sa.select(Certificate.code)).one()
    session.rollback()  # SQLite's writer is alone, and each check is a line of the journal
    public = scene.browsers["anonymous"].get(f"/verify/{code}?lang=en").text
    assert "This certificate is revoked" in public
    assert "Fraud was established" not in public
    assert "As decided." not in public


def test_a_trainer_suspends_and_corrects_for_their_learners(scene: Scene, session: Session) -> None:
    path = f"/teach/certificates/{scene.identity}/name"
    assert scene.send("trainer", path, name="Ada Martin", words="No change.") == 409
    assert scene.send("trainer", path, name="阿達", words="x") == 400
    assert scene.send("trainer", path, name="Ada de Martin", words="") == 400
    assert scene.send("trainer", path, name="Ada de Martin", words="As on the identity card.") == 303
    settle(scene.app)
    assert state(session) == "replaced"
    first, second = session.scalars(sa.select(Certificate).order_by(Certificate.edition)).all()
    assert (second.record["holder"], second.previous_id) == ("Ada de Martin", first.id)
    codes = first.code, second.code
    session.rollback()
    old, new = (scene.browsers["anonymous"].get(f"/verify/{code}?lang=en").text for code in codes)
    assert "Replaced by the certificate" in old
    assert f"/verify/{second.code}" in old
    assert "This certificate has been replaced" in old
    assert "Replaces the certificate" in new
    assert f"/verify/{first.code}" in new
    scene.identity = str(second.id)
    session.rollback()
    assert scene.act("trainer", "suspended", "jury_decision", "teach") == 303
    events = session.scalars(sa.select(CertificateEvent.capacity).filter_by(action="suspended")).all()
    assert events == ["trainer"]


def test_a_name_asked_is_answered(scene: Scene, session: Session) -> None:
    ask = f"/certificates/{scene.identity}/correction"
    assert scene.send("holder", ask, name="Ada de Martin") == 303
    number = session.scalars(sa.select(Correction.id)).one()
    session.rollback()
    for room, who in (("admin", "administrator"), ("teach", "trainer")):
        page = scene.browsers[who].get(f"/{room}/certificates/?lang=en").text
        assert "Ada Martin asks for Ada de Martin" in page
    path = f"/teach/certificates/corrections/{number}"
    assert scene.send("other trainer", path, go="accept") == 404
    assert scene.send("holder", path, go="accept") == 403
    assert scene.send("trainer", path, go="other") == 400
    assert scene.send("trainer", path, go="refuse", words="") == 409
    assert scene.send("trainer", path, go="refuse", words="The card says otherwise.") == 303
    assert scene.send("trainer", path, go="accept") == 409
    assert "The card says otherwise." in scene.browsers["holder"].get(f"/certificates/{scene.identity}").text
    assert scene.send("holder", ask, name="Ada de Martin") == 303
    assert scene.send("administrator", f"/admin/certificates/corrections/{number + 1}", go="accept") == 303
    settle(scene.app)
    assert state(session) == "replaced"
    assert scene.browsers["administrator"].get("/admin/certificates/corrections/999").status_code == 404


def test_who_looks_is_written_and_no_name_is(scene: Scene, session: Session) -> None:
    scene.browsers["holder"].get(f"/certificates/{scene.identity}")
    assert count(session, AuditEntry, AuditEntry.action == "certificate_viewed") == 0
    session.rollback()
    scene.browsers["administrator"].get(f"/admin/certificates/{scene.identity}")
    scene.browsers["administrator"].get("/admin/certificates/?q=Ada")
    scene.browsers["trainer"].get(f"/teach/certificates/{scene.identity}")
    lines = session.scalars(sa.select(AuditEntry).filter_by(action="certificate_viewed").order_by(AuditEntry.id)).all()
    number = session.scalars(sa.select(Certificate.number)).one()
    assert [line.target for line in lines] == [number] * 3
    assert [line.details["room"] for line in lines] == ["admin", "admin", "teach"]
    assert "Martin" not in str([line.details for line in lines])


def test_the_register_is_searched(scene: Scene, session: Session) -> None:
    row = session.scalars(sa.select(Certificate)).one()
    number, code = row.number, row.code
    session.rollback()
    browser = scene.browsers["administrator"]
    for asked in (number, number[:9], code, code.lower(), "ada", "martin", "ADA M"):
        assert scene.identity in browser.get("/admin/certificates/", query_string={"q": asked}).text, asked
    for asked in ("nobody", "%", "_", "' or 1=1 --", "x" * 300):
        assert scene.identity not in browser.get("/admin/certificates/", query_string={"q": asked}).text, asked
    for values, found in (
        ({"state": "valid"}, True), ({"state": "revoked"}, False), ({"state": "expired"}, False),
        ({"state": "ending"}, False), ({"track": "decideurs"}, True), ({"track": "other"}, False),
        ({"state": "nonsense"}, False),
    ):  # fmt: skip
        assert (scene.identity in browser.get("/admin/certificates/", query_string=values).text) == found, values


def test_nobody_decides_about_themselves(app: Flask, session: Session, scene: Scene) -> None:
    with app.app_context():
        owner = db.session().scalars(sa.select(Person).filter_by(email="someone@example.org")).one().id
        db.session().execute(sa.update(Certificate).values(person_id=owner))
        db.session().commit()
        db.session.remove()
    assert scene.act("administrator", "suspended", "inquiry") == 403
    assert state(session) == "valid"
