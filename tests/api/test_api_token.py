"""``/api/v1/token``: OAuth 2.0 client credentials, as RFC 6749 says them."""

import base64
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.models import ApiToken, utcnow
from lms.models.secrets import hashed
from lms.services import api_clients
from tests.programs_in_test import bearer, organisation

GRANT = {"grant_type": "client_credentials"}
SCOPES = ["agents:read", "budgets:read"]


@pytest.fixture
def pair(session: Session) -> tuple[str, str]:
    """The id and the secret of a client of one unit."""
    units = organisation(session)
    row, secret = api_clients.make(session, "client", "SIRH", "Plan", SCOPES, units["SANTE"])
    session.commit()
    return row.key, secret


def basic(key: str, secret: str) -> dict[str, str]:
    """How a client says who it is in the header."""
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}


def test_an_id_and_a_secret_give_a_short_token(client: FlaskClient, session: Session, pair: tuple[str, str]) -> None:
    key, secret = pair
    in_header = client.post("/api/v1/token", data=GRANT, headers=basic(*pair))
    in_form = client.post("/api/v1/token", data={**GRANT, "client_id": key, "client_secret": secret})
    for answer in (in_header, in_form):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert (answer.json["token_type"], answer.json["scope"]) == ("Bearer", " ".join(SCOPES))
        agents = client.get("/api/v1/agents", headers=bearer(answer.json["access_token"]))
        assert {item["number"] for item in agents.json["items"]} == {"A-2", "A-3"}
    given = in_header.json["access_token"]
    assert session.scalars(sa.select(ApiToken).filter_by(token_hash=hashed(given))).one()
    session.execute(sa.update(ApiToken).values(expires_at=utcnow() - timedelta(seconds=1)))
    session.commit()
    assert client.get("/api/v1/agents", headers=bearer(given)).status_code == 401
    api_clients.sweep(session)
    assert session.scalars(sa.select(ApiToken)).all() == []
    session.rollback()


def test_less_may_be_asked_and_no_more(client: FlaskClient, pair: tuple[str, str]) -> None:
    less = client.post("/api/v1/token", data={**GRANT, "scope": "budgets:read"}, headers=basic(*pair))
    given = bearer(less.json["access_token"])
    assert client.get("/api/v1/budgets", headers=given).status_code == 200
    refused = client.get("/api/v1/agents", headers=given)
    assert refused.status_code == 403
    assert refused.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="agents:read"'
    more = client.post("/api/v1/token", data={**GRANT, "scope": "agents:read completions:read"}, headers=basic(*pair))
    assert (more.status_code, more.json["error"]) == (400, "invalid_scope")


def test_what_is_not_as_the_protocol_says_is_refused_in_its_words(client: FlaskClient, pair: tuple[str, str]) -> None:
    key, secret = pair
    for fields, headers, status, error in (
        ({}, basic(*pair), 400, "invalid_request"),
        ({"grant_type": "password"}, basic(*pair), 400, "unsupported_grant_type"),
        (GRANT, {}, 401, "invalid_client"),
        (GRANT, basic(key, secret[:-1]), 401, "invalid_client"),
        (GRANT, basic("nobody", secret), 401, "invalid_client"),
        (GRANT, basic(key, ""), 401, "invalid_client"),
        (GRANT, {"Authorization": "Basic x"}, 401, "invalid_client"),
        (GRANT, {"Authorization": "Digest x"}, 401, "invalid_client"),
        ({**GRANT, "client_secret": secret}, basic(*pair), 400, "invalid_request"),
        ({**GRANT, "client_id": key}, {}, 401, "invalid_client"),
    ):
        answer = client.post("/api/v1/token", data=fields, headers=headers)
        assert (answer.status_code, answer.json["error"]) == (status, error), (fields, headers)
        assert ("WWW-Authenticate" in answer.headers) == (status == 401)
        assert secret not in answer.text
    assert client.post("/api/v1/token", json=GRANT, headers=basic(*pair)).status_code == 400


def test_a_revoked_client_and_its_tokens_open_nothing(
    client: FlaskClient, session: Session, pair: tuple[str, str]
) -> None:
    given = client.post("/api/v1/token", data=GRANT, headers=basic(*pair)).json["access_token"]
    row = api_clients.named(session, pair[0])
    assert row is not None
    api_clients.revoke(session, row)
    session.commit()
    assert client.get("/api/v1/agents", headers=bearer(given)).status_code == 401
    assert client.post("/api/v1/token", data=GRANT, headers=basic(*pair)).status_code == 401


def test_a_client_goes_with_its_unit_and_never_sees_more(
    client: FlaskClient, session: Session, pair: tuple[str, str]
) -> None:
    """A unit moved under another shows what is under it still; one that is no longer there shows nothing."""
    from lms.models import Agent, BudgetLine, BudgetYear, Unit

    given = bearer(client.post("/api/v1/token", data=GRANT, headers=basic(*pair)).json["access_token"])
    row = session.scalars(sa.select(Unit).filter_by(code="SANTE")).one()
    other = session.scalars(sa.select(Unit).filter_by(code="JUSTICE")).one()
    row.parent_id, row.path = other.id, f"{other.path}{row.id}."
    session.commit()
    agents = client.get("/api/v1/agents", headers=given).json["items"]
    assert {item["number"] for item in agents} == {"A-2", "A-3"}
    session.execute(sa.update(Agent).where(Agent.unit_id == row.id).values(unit_id=None))
    lines = sa.select(BudgetLine.id).where(BudgetLine.unit_id == row.id)
    session.execute(sa.delete(BudgetYear).where(BudgetYear.line_id.in_(lines)))
    session.execute(sa.delete(BudgetLine).where(BudgetLine.unit_id == row.id))
    session.execute(sa.delete(Unit).where(Unit.id == row.id))
    session.commit()
    assert client.get("/api/v1/agents", headers=given).status_code == 401
