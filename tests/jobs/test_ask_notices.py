"""Asking a platform for its notices: our address for each type, and what its refusal means."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy.orm import Session

from lms.devlms import serve
from lms.models import OutboxJob, Platform
from lms.services.outbox import promise
from lms.worker import Worker

SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"


@pytest.fixture
def platform(session: Session) -> Iterator[dict[str, Any]]:
    """A platform that takes handlers: what it was asked, and the status it answers."""
    told: dict[str, Any] = {"asked": [], "status": 200, "scope": SCOPE}
    app = Flask("platform")

    @app.post("/token")
    def token() -> Any:
        return {"access_token": "t", "token_type": "Bearer", "expires_in": 3600, "scope": told["scope"]}

    @app.put("/notices")
    def handlers() -> Any:
        told["asked"].append((request.headers["Authorization"], request.json))
        return {}, told["status"]

    server = serve(app, "127.0.0.1", 0)
    row = Platform(
        name="LMS", issuer=server.url, client_id="tool", auth_url=f"{server.url}/auth", token_url=f"{server.url}/token",
        jwks_url=f"{server.url}/jwks",
    )  # fmt: skip
    session.add(row)
    session.flush()
    payload = {"platform_id": row.id, "url": f"{server.url}/notices", "types": ["LtiContextCopyNotice"]}
    promise(session, "ask_notices", "deployment:1", payload)
    session.commit()
    yield told
    server.stop()


def worked(app: Flask, session: Session) -> OutboxJob:
    Worker(app).drain()
    session.expire_all()
    return session.query(OutboxJob).one()


def test_our_address_is_given_for_each(app: Flask, session: Session, platform: dict[str, Any]) -> None:
    assert worked(app, session).status == "done"
    handler = {"notice_type": "LtiContextCopyNotice", "handler": "http://localhost:8000/lti/notices"}
    assert platform["asked"] == [("Bearer t", handler)]


@pytest.mark.parametrize(("status", "state"), [(403, "failed"), (404, "failed"), (500, "pending"), (429, "pending")])
def test_a_refusal_is_told(app: Flask, session: Session, platform: dict[str, Any], status: int, state: str) -> None:
    platform["status"] = status
    job = worked(app, session)
    assert job.status == state
    assert job.last_error == f"The platform does not take our address for its notices.\nHTTP {status}"


def test_a_scope_that_is_not_granted_is_told(app: Flask, session: Session, platform: dict[str, Any]) -> None:
    platform["scope"] = "another"
    job = worked(app, session)
    assert (job.status, job.last_error) == ("failed", "The platform cannot be asked for its notices.\nscope_refused")
    assert platform["asked"] == []
