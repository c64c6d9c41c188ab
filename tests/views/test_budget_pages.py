"""The budget's pages: what HR of each part sees and may do, four eyes, files, costs, the path and the simulator."""

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.models import (
    Agent,
    AgentMatch,
    AuditEntry,
    Baseline,
    BudgetLine,
    BudgetYear,
    Cost,
    Enrolment,
    HrScope,
    Person,
    Unit,
    db,
    utcnow,
)
from lms.services.budget_sums import by_year
from lms.services.sessions import open_session
from tests.account_in_test import browser_of
from tests.budget_in_test import YEAR_0, YEAR_1, approved, line, unit
from tests.platform_in_test import PlatformInTest, hr_officer

PAGES = ("", "/lines", "/lines/1", "/baseline", "/costs", "/import")


@pytest.fixture
def made(app: Flask) -> Iterator[Flask]:
    """MIN > SRV with the worked example, AUT beside it."""
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        ministry = unit(db.session(), "MIN")
        service, _other = unit(db.session(), "SRV", ministry), unit(db.session(), "AUT")
        line(db.session(), "148/A", service, y2026=YEAR_0, y2027=YEAR_1)
        db.session.commit()
    return app


def browser(app: Flask, name: str, *units: str, roles: tuple[str, ...] = ("hr",)) -> FlaskClient:
    """Somebody of the institution who sees those units, all without any."""
    with app.app_context():
        person = Person(subject=name, email=f"{name}@example.org", full_name=name.title())
        db.session.add(person)
        db.session.flush()
        seen = db.session.scalars(select(Unit.id).where(Unit.code.in_(units)))
        db.session.add_all([HrScope(person_id=person.id, unit_id=number) for number in seen])
        token = open_session(db.session(), person.id, frozenset(roles), 60)
        db.session.commit()
    client = app.test_client()
    with client.session_transaction() as session:
        session["sid"] = token
    return client


def test_who_comes_in(made: Flask) -> None:
    platform = PlatformInTest(made)
    launched, nobody = platform.launched(**hr_officer()), made.test_client()
    whole, above, beside = browser(made, "whole"), browser(made, "above", "MIN"), browser(made, "beside", "AUT")
    other = browser(made, "trainer", roles=("trainer", "administrator", "author", "learner"))
    for page in PAGES:
        answers = [
            each.get(f"/hr/budget{page}").status_code for each in (nobody, other, launched, whole, above, beside)
        ]
        assert answers == [401, 403, 403, 200, 200, 404 if page == "/lines/1" else 200], page
    for page in ("", "/lines", "/baseline", "/costs", "/import"):
        assert [each.get(f"/hr/budget{page}?unit=MIN").status_code for each in (whole, above, beside)] == [
            200,
            200,
            404,
        ]
        assert whole.get(f"/hr/budget{page}?unit=UNKNOWN").status_code == 404
    assert "148/A" not in beside.get("/hr/budget/lines?year=2026").text
    assert beside.post("/hr/budget/lines/1", data={"year": "2026"}).status_code == 404
    assert launched.post("/hr/budget/import/undo").status_code == 403
    assert "Unit SRV" not in beside.get("/hr/budget").text


def test_the_worked_example_is_read_on_the_page(made: Flask) -> None:
    hr = browser(made, "zoe")
    assert "No baseline is approved" in hr.get("/hr/budget?unit=MIN&lang=en").text
    with made.app_context():
        approved(db.session(), db.session.scalars(select(Unit).where(Unit.code == "MIN")).one())
        db.session.commit()
    page = hr.get("/hr/budget?unit=MIN&year=2027&lang=en").text
    for said in ("€13,000,000.00", "30.0%", "€333,333.33 under the path", "90.0%", "AI lacks €300,000.00", "80.0%"):
        assert said in page, said
    assert page.count("<svg class=") >= 2
    assert "€21,970,000.00" in page, "carried on to year 3"
    assert "style=" not in page
    assert "€16,666,666.67" in page
    given = hr.get("/hr/budget?unit=MIN&year=2029&growth=0&lang=en").text
    assert "In 2029 the budget would be €13,000,000.00" in given
    assert hr.get("/hr/budget?unit=MIN&growth=x").status_code == 422
    then = hr.get("/hr/budget?unit=MIN&at=31/12/2020&lang=en")
    assert "Nothing is entered" in then.text
    for hostile in ("year=99999", "year=٢٠٢٦", "at=x", "agents=-1", "agents=5&cost=1e99", "growth=%F0%9F%92%A9"):
        assert hr.get(f"/hr/budget?unit=MIN&{hostile}").status_code in {200, 422}, hostile


def test_what_if_more_agents(made: Flask) -> None:
    hr = browser(made, "zoe")
    with made.app_context():
        ministry = db.session.scalars(select(Unit).where(Unit.code == "MIN")).one()
        approved(db.session(), ministry)
        for n in range(4):
            agent = Agent(number=f"{n}", family_name="A", given_name="B", branch="FPE", unit_id=ministry.id)
            person = Person(subject=f"p{n}", email=f"p{n}@example.org")
            db.session.add_all([agent, person])
            db.session.flush()
            db.session.add(AgentMatch(person_id=person.id, agent_id=agent.id, state="sure", by="number"))
            values = {"track_key": "decideurs", "track_version": "1", "track_digest": "0"}
            db.session.add(Enrolment(person=person, completed_at=utcnow() if n == 0 else None, **values))
        db.session.add(Cost(year=utcnow().year, kind="fixed", amount=120_00, track_key="decideurs"))
        db.session.commit()
    asked = "unit=MIN&year=2027&agents=2&first=2027&last=2028&lang=en"
    page = hr.get(f"/hr/budget?{asked}&track=decideurs").text
    assert "It costs €240.00: 1 agent in 2027, 1 agent in 2028." in page, "120 € for the one who is trained"
    assert "Coverage goes from 25.0% to 75.0% of the 4 agents of the population." in page
    given = hr.get(f"/hr/budget?{asked}&cost=1000000&added=y").text
    assert "€14,000,000.00" in given
    assert "No cost is known" in hr.get(f"/hr/budget?{asked}").text
    assert (
        "The path goes from 2026 to 2029."
        in hr.get(f"/hr/budget?{asked}&cost=5".replace("last=2028", "last=2030")).text
    )


def test_lines_and_years_by_hand(made: Flask) -> None:
    hr = browser(made, "zoe", "MIN")
    answer = hr.post("/hr/budget/lines?unit=SRV&year=2026", data={"programme": "150", "bop": "", "uo": "U1"})
    assert answer.status_code == 303
    at = answer.location
    values = {"year": "2026", "ae_opened": "1 234,56 €", "ae_committed": "1000", "cp_opened": "12,5", "cp_paid": "0",
              "ai_ae": "1 000,00", "ai_cp": "0"}  # fmt: skip
    assert hr.post(at, data=values).status_code == 303
    assert hr.post(at, data=values).status_code == 303
    assert hr.post(at, data={**values, "ae_opened": "2000"}).status_code == 303
    page = hr.get(f"{at}&lang=en").text
    assert "€1,234.56" in page
    assert "€2,000.00" in page
    for wrong in ({"ae_opened": "1,234"}, {"ai_ae": "3000"}, {"cp_paid": "-1"}, {"year": "12"}, {"ai_cp": ""}):
        refused = hr.post(at, data={**values, **wrong})
        assert refused.status_code == 422, wrong
        assert next(iter(wrong.values())) in refused.text, "what was typed is kept"
    for twice in ({"programme": "150", "uo": "U1"}, {"programme": ""}, {"programme": "a/b"}):
        assert hr.post("/hr/budget/lines?unit=SRV", data=twice).status_code == 422
    with made.app_context():
        rows = db.session.scalars(select(BudgetYear).where(BudgetYear.line_id == 2).order_by(BudgetYear.id)).all()
        assert [(row.ae_opened, row.until is None) for row in rows] == [(1_234_56, False), (2_000_00, True)]
        actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions[-3:] == ["hr.budget_line", "hr.budget_year", "hr.budget_year"]


def test_four_eyes_on_the_page(made: Flask) -> None:
    ann, bob, eve = browser(made, "ann", "MIN"), browser(made, "bob", "MIN"), browser(made, "eve", "AUT")
    page = ann.get("/hr/budget/baseline?unit=MIN&year=2026").text
    assert 'value="10000000,00"' in page, "what the lines say is proposed"
    new = {"reference_year": "2026", "base": "10 000 000", "ai_base": "200 000", "path": "linear", "reason": "PAP 2026"}
    for wrong in ({"base": ""}, {"reason": " "}, {"ai_base": "10000001"}, {"path": "custom"}, {"path": "x"}):
        assert ann.post("/hr/budget/baseline?unit=MIN", data={**new, **wrong}).status_code == 422, wrong
    custom = {"path": "custom", "first": "1", "second": "2", "third": "19999999,99"}
    assert ann.post("/hr/budget/baseline?unit=MIN", data={**new, **custom}).status_code == 422
    assert eve.post("/hr/budget/baseline?unit=MIN", data=new).status_code == 404
    assert ann.post("/hr/budget/baseline?unit=MIN", data=new).status_code == 303

    decide = "/hr/budget/baseline/1/approve"
    page = ann.get("/hr/budget/baseline?unit=MIN").text
    assert decide not in page
    assert ann.post(decide, data={"answer": "Moi"}).status_code == 403
    assert eve.post(decide, data={"answer": "Vu"}).status_code == 404
    assert browser(made, "trainer", roles=("trainer",)).post(decide, data={"answer": "Vu"}).status_code == 403
    assert decide in bob.get("/hr/budget/baseline?unit=MIN").text
    assert bob.post(decide, data={"answer": ""}).status_code == 422
    assert bob.post(decide, data={"answer": "Conforme"}).status_code == 303
    assert bob.post(decide, data={"answer": "Encore"}).status_code == 409
    with made.app_context():
        baseline = db.session.get(Baseline, 1)
        assert baseline is not None
        assert (baseline.state, baseline.answer) == ("approved", "Conforme")
    said = bob.get("/hr/budget/baseline?unit=MIN").text
    assert "PAP 2026" in said
    assert "Conforme" in said
    assert "Ann" in said


def test_costs_by_hand(made: Flask) -> None:
    hr, above = browser(made, "zoe"), browser(made, "above", "MIN")
    new = {
        "year": "2026",
        "kind": "licence",
        "label": "Postes",
        "amount": "10,01",
        "quantity": "3",
        "track": "decideurs",
    }
    assert hr.post("/hr/budget/costs", data=new).status_code == 303
    page = hr.get("/hr/budget/costs?year=2026&lang=en").text
    assert "€30.03" in page
    for wrong in ({"amount": "0"}, {"quantity": ""}, {"track": ""}, {"kind": "x"}, {"line": "99"}, {"course": "1"}):
        assert hr.post("/hr/budget/costs", data={**new, **wrong}).status_code == 422, wrong
    assert "Postes" not in above.get("/hr/budget/costs?year=2026").text
    assert above.post("/hr/budget/costs/1/close").status_code == 404
    assert above.post("/hr/budget/costs", data=new).status_code == 422, "only of their own lines"
    assert above.post("/hr/budget/costs", data={**new, "line": "1"}).status_code == 303
    assert hr.post("/hr/budget/costs/1/close").status_code == 303
    assert "Postes" in above.get("/hr/budget/costs?year=2026").text
    with made.app_context():
        assert [cost.until is None for cost in db.session.scalars(select(Cost).order_by(Cost.id))] == [False, True]


def test_a_file_on_the_page(made: Flask) -> None:
    hr = browser(made, "zoe")

    def send(text: str, **more: str) -> tuple[int, str]:
        data = {"file": (BytesIO(text.encode()), "b.csv"), **more}
        answer = hr.post("/hr/budget/import?lang=en", data=data, content_type="multipart/form-data")
        return answer.status_code, answer.text

    good = "exercice;programme;AE ouvertes\n2030;<b>9;12,5\n"
    assert send(good.replace("12,5", "x"))[0] == 422
    status, page = send(good, dry_run="y")
    assert (status, "only checked" in page) == (200, True)
    with made.app_context():
        assert 2030 not in by_year(db.session())
    status, page = send(good)
    assert (status, "The file is taken in." in page) == (200, True)
    with made.app_context():
        assert by_year(db.session())[2030].ae_opened == 12_50
        assert db.session.scalars(select(BudgetLine.code).where(BudgetLine.code == "<b>9")).one()
    assert "says so already" in send(good)[1]
    assert "<b>9" not in hr.get("/hr/budget/lines?year=2030").text
    assert send("x")[0] == 422
    assert send("%PDF-1.4")[0] == 422
    assert hr.post("/hr/budget/import").status_code == 422
    assert hr.post("/hr/budget/import/undo").status_code == 303
    assert hr.post("/hr/budget/import/undo").status_code == 409
    with made.app_context():
        assert 2030 not in by_year(db.session())


def test_forms_need_their_token(app: Flask) -> None:
    hr = browser_of(app, "zoe@example.org", account="hr")
    for at in ("lines", "baseline", "costs", "import", "import/undo", "baseline/1/approve", "costs/1/close"):
        assert hr.post(f"/hr/budget/{at}", data={"programme": "1"}).status_code == 400, at
    page = hr.get("/hr/budget/lines").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    assert hr.post("/hr/budget/lines", data={"programme": "1", "csrf_token": token[1]}).status_code == 303


def test_links_keep_the_day_one_looks_from(made: Flask) -> None:
    hr = browser(made, "zoe")
    page = hr.get("/hr/budget?unit=MIN&at=2026-01-31&lang=en").text
    assert "as known on 31/01/2026" in page
    assert 'value="2026-01-31"' in page
    today = hr.get("/hr/budget?unit=MIN&at=2099-01-31&year=2027&lang=en").text
    assert "as known on" not in today, "a day to come is now"
    assert "€13,000,000.00" in today
