"""HR's pages of the organisation, the matches, the population, and who sees what: by role, by tenant, by unit."""

import csv
from io import StringIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, AuditEntry, Enrolment, HrScope, Person, Platform, Population, Unit, db, utcnow
from lms.services.figures import refresh_all
from lms.services.matching import match
from lms.services.scopes import give
from lms.services.units import make_unit
from tests.account_in_test import browser_of, make_person, signed_in, token_of
from tests.platform_in_test import PlatformInTest, administrator, hr_officer
from tests.tracks_in_test import fixed_tracks

TRACK = fixed_tracks()["decideurs"]


@pytest.fixture
def units(app: Flask) -> dict[str, int]:
    """Two ministries, a directorate with a service in the first; an agent in each, seen on two platforms."""
    with app.app_context():
        session, found = db.session(), dict[str, Unit]()
        for code, above in (("M1", None), ("D1", "M1"), ("S1", "D1"), ("M2", None)):
            parent = found[above] if above else None
            found[code] = make_unit(session, code, f"Unité {code}", "service", parent)
            number = f"A-{code}"
            session.add(Agent(
                number=number, family_name=f"Nom{code}", given_name="Zoé", branch="FPE", ministry=f"Min {code}",
                email=f"{code.lower()}@etat.example", unit_id=found[code].id,
            ))  # fmt: skip
        platforms = [
            Platform(
                name=name, issuer=f"https://{name}", client_id="c", auth_url="https://x", token_url="x", jwks_url="x"
            )
            for name in ("one", "two")
        ]
        people = []
        for code in found:
            for place in platforms:
                row = Person(
                    platform=place, subject=code, sourced_id=f"A-{code}", family_name=f"Nom{code}", given_name="Zoé"
                )
                session.add(row)
                people.append(row)
                session.add(Enrolment(
                    person=row, track_key=TRACK.key, track_version="2026.1", track_digest="0", completed_at=utcnow()
                ))  # fmt: skip
        stranger = Person(platform=platforms[0], subject="stranger", email="m2@etat.example", full_name="Une Inconnue")
        near = Person(platform=platforms[0], subject="near", email="s1@etat.example", full_name="Un Voisin")
        session.add_all([stranger, near])
        session.flush()
        match(session, [row.id for row in (*people, stranger, near)])
        numbers = {code: unit.id for code, unit in found.items()}
        session.commit()
        session.remove() if hasattr(session, "remove") else db.session.remove()
    return numbers


def hr_of(app: Flask, email: str, *codes: str) -> FlaskClient:
    """The browser of an HR account to whom these units are opened; without any, the whole."""
    with app.app_context():
        person_id = make_person(db.session(), email, account="hr")
        give(db.session(), person_id, db.session.scalars(select(Unit).where(Unit.code.in_(codes))))
        db.session.commit()
        db.session.remove()
    return signed_in(app, email)


@pytest.fixture
def whole(app: Flask, units: dict[str, int]) -> FlaskClient:
    return hr_of(app, "whole@example.org")


@pytest.fixture
def part(app: Flask, units: dict[str, int]) -> FlaskClient:
    """HR of the directorate D1, and of S1 which is under it."""
    return hr_of(app, "part@example.org", "D1", "S1")


def post(browser: FlaskClient, url: str, status: int = 303, **values: Any) -> str:
    answer = browser.post(url, data={**values, "csrf_token": token_of(browser)})
    assert answer.status_code == status, answer.text
    return answer.text


def read_csv(browser: FlaskClient, report: str = "completions") -> set[str]:
    body = browser.get(f"/hr/export/{report}.csv?purpose=audit").data.decode("utf-8-sig")
    return {row["nom"] for row in csv.DictReader(StringIO(body, newline=""), delimiter=";")}


def test_everything_of_before_is_narrowed_to_what_one_sees(
    app: Flask, whole: FlaskClient, part: FlaskClient, session: Session
) -> None:
    assert read_csv(whole) == {"NomM1", "NomD1", "NomS1", "NomM2"}
    assert read_csv(part) == {"NomD1", "NomS1"}
    refresh_all(session)
    page = part.get("/hr/?lang=en").text
    assert "There are too few agents here for a figure to be shown." in page
    assert "Unité D1, with all under it." in page  # S1 is under it
    assert "Min M1" not in page
    assert "/hr/agents/import" not in page
    assert part.get("/hr/agents/import", follow_redirects=True).status_code == 403
    details = [
        line.details["units"]
        for line in session.query(AuditEntry).filter_by(action="hr.export").order_by(AuditEntry.id)
    ]
    session.rollback()
    assert details[0] is None
    assert len(details[1]) == 1, "the top alone: S1 is under D1"


def test_the_organisation_is_gone_through_within_what_one_sees(
    whole: FlaskClient, part: FlaskClient, units: dict[str, int]
) -> None:
    top = whole.get("/hr/organisation/").text
    assert "Unité M1" in top
    assert "Unité M2" in top
    assert "Unité D1" not in top
    inside = whole.get(f"/hr/organisation/{units['M1']}?lang=en").text
    assert "3 agents are here. 3 are of the population." in inside
    assert "And one agent of the unit itself" in inside
    own = part.get("/hr/organisation/").text
    assert "Unité D1" in own
    assert "Unité M1" not in own
    below = part.get(f"/hr/organisation/{units['S1']}").text
    assert "Unité D1" in below
    assert "Unité M1" not in below.split('<section class="card stack" aria-labelledby="history">')[0]
    for number in (units["M1"], units["M2"], 99, 2**40):
        assert part.get(f"/hr/organisation/{number}").status_code == 404
    past = whole.get("/hr/organisation/?day=2020-12-31&lang=en")
    assert past.status_code == 200
    assert "as it was on 31/12/2020" in past.text
    assert "No agent is here." in past.text
    assert whole.get(f"/hr/organisation/{units['M1']}?day=2020-12-31").status_code == 200
    for day in ("hier", "2020-13-41", "9999-12-31", "2020", "x" * 3000):
        assert whole.get(f"/hr/organisation/?day={day}").status_code == 200


def test_units_are_changed_by_who_sees_what_is_above(
    app: Flask, whole: FlaskClient, part: FlaskClient, units: dict[str, int], session: Session
) -> None:
    url = "/hr/organisation"
    service = {"new-code": "S2", "new-name": "Nouveau", "new-kind": "service", "new-siret": ""}
    post(part, f"{url}/{units['D1']}/make", **service)
    assert "autre" in post(part, f"{url}/{units['D1']}/make", 400, **service).lower()
    refused = post(part, f"{url}/{units['D1']}/make", 400, **{**service, "new-code": "S3", "new-siret": "3.21E+13"})
    assert "3.21E+13" in refused, "what was typed is still there"
    post(part, f"{url}/{units['D1']}/make", 400, **{**service, "new-kind": "castle"})
    new = session.query(Unit).filter_by(code="S2").one().id
    session.rollback()
    said = {"name": "Renommé", "kind": "service", "siret": "012 345 678 90123"}
    post(part, f"{url}/{new}/rename", **said)
    assert "Le suivi nominatif écrit" in part.get(f"{url}/{new}?lang=fr").text
    post(part, f"{url}/{new}/move", under="S1")
    assert "S1" in post(part, f"{url}/{units['S1']}/move", 400, under="S2"), "a loop"
    post(part, f"{url}/{units['S1']}/move", 400, under="M2")  # which they do not see
    post(part, f"{url}/{units['S1']}/move", 403, under="")  # the top is not theirs
    for what, values in (("rename", said), ("move", {"under": "S1"}), ("close", {})):
        post(part, f"{url}/{units['D1']}/{what}", 403, **values)
        post(part, f"{url}/{units['M2']}/{what}", 404, **values)
    post(part, f"{url}/make", 403, **service)
    post(part, f"{url}/{units['S1']}/close", 409)
    post(part, f"{url}/{new}/close")
    assert part.get(f"{url}/{new}").status_code == 200
    post(whole, f"{url}/{units['D1']}/move", under="M2")
    post(whole, f"{url}/make", **{**service, "new-code": "M3"})
    assert "Unité D1" in part.get(f"{url}/").text, "what is opened moves with its unit"
    paths = {unit.code: unit.path for unit in session.query(Unit)}
    session.rollback()
    assert paths["S1"] == f"{units['M2']}.{units['D1']}.{units['S1']}."


def test_matches_are_decided_with_one_click_within_what_one_sees(
    whole: FlaskClient, part: FlaskClient, units: dict[str, int], session: Session
) -> None:
    doubts = {
        row.person.subject if hasattr(row, "person") else row.person_id: row.id
        for row in session.query(AgentMatch).filter_by(state="doubtful")
    }
    people = {row.id: row.subject for row in session.query(Person)}
    mine = {people[number]: match_id for number, match_id in doubts.items()}
    session.rollback()
    page = whole.get("/hr/matches/?lang=en").text
    assert "No match waits" in page, "each agent is held on that platform already"
    sure = session.query(AgentMatch).join(Person, Person.id == AgentMatch.person_id)
    numbers = {
        code: sure.filter(Person.subject == code, Person.platform.has(name="one")).one().id for code in ("S1", "M2")
    }
    session.rollback()
    for number in numbers.values():
        post(whole, f"/hr/matches/{number}/refuse")
    page = whole.get("/hr/matches/?lang=en").text
    assert "2 matches wait" in page
    assert "Une Inconnue" in page
    assert "A-M2" in page
    theirs = part.get("/hr/matches/?lang=en").text
    assert "One match waits" in theirs
    assert "Un Voisin" in theirs
    assert "Une Inconnue" not in theirs
    for what in ("confirm", "refuse", "undo"):
        post(part, f"/hr/matches/{mine['stranger']}/{what}", 404)
    post(part, f"/hr/matches/{mine['near']}/confirm")
    assert "Un Voisin" in part.get("/hr/matches/?state=confirmed").text
    post(part, f"/hr/matches/{numbers['S1']}/undo")
    post(part, f"/hr/matches/{numbers['S1']}/confirm", 409)  # the agent is somebody else of the platform now
    post(part, f"/hr/matches/{mine['near']}/undo", state="confirmed")
    post(part, f"/hr/matches/{mine['near']}/refuse")
    post(part, f"/hr/matches/{numbers['S1']}/confirm")
    for query in ("state=sure&page=99999999", "state=x&page=-3", "page=un"):
        assert whole.get(f"/hr/matches/?{query}").status_code == 200
    acts = [(line.action, line.details.get("purpose")) for line in session.query(AuditEntry).order_by(AuditEntry.id)]
    session.rollback()
    assert ("hr.view", "matching") in acts
    assert {"hr.match_confirmed", "hr.match_refused", "hr.match_doubtful"} <= {act for act, _ in acts}


def test_a_rule_is_counted_before_it_is_declared_by_who_sees_the_whole(
    whole: FlaskClient, part: FlaskClient, session: Session
) -> None:
    rule = {"units": "D1\n M2 ", "words": "Ceux qui décident"}
    assert part.get("/hr/population/").status_code == 200
    post(part, "/hr/population/", 403, **rule, declare="1")
    page = post(whole, "/hr/population/?lang=en", 200, **rule)
    assert "3 agents of 4 would be of the population: 0 enter, 1 leave" in page
    assert session.query(Population).count() == 0
    session.rollback()
    mark = page.split('name="counted" value="')[1].split('"')[0].replace("&#39;", "'")
    post(whole, "/hr/population/", 200, **{**rule, "units": "M1"}, declare="1", counted=mark)  # changed since: counted
    assert session.query(Population).count() == 0
    session.rollback()
    post(whole, "/hr/population/", **rule, declare="1", counted=mark)
    row = session.query(Population).one()
    assert row.rule == {"units": ["D1", "M2"]}
    assert session.query(Agent).filter_by(population=True).count() == 3
    session.rollback()
    assert "Ceux qui décident" in part.get("/hr/population/").text
    for wrong in ({"units": "M9"}, {"corps": "Sorcier"}, {"words": " "}, {"branches": "FPX"}, {"units": "x" * 30_000}):
        page = post(whole, "/hr/population/", 400, **{**rule, **wrong})
        assert "Ceux qui décident" in page or "words" in wrong


def test_an_administrator_says_who_sees_what(app: Flask, units: dict[str, int], session: Session) -> None:
    admin = browser_of(app, "admin@example.org", account="administrator")
    zoe = hr_of(app, "zoe@example.org")
    assert "NomM2" in read_csv(zoe)
    assert "M9" in post(admin, "/admin/hr/give", 400, email="zoe@example.org", units="M1\nM9")
    post(admin, "/admin/hr/give", 400, email="nobody@example.org", units="M1")
    post(admin, "/admin/hr/give", 400, email="zoe@example.org", units=" ")
    assert session.query(HrScope).count() == 0
    session.rollback()
    post(admin, "/admin/hr/give", email="ZOE@example.org ", units="M1\nM1\nM2")
    post(admin, "/admin/hr/give", email="zoe@example.org", units="M1")  # twice is once
    page = admin.get("/admin/hr/").text
    assert "Unité M1" in page
    assert "Unité M2" in page
    first, last = (row.id for row in session.query(HrScope).order_by(HrScope.id))
    session.rollback()
    post(admin, f"/admin/hr/{last}/take")
    assert read_csv(zoe) == {"NomM1", "NomD1", "NomS1"}
    asked = post(admin, f"/admin/hr/{first}/take", 409)
    assert 'name="whole"' in asked, "without any unit she would see everything: it is asked first"
    post(admin, f"/admin/hr/{first}/take", whole="1")
    post(admin, f"/admin/hr/{first}/take")  # gone already
    assert "NomM2" in read_csv(zoe)
    acts = [(line.action, line.details["unit"]) for line in session.query(AuditEntry).order_by(AuditEntry.id)
            if line.action.startswith("hr.scope")]  # fmt: skip
    session.rollback()
    m1, m2 = units["M1"], units["M2"]
    assert acts == [("hr.scope_given", m1), ("hr.scope_given", m2), ("hr.scope_taken", m2), ("hr.scope_taken", m1)]
    assert 'href="/admin/hr/"' in admin.get("/admin/").text


def test_a_platform_s_word_opens_its_people_and_an_administrator_may_open_units(
    app: Flask, units: dict[str, int], platform: PlatformInTest, session: Session
) -> None:
    officer = platform.launched(**hr_officer())
    assert officer.get("/hr/organisation/").status_code == 200
    assert "Unité M1" not in officer.get("/hr/organisation/").text
    assert officer.get(f"/hr/organisation/{units['M1']}").status_code == 404
    assert "A-M2" not in officer.get("/hr/matches/").text
    assert officer.post("/hr/population/", data={"csrf_token": token_of(officer)}).status_code == 403
    assert platform.launched(**administrator()).get("/admin/hr/").status_code == 403
    admin = browser_of(app, "admin@example.org", account="administrator")
    address = "agenthr@example.org"
    page = post(admin, "/admin/hr/give", 400, email=address, units="D1")
    assert "Agent Numéro hr · lms" in page, "a platform says any address it likes: it is asked"
    there = session.query(Person).filter_by(subject="hr-1").one().id
    session.rollback()
    post(admin, "/admin/hr/give", email=address, units="D1", person=str(there))
    assert "Unité D1" in officer.get("/hr/organisation/").text
    assert read_csv(officer) == {"NomD1", "NomS1"}
    row = session.query(HrScope).one().id
    session.rollback()
    post(admin, f"/admin/hr/{row}/take")  # what is left is the platform's people: nothing to ask
    assert read_csv(officer) == set()
