"""What matched by the agent's number until now is a sure match; two people of one number wait; and back again."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from lms.migrations.head import alembic_config
from lms.models import Agent, AgentMatch, Person, Platform, db
from tests.models.revision_in_test import service_at

BEFORE, AFTER = "f7e1da948e2c", "2a4c8e90b7d1"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_matched_is_kept(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    with service_at(AFTER, kind, request, tmp_path) as app, app.app_context():
        places = [
            Platform(name=name, issuer=name, client_id="c", auth_url="https://x", token_url="x", jwks_url="x")
            for name in ("one", "two")
        ]
        said = ((places[0], "1"), (places[1], "1"), (places[0], "2"), (places[0], "2"), (places[0], "9"), (None, None))
        for number, (place, key) in enumerate(said):
            db.session.add(Person(platform=place, subject=f"p{number}", email=f"p{number}@x.example", sourced_id=key))
        for key in ("1", "2", "3"):
            db.session.add(Agent(number=key, family_name="X", given_name="Y", branch="FPE"))
        db.session.commit()
        db.session.remove()
        go(command.downgrade, BEFORE)
        go(command.upgrade, AFTER)
        query = sa.select(Person.subject, Agent.number, AgentMatch.state, AgentMatch.by, AgentMatch.decided_at)
        query = query.join(AgentMatch, AgentMatch.person_id == Person.id).join(Agent, Agent.id == AgentMatch.agent_id)
        rows = db.session.execute(query).all()
        assert {tuple(row[:4]) for row in rows} == {
            ("p0", "1", "sure", "sourced_id"), ("p1", "1", "sure", "sourced_id"),
            ("p2", "2", "doubtful", "sourced_id"), ("p3", "2", "doubtful", "sourced_id"),
        }  # fmt: skip
        assert all(row.decided_at.tzinfo is not None for row in rows)
        db.session.remove()
        go(command.downgrade, BEFORE)
        go(command.upgrade, AFTER)
        assert len(db.session.execute(query).all()) == len(rows), "once"
        db.session.remove()


def go(step: object, revision: str) -> None:
    config = alembic_config()
    with db.engine.connect() as connection:
        config.attributes["connection"] = connection
        step(config, revision)  # type: ignore[operator]
        connection.commit()
