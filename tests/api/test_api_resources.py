"""``/api/v1``: who sees what, page after page, nothing lost between two visits, and every reading written down."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import Agent, AgentMatch, ApiClient, AuditEntry, BudgetYear, Certificate, Enrolment, Person, utcnow
from lms.services import api_clients
from lms.services.api_resources import RESOURCES, SCOPES
from lms.services.figures import refresh_all
from lms.services.indicators import INDICATORS_VERSION
from tests.learner_in_test import data, learner, statements
from tests.programs_in_test import SEEN, agent, bearer, budget, everything, organisation, token, trained

PATHS = {**{f"/api/v1/{key}": each.scope for key, each in RESOURCES.items()}, "/api/v1/indicators": "indicators:read"}


def test_each_client_sees_its_unit_and_each_token_what_its_scope_says(client: FlaskClient, session: Session) -> None:
    """Every resource × every scope × every unit."""
    units = organisation(session)
    for code, seen in SEEN.items():
        where = units[code] if code else None
        for scope in SCOPES:
            secret = token(session, where, [scope])
            for path, needed in PATHS.items():
                answer = client.get(path, headers=bearer(secret))
                assert answer.status_code == (200 if scope == needed else 403), (path, scope)
        secret = token(session, where)
        agents = {item["number"]: item["id"] for item in everything(client, secret, "/api/v1/agents?limit=1")}
        assert set(agents) == seen
        for key in ("enrolments", "completions", "certificates"):
            found = everything(client, secret, f"/api/v1/{key}?limit=2")
            unmatched = {None} if code is None and key == "enrolments" else set()
            assert {item["agent"] for item in found} == seen | unmatched, (key, code)
            for item in found:
                one = client.get(f"/api/v1/{key}/{item['id']}", headers=bearer(secret))
                assert (one.status_code, one.json) == (200, item)
        lines = {item["line"] for item in everything(client, secret, "/api/v1/budgets")}
        below = {"MIN": {"MIN", "SANTE"}, "SANTE": {"SANTE"}, "JUSTICE": {"JUSTICE"}, None: {*units, "ALL"}}[code]
        assert lines == {f"LINE-{each}" for each in below}
        # What is another's does not exist, and its unit cannot be asked for either.
        other = everything(client, token(session), "/api/v1/agents")
        for item in other:
            answer = client.get(f"/api/v1/agents/{item['id']}", headers=bearer(secret))
            assert answer.status_code == (200 if item["number"] in seen else 404)
        asked = everything(client, secret, "/api/v1/agents?unit=JUSTICE")
        assert {item["number"] for item in asked} == seen & {"B-1"}


def test_no_secret_no_answer_and_none_after_it_is_revoked(client: FlaskClient, session: Session) -> None:
    organisation(session)
    row, secret = api_clients.make(session, "token", "SIRH", "Plan", ["agents:read"], None)
    ended, old = api_clients.make(session, "token", "Old", "Plan", ["agents:read"], None)
    ended.expires_at = utcnow() - timedelta(seconds=1)
    _other, of_client = api_clients.make(session, "client", "Other", "Plan", ["agents:read"], None)
    session.commit()
    assert client.get("/api/v1/agents", headers=bearer(secret)).status_code == 200
    for wrong in ("", "x", secret[:-1], secret.upper(), of_client, old, row.key, row.secret_hash):
        answer = client.get("/api/v1/agents", headers=bearer(wrong))
        assert answer.status_code == 401, wrong
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Martin" not in answer.text
    assert client.get("/api/v1/agents").status_code == 401
    kept = session.scalars(sa.select(ApiClient)).all()
    assert all(secret not in str(vars(each)) and of_client not in str(vars(each)) for each in kept)
    api_clients.revoke(session, row)
    session.commit()
    assert client.get("/api/v1/agents", headers=bearer(secret)).status_code == 401


def test_pages_lose_and_repeat_nothing_while_rows_are_added(client: FlaskClient, session: Session) -> None:
    organisation(session)
    for number in range(20):
        agent(session, f"C-{number:02}", None)
    secret = token(session)
    first = client.get("/api/v1/agents?limit=7", headers=bearer(secret)).json
    agent(session, "LATE", None)
    session.commit()
    numbers = [item["number"] for item in first["items"]]
    numbers += [item["number"] for item in everything(client, secret, first["next"])]
    assert len(numbers) == len(set(numbers)) == 25
    assert numbers[-1] == "LATE"


def test_what_changes_behind_a_reader_is_told_the_next_time(client: FlaskClient, session: Session) -> None:
    organisation(session)
    secret = token(session)
    first = client.get("/api/v1/agents?limit=1", headers=bearer(secret)).json
    behind = session.get_one(Agent, first["items"][0]["id"])
    behind.category = "B"
    session.commit()
    rest = everything(client, secret, first["next"])
    assert behind.number not in [item["number"] for item in rest]
    again = everything(client, secret, f"/api/v1/agents?since={quote(first['next_since'])}")
    assert (behind.number, "B") in [(item["number"], item["category"]) for item in again]


def test_whoever_comes_back_is_told_what_changed_and_nothing_else(client: FlaskClient, session: Session) -> None:
    organisation(session)
    long_ago = utcnow() - timedelta(days=2)
    for table, values in (
        (Agent, {"updated_at": long_ago}), (Enrolment, dict.fromkeys(
            ("enrolled_at", "started_at", "completed_at"), long_ago)),
        (AgentMatch, {"decided_at": long_ago}),
        (Certificate, {"issued_at": long_ago}), (BudgetYear, {"since": long_ago}),
    ):  # fmt: skip
        session.execute(sa.update(table).values(values))
    session.commit()
    secret = token(session)
    since = {key: client.get(f"/api/v1/{key}", headers=bearer(secret)).json["next_since"] for key in RESOURCES}
    asked = {key: f"/api/v1/{key}?limit=1&since={quote(moment)}" for key, moment in since.items()}
    assert all(everything(client, secret, path) == [] for path in asked.values())

    moved = session.scalars(sa.select(Agent).filter_by(number="A-2")).one()
    moved.left_at = utcnow()
    row = session.scalars(sa.select(Certificate).order_by(Certificate.number)).first()
    line = session.scalars(sa.select(BudgetYear)).first()
    assert row is not None
    assert line is not None
    row.status, row.status_at = "revoked", utcnow()
    line.until = utcnow()
    session.flush()
    session.add(BudgetYear(line_id=line.line_id, year=line.year, ae_opened=7))
    session.commit()
    assert [item["number"] for item in everything(client, secret, asked["agents"])] == ["A-2"]
    # What is said of an agent is said of what they follow.
    assert [item["agent"] for item in everything(client, secret, asked["enrolments"])] == ["A-2"]
    assert row.number in [item["number"] for item in everything(client, secret, asked["certificates"])]
    changed = everything(client, secret, asked["budgets"])
    assert [(item["ae_opened"], item["until"] is None) for item in changed] == [(1_300_000_000, False), (7, True)]
    assert len(everything(client, secret, "/api/v1/budgets")) == 4


def test_what_is_known_already_is_not_sent_again(client: FlaskClient, session: Session) -> None:
    organisation(session)
    secret = token(session)
    for path in PATHS:
        first = client.get(path, headers=bearer(secret))
        again = client.get(path, headers=bearer(secret, **{"If-None-Match": first.headers["ETag"]}))
        assert (again.status_code, again.data) == (304, b"")
    agent(session, "NEW", None)
    session.commit()
    first = client.get("/api/v1/completions", headers=bearer(secret))
    trained(session, session.scalars(sa.select(Agent).filter_by(number="NEW")).one())
    session.commit()
    again = client.get("/api/v1/completions", headers=bearer(secret, **{"If-None-Match": first.headers["ETag"]}))
    assert again.status_code == 200


def test_each_page_that_names_people_is_a_line_of_the_journal(client: FlaskClient, session: Session) -> None:
    organisation(session)
    secret = token(session)
    key = session.scalars(sa.select(ApiClient.key)).one()
    session.commit()
    tag = client.get("/api/v1/agents?limit=3", headers=bearer(secret)).headers["ETag"]
    client.get("/api/v1/agents?limit=3", headers=bearer(secret, **{"If-None-Match": tag}))
    everything(client, secret, "/api/v1/certificates?limit=3")
    client.get("/api/v1/budgets", headers=bearer(secret))
    client.get("/api/v1/indicators", headers=bearer(secret))
    lines = session.scalars(sa.select(AuditEntry).filter_by(action="hr.view").order_by(AuditEntry.id)).all()
    assert [(line.target, line.details["count"]) for line in lines] == [
        ("api:agents", 3), ("api:certificates", 3), ("api:certificates", 1)
    ]  # fmt: skip
    assert all(line.details["client"] == key and line.details["purpose"] == "Training plan" for line in lines)


def test_a_page_asks_the_same_few_queries_however_long(client: FlaskClient, session: Session) -> None:
    units = organisation(session)
    secret = token(session, units["MIN"])
    client.get("/api/v1/agents", headers=bearer(secret))

    def asked(key: str, limit: int) -> int:
        with statements() as heard:
            assert client.get(f"/api/v1/{key}?limit={limit}", headers=bearer(secret)).status_code == 200
        return len(data(heard))

    few = {key: asked(key, 1) for key in RESOURCES}
    for number in range(30):
        trained(session, agent(session, f"C-{number:02}", units["SANTE"]))
    session.commit()
    assert {key: asked(key, 500) for key in RESOURCES} == few
    assert max(few.values()) <= 3  # the client, the page, the journal


#: What is not understood, and the parameter that is named.
WRONG = (
    ("limit=0", "limit"), ("limit=501", "limit"), ("limit=1e2", "limit"), ("limit=１", "limit"),
    ("limit=1&limit=2", "limit"), ("since=2026-11-26", "since"), ("since=2026-11-26T08:00:00", "since"),
    ("since=2026-13-26T08:00:00Z", "since"), ("since=0001-01-01T00:00:00%2B14:00", "since"),
    ("cursor=x", "cursor"), ("cursor=", "cursor"), ("unit=", "unit"), ("number=" + "x" * 201, "number"),
    ("branch=FPX", "branch"), ("population=1", "population"), ("ministry=x", "ministry"), ("number=a%00b", ""),
)  # fmt: skip


def test_a_parameter_that_is_not_understood_is_refused_by_name(client: FlaskClient, session: Session) -> None:
    secret = token(session)
    for query, named in WRONG:
        path = f"/api/v1/agents?{query}"
        answer = client.get(path, headers=bearer(secret, **{"Accept-Language": "en"}))
        assert (answer.status_code, answer.content_type) == (400, "application/problem+json"), query
        assert named in answer.json["title"]
        french = client.get(path, headers=bearer(secret, **{"Accept-Language": "fr"}))
        assert french.json["title"] != answer.json["title"]


def test_a_cursor_of_one_list_is_none_of_another(client: FlaskClient, session: Session) -> None:
    organisation(session)
    secret = token(session)
    following = client.get("/api/v1/agents?limit=1", headers=bearer(secret)).json["next"]
    cursor = following.split("cursor=")[1]
    assert client.get(f"/api/v1/enrolments?cursor={cursor}", headers=bearer(secret)).status_code == 400
    assert client.get(f"/api/v1/agents?cursor={cursor[:-1]}", headers=bearer(secret)).status_code == 400


def test_filters_narrow(client: FlaskClient, session: Session) -> None:
    units = organisation(session)
    secret = token(session)
    by_unit = everything(client, secret, "/api/v1/agents?unit=MIN&population=true&branch=FPE")
    assert {item["number"] for item in by_unit} == SEEN["MIN"]
    assert everything(client, secret, "/api/v1/agents?population=false") == []
    (mine,) = everything(client, secret, "/api/v1/certificates?agent=B-1&state=valid")
    assert mine["unit"] == "JUSTICE"
    assert {item["state"] for item in everything(client, secret, "/api/v1/enrolments?state=enrolled")} == {"enrolled"}
    assert len(everything(client, secret, "/api/v1/budgets?year=2026&unit=SANTE")) == 1
    assert everything(client, secret, "/api/v1/budgets?year=2025") == []
    assert units


def test_the_indicators_are_those_of_the_report_for_what_the_client_sees(client: FlaskClient, session: Session) -> None:
    units = organisation(session)
    for number in range(17):
        who = agent(session, f"C-{number:02}", units["SANTE"])
        if number < 11:
            trained(session, who)
    refresh_all(session)
    budget(session, "LINE-AI", units["SANTE"], year=utcnow().year, ai_ae=290_000_000, ai_cp=232_000_000)
    session.commit()
    told = client.get("/api/v1/indicators", headers=bearer(token(session, units["SANTE"]))).json
    whole, of_track = told["items"][0], next(item for item in told["items"] if item["track"] == "decideurs")
    names = ("population", "enrolled", "trained", "certified", "trained_in_year", "coverage")
    assert [whole[name] for name in names] == [19, 13, 13, 13, 13, 0.6842]  # never rounded up
    assert [of_track[name] for name in names] == [whole[name] for name in names]
    assert (whole["ai_cp"], whole["cost_per_trained"], whole["payment_rate"]) == (232_000_000, 17_846_154, 0.8)
    assert (of_track["ai_cp"], of_track["cost_per_trained"], whole["target"]) == (None, None, None)
    assert whole["masked"] == of_track["masked"] == []
    assert (told["year"], told["version"]) == (utcnow().year, INDICATORS_VERSION)
    above = client.get("/api/v1/indicators", headers=bearer(token(session))).json["items"][0]
    assert above["population"] == 21


def test_small_figures_are_hidden_and_said_to_be(client: FlaskClient, session: Session) -> None:
    units = organisation(session)
    refresh_all(session)
    session.commit()
    small = client.get("/api/v1/indicators", headers=bearer(token(session, units["SANTE"]))).json["items"][0]
    assert [small[key] for key in ("population", "enrolled", "trained", "certified", "hours")] == [None] * 5
    assert (small["presented"], small["success"], small["ae_opened"]) == (0, None, 1_300_000_000)
    assert {"population", "trained", "coverage", "hours", "hours_per_agent"} <= set(small["masked"])
    assert "ae_opened" not in small["masked"]


def test_the_threshold_is_the_one_of_the_settings(app: Flask, client: FlaskClient, session: Session) -> None:
    organisation(session)
    refresh_all(session)
    session.commit()
    secret = token(session)
    assert client.get("/api/v1/indicators", headers=bearer(secret)).json["items"][0]["population"] is None
    app.extensions["mpia"] = replace(app.extensions["mpia"], mask_below=2)
    assert client.get("/api/v1/indicators", headers=bearer(secret)).json["items"][0]["population"] == 4


def test_a_past_year_is_as_on_its_last_day(client: FlaskClient, session: Session) -> None:
    organisation(session)
    secret, year = token(session), utcnow().year
    past = client.get(f"/api/v1/indicators?year={year - 1}", headers=bearer(secret)).json
    assert (past["year"], past["as_on"]) == (year - 1, f"{year - 1}-12-31")
    assert past["items"][0]["population"] == 0, "nobody was declared yet"
    now = client.get(f"/api/v1/indicators?year={year}", headers=bearer(secret)).json
    assert now == client.get("/api/v1/indicators", headers=bearer(secret)).json
    for wrong in (f"year={year + 1}", "year=1999", "year=", "year=20x6", "year=2025&year=2024", "branch=FPE"):
        answer = client.get(f"/api/v1/indicators?{wrong}", headers=bearer(secret))
        assert (answer.status_code, answer.content_type) == (400, "application/problem+json"), wrong


def test_a_client_that_asks_too_often_is_told_when_to_come_back(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    app.extensions["mpia"] = replace(app.extensions["mpia"], api_rate=3)
    mine, other = token(session), token(session)
    answers = [client.get("/api/v1/budgets", headers=bearer(mine)) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert [each.headers["RateLimit-Remaining"] for each in answers] == ["2", "1", "0", "0"]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert client.get("/api/v1/budgets", headers=bearer(other)).status_code == 200


def test_no_other_site_and_no_other_method(client: FlaskClient, session: Session) -> None:
    secret = token(session)
    answer = client.get("/api/v1/agents", headers=bearer(secret, Origin="https://elsewhere.example"))
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Cache-Control"] == "private, no-cache"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.open("/api/v1/agents", method=method, headers=bearer(secret)).status_code == 405


def test_nothing_that_was_answered_leaves(client: FlaskClient, session: Session) -> None:
    """HR sees status: no address of a person, no score, no code that opens a certificate."""
    organisation(session)
    learner(session, "more")
    secret = token(session)
    text = "".join(client.get(path, headers=bearer(secret)).text for path in PATHS)
    emails = session.scalars(sa.select(Person.email)).all()
    codes = session.scalars(sa.select(Certificate.code)).all()
    assert not [each for each in (*emails, *codes) if each and f'"{each}"' in text]
    assert "score" not in text
