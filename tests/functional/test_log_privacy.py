"""The main job, from the launch to HR's line: no log line holds a name, an address, a token or an answer of it."""

import json
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import jwt
import pytest
import sqlalchemy as sa
import structlog
from flask import request

from lms.demo import Demo
from lms.demo_check import check
from lms.logs import init_logs
from lms.models import Agent, Answer, Attempt, Certificate, LocalAccount, Person, Platform, db
from tests.conftest import SECRET
from tests.functional.test_main_job import free_ports

#: Fields of forms and addresses whose values are words of ours, the same for everybody.
OURS = {"go", "language", "client_id", "lti_deployment_id", "purpose", "lti_message_hint"}
#: Shorter values stand in any text: « 11 » in a time.
LONG = 5


class Heard:
    """Every value that browsers and the LMS send to the service, and what its database then holds of people."""

    def __init__(self) -> None:
        self.values: set[str] = set()

    def listen(self) -> None:
        """What this request brings: fields, cookies, tokens and what they say, codes in the address."""
        for fields in (request.form, request.args):
            self.values |= {value for name, value in fields.items(multi=True) if name not in OURS}
        self.values |= set(request.cookies.values())
        self.values.add(request.headers.get("Authorization", "").removeprefix("Bearer "))
        self.values |= {str(value) for name, value in (request.view_args or {}).items() if name in {"code", "number"}}
        if "id_token" in request.form:
            claims = jwt.decode(request.form["id_token"], options={"verify_signature": False})
            personal = ("name", "given_name", "family_name", "email", "nonce", "sub")
            self.values |= {str(claims[name]) for name in personal if name in claims}
            lis = claims.get("https://purl.imsglobal.org/spec/lti/claim/lis", {})
            self.values |= set(map(str, lis.values()))

    def read(self) -> None:
        """What the database holds of people, their answers and their certificates."""
        for row in db.session.scalars(sa.select(Person)):
            self._add(row.full_name, row.given_name, row.family_name, row.email, row.certificate_name, row.sourced_id)
        for account in db.session.scalars(sa.select(LocalAccount)):
            self._add(account.email, account.password_hash)
        for agent in db.session.scalars(sa.select(Agent)):
            self._add(agent.family_name, agent.email, agent.number)
        for certificate in db.session.scalars(sa.select(Certificate)):
            self._add(certificate.code, certificate.number, str(certificate.id), certificate.record["holder"])
        for answer in db.session.scalars(sa.select(Answer)):
            self._add(*strings(answer.response))
        self._add(*map(str, db.session.scalars(sa.select(Attempt.id))))
        self._add(*db.session.scalars(sa.select(Platform.client_id)))

    def _add(self, *values: str | None) -> None:
        self.values |= {value for value in values if value}


def strings(value: Any) -> Iterator[str]:
    """The texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from strings(each)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """The log as the command writes it."""
    before, written = structlog.get_config(), StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    init_logs()
    yield written
    structlog.configure(**before)


def test_no_line_tells_of_anybody(
    tmp_path: Path, database_url: str, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMS_SECRET_KEY", SECRET)
    heard, demo = Heard(), Demo(tmp_path / "demo", free_ports(), database_url)
    demo.app.before_request(heard.listen)
    with demo:
        check(demo, lambda _line: None)
        with demo.app.app_context():
            heard.read()
            db.session.remove()
    written = log.getvalue()
    events = [json.loads(line) for line in written.splitlines()]
    # The journey is in the log…
    assert {"request", "launch", "call", "job", "job_ended"} <= {event["event"] for event in events}
    # … each score sent under the id of the request that earned it …
    of_request = {event["request_id"]: event["route"] for event in events if event["event"] == "request"}
    for kind, route in (("send_score", "quiz.submit"), ("issue_certificate", "certificates.name")):
        ended = [event for event in events if event["event"] == "job_ended" and event["kind"] == kind]
        assert route in {of_request.get(event["request_id"]) for event in ended if "request_id" in event}, kind
    # … and nothing of anybody.
    assert len(heard.values) > 50
    told = {value for value in heard.values if len(value) >= LONG and value in written}
    assert told == set()
