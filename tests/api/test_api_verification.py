"""The public check for programs: the page, the API and the offline command give one verdict on the same file."""

import base64
import json
import random
import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from certificates.answer import WORDS
from certificates.format import FORMATS
from lms.cli.verify import command
from lms.config import Config
from lms.models import AuditEntry, Certificate, CertificateFile, StatusList, utcnow
from lms.services import issuing, verification
from lms.services.authority import Authority, open_authority, publish, sign_lists
from tests.conftest import BASE_URL
from tests.learner_in_test import TRACK, earn, learner
from tests.platform_in_test import form_token

API = "/api/v1/verify"


@pytest.fixture
def authority(app: Flask, config: Config) -> Authority:
    return open_authority(config)


@pytest.fixture
def issued(session: Session, authority: Authority) -> Certificate:
    row = learner(session, full_name="Ada Lovelace")
    earn(session, row)
    publish(session, authority)
    made = issuing.issue(session, authority, row, TRACK)
    session.commit()
    return made


def files(session: Session, certificate: Certificate) -> dict[str, bytes]:
    rows = session.scalars(sa.select(CertificateFile).filter_by(certificate_id=certificate.id))
    found = {file.format: file.content for file in rows if file.format in {"pdf", "jsonld", "jwt"}}
    session.rollback()
    return found


def page_state(client: FlaskClient, data: bytes) -> str | None:
    """The state that the page of a file says, by its heading."""
    token = form_token(client.get("/verify?lang=en"))
    form = {"csrf_token": token, "file": (BytesIO(data), "file")}
    answer = client.post("/verify?lang=en", data=form, content_type="multipart/form-data")
    if answer.status_code == 422:
        return None
    said = {
        "is authentic": "valid", "has expired": "expired", "is revoked": "revoked", "is suspended": "suspended",
        "has been replaced": "replaced", "has been changed": "modified", "bears this code": "unknown",
        "cannot be verified": "unverifiable",
    }  # fmt: skip
    heading = re.search(r'class="verdict.*?<h1>(.*?)</h1>', answer.text, re.DOTALL)
    assert heading is not None
    return next(state for words, state in said.items() if words in heading[1])


def api(client: FlaskClient, data: bytes) -> Any:
    return client.post(API, json={"file": base64.b64encode(data).decode()})


def offline(folder: Path, session: Session, *paths: Path) -> list[dict[str, Any]]:
    """What the offline command says of files, with the documents published now."""
    document = verification.did_document(session, BASE_URL)
    lists = [signed for row in session.scalars(sa.select(StatusList)) for signed in row.signed.values()]
    session.rollback()
    (folder / "did.json").write_text(json.dumps(document))
    (folder / "lists.json").write_text(json.dumps(lists))
    options = ["--did", str(folder / "did.json"), "--status", str(folder / "lists.json"), "--json"]
    told = CliRunner().invoke(command, [*map(str, paths), *options])
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_one_verdict_on_twenty_files(
    client: FlaskClient, session: Session, authority: Authority, issued: Certificate, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    made: dict[str, Certificate] = {"valid": issued}
    for state in ("revoked", "suspended", "expired"):
        row = learner(session, state)
        earn(session, row)
        with monkeypatch.context() as patch:
            if state == "expired":
                patch.setattr(issuing, "utcnow", lambda: utcnow() - timedelta(days=3000))
            made[state] = issuing.issue(session, authority, row, TRACK)
        if state in {"revoked", "suspended"}:
            made[state].status = state
        session.commit()
    for row_of_list in session.scalars(sa.select(StatusList)):
        sign_lists(session, authority, row_of_list, utcnow())
    session.commit()
    given_files = {f"{state}.{form}": data for state, row in made.items() for form, data in files(session, row).items()}
    original = files(session, issued)
    given_files |= {
        "changed.json": original["jsonld"].replace(b"Ada Lovelace", b"Ada Nobody"),
        "changed.pdf": original["pdf"] + b"\n% more\n",
        "changed.jwt": original["jwt"][:-6] + b"AAAAAA",
        "empty.json": b"{}",
        "twice.json": b'{"a": 1, "a": 2}',
        "elsewhere.json": original["jsonld"].replace(b"did:web:localhost%3A8000", b"did:web:elsewhere.example"),
        "forged.jwt": b"aaaa.bbbb.cccc",
        "unsigned.pdf": b"%PDF-1.7\nstartxref\n0\n%%EOF",
    }
    assert len(given_files) == 20
    states = {}
    for name, data in given_files.items():
        (tmp_path / name).write_bytes(data)
        answer = api(client, data)
        told = answer.json
        (cli,) = offline(tmp_path, session, tmp_path / name) or [{"state": None}]
        states[name] = told.get("state")
        assert (page_state(client, data), told.get("state")) == (cli["state"], cli["state"]), name
        if answer.status_code == 200:
            assert told["word"] == WORDS[told["state"]] == cli["word"]
            same = ("number", "checks", "fields", "form", "sha256")
            assert {key: told[key] for key in same} == {key: cli[key] for key in same}, name
        else:
            assert answer.content_type == "application/problem+json"
    assert {states[f"valid.{form}"] for form in original} == {"valid"}
    assert {states[f"expired.{form}"] for form in original} == {"expired"}
    assert {states[f"revoked.{form}"] for form in original} == {"revoked"}
    assert states["changed.json"] == states["changed.jwt"] == "modified"


@pytest.mark.parametrize("status", ["valid", "revoked", "suspended", "replaced"])
def test_a_code_is_answered_as_its_page_is(
    client: FlaskClient, session: Session, issued: Certificate, status: str
) -> None:
    issued.status = status
    session.commit()
    for answer in (
        client.get(f"{API}/{issued.code.lower().replace('-', '')}"), client.post(API, json={"code": issued.code})
    ):  # fmt: skip
        told = answer.json
        assert answer.status_code == 200
        assert (told["state"], told["word"], told["number"]) == (status, WORDS[status], issued.number)
        assert told["page"] == f"{BASE_URL}/verify/{issued.code}"
        assert {field["key"] for field in told["fields"]["fr"]} >= {"holder", "number", "issued_on"}
        assert "Ada Lovelace" in str(told["fields"]["en"])
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "no-store"
        assert all(check["ok"] for check in told["checks"]) is (status == "valid")


def test_a_name_kept_from_the_page_is_kept_from_the_api(
    client: FlaskClient, session: Session, issued: Certificate
) -> None:
    issued.name_public = False
    session.commit()
    answer = client.get(f"{API}/{issued.code}")
    assert "Ada" not in answer.text
    assert answer.json["holder_hidden"] is True


def test_what_follows_a_certificate_is_linked(
    client: FlaskClient, session: Session, authority: Authority, issued: Certificate
) -> None:
    codes = {}
    for number, (cycle, edition) in enumerate([(1, 2), (2, 1)]):
        row = learner(session, f"other {number}")
        earn(session, row)
        later = issuing.issue(session, authority, row, TRACK)
        later.previous_id, later.person_id, later.cycle, later.edition = issued.id, issued.person_id, cycle, edition
        codes[cycle] = later.code
    session.commit()
    told = client.get(f"{API}/{issued.code}").json
    assert (told["replaced_by"], told["renewed_by"]) == (
        f"{BASE_URL}/verify/{codes[1]}", f"{BASE_URL}/verify/{codes[2]}"
    )  # fmt: skip


def test_a_file_is_taken_in_each_way_it_can_be_sent(client: FlaskClient, session: Session, issued: Certificate) -> None:
    for form, data in files(session, issued).items():
        told = [
            api(client, data),
            client.post(API, data=data, content_type=FORMATS[form].media_type),
            client.post(API, data={"file": (BytesIO(data), "x")}, content_type="multipart/form-data"),
        ]
        assert [answer.json["state"] for answer in told] == ["valid"] * 3, form
        assert {answer.json["sha256"] for answer in told} == {answer.json["issued_sha256"] for answer in told}


BAD: list[tuple[str, Callable[[FlaskClient], Any], int]] = [
    ("no code", lambda client: client.get(f"{API}/nothing"), 404),
    ("of no certificate", lambda client: client.get(f"{API}/{'0' * 26}"), 404),
    ("quotes", lambda client: client.get(f"{API}/%27%20or%201=1"), 404),
    ("nothing", lambda client: client.post(API), 400),
    ("broken json", lambda client: client.post(API, data=b"{", content_type="application/json"), 400),
    ("deep json", lambda client: client.post(API, data=b"[" * 100_000, content_type="application/json"), 400),
    ("a list", lambda client: client.post(API, json=[1]), 400),
    ("a number", lambda client: client.post(API, json={"code": 3}), 400),
    ("no base64", lambda client: client.post(API, json={"file": "é"}), 400),
    ("a form without file", lambda client: client.post(API, data={"x": "y"}), 400),
    ("an empty file", lambda client: api(client, b""), 422),
    ("no certificate", lambda client: api(client, b"hello"), 422),
    ("a large body", lambda client: client.post(API, data=b"x" * 4_000_000, content_type="application/pdf"), 413),
    ("a nul", lambda client: client.get(f"{API}/%00"), 400),
    ("another method", lambda client: client.delete(f"{API}/x"), 405),
    ("another address", lambda client: client.get("/api/v1/nothing"), 404),
]


@pytest.mark.parametrize(("ask", "status"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_what_cannot_be_answered_is_a_problem(app: Flask, ask: Callable[[FlaskClient], Any], status: int) -> None:
    answer = ask(app.test_client())
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert (answer.json["status"], answer.json["type"]) == (status, "about:blank")
    assert answer.json["title"]
    assert answer.json["detail"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "application/pdf", "text/plain"]))
def test_no_body_makes_it_fail(client: FlaskClient, body: bytes, kind: str) -> None:
    assert client.post(API, data=body, content_type=kind).status_code in {200, 400, 404, 422}


def test_a_page_of_another_site_may_ask(client: FlaskClient) -> None:
    answer = client.options(API, headers={"Origin": "https://rh.example", "Access-Control-Request-Method": "POST"})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"].startswith("Content-Type")


def test_each_check_is_a_line_of_the_journal_and_names_nobody(
    client: FlaskClient, session: Session, issued: Certificate
) -> None:
    code, originals = issued.code, files(session, issued)
    client.get(f"/verify/{code}")
    client.get(f"{API}/{code}")
    api(client, originals["pdf"])
    api(client, originals["jsonld"].replace(b"Ada Lovelace", b"Ada Nobody"))
    assert page_state(client, originals["jwt"]) == "valid"
    client.get(f"{API}/{'0' * 26}")
    session.expire_all()
    lines = session.scalars(sa.select(AuditEntry).filter_by(action="certificate_verified").order_by(AuditEntry.id))
    said = [(line.target, line.details, line.person_id) for line in lines]
    states = ["valid", "valid", "valid", "modified", "valid"]
    assert said == [(issued.number, {"state": state}, None) for state in states]


def test_too_many_questions_of_one_address_are_refused(app: Flask) -> None:
    app.config["TESTING"] = False
    app.testing = False
    client = app.test_client()
    address = {"REMOTE_ADDR": f"10.1.{random.randrange(256)}.{random.randrange(256)}"}
    codes = [client.get(f"{API}/nothing", environ_base=address).status_code for _ in range(62)]
    assert (codes[0], codes[-1]) == (404, 429)
    last = client.get(f"{API}/nothing", environ_base=address)
    assert last.content_type == "application/problem+json"
    assert last.headers["Access-Control-Allow-Origin"] == "*"


def test_several_files_are_a_line_each_and_the_worst_is_the_exit_code(
    session: Session, issued: Certificate, tmp_path: Path
) -> None:
    for form, data in files(session, issued).items():
        (tmp_path / form).write_bytes(data)
    (tmp_path / "changed").write_bytes(files(session, issued)["pdf"] + b"\n")
    told = offline(tmp_path, session, tmp_path / "pdf", tmp_path / "jwt")
    assert [each["state"] for each in told] == ["valid", "valid"]
    options = ["--did", str(tmp_path / "did.json"), "--status", str(tmp_path / "lists.json")]
    good = CliRunner().invoke(command, [str(tmp_path / "pdf"), str(tmp_path / "jsonld"), *options])
    assert good.exit_code == 0
    did = issued.record["issuer"]["did"]
    assert good.stdout.splitlines() == [
        f"VALIDE · VALID\t{tmp_path}/{form}\t{issued.number}\t{did}" for form in ("pdf", "jsonld")
    ]
    bad = CliRunner().invoke(command, [str(tmp_path / "pdf"), str(tmp_path / "changed"), *options])
    assert (bad.exit_code, bad.stdout.splitlines()[1].split("\t")[0]) == (1, "MODIFIÉ · MODIFIED")
    worst = CliRunner().invoke(command, [str(tmp_path / "nowhere"), str(tmp_path / "changed"), *options])
    assert worst.exit_code == 2
    assert "nowhere: ILLISIBLE" in worst.stderr
