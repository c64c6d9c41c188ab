"""The tool's own keys: made once, encrypted at rest, useless without the secret."""

import json

import pytest
from cryptography.fernet import InvalidToken
from flask import Flask
from jwt import PyJWK
from sqlalchemy.orm import Session

from lms.lti.keys import ToolKeys
from lms.models import ToolKey, utcnow
from tests.conftest import SECRET
from tests.learner_in_test import count, together


def test_a_key_was_made_at_first_start(session: Session) -> None:
    row = session.query(ToolKey).one()
    assert "PRIVATE KEY" not in row.private_pem
    assert row.public_jwk.keys() == {"kty", "n", "e", "kid", "alg", "use"}


def test_what_signs_is_what_is_published(session: Session) -> None:
    keys = ToolKeys(SECRET)
    kid, private = keys.signing(session)
    (published,) = keys.public(session)["keys"]
    assert published["kid"] == kid
    assert PyJWK(published).key.public_numbers() == private.public_key().public_numbers()
    assert private.key_size >= 2048


def test_a_key_is_parsed_once(session: Session) -> None:
    keys = ToolKeys(SECRET)
    assert keys.signing(session)[1] is keys.signing(session)[1]


def test_without_the_secret_the_key_is_lost(session: Session) -> None:
    with pytest.raises(InvalidToken):
        ToolKeys("another secret of more than thirty-two characters").signing(session)


def test_processes_that_start_at_once_make_one_key(app: Flask, session: Session) -> None:
    session.query(ToolKey).delete()
    session.commit()

    def start(own: Session) -> str:
        kid = ToolKeys(SECRET).ensure(own).kid
        own.commit()
        return kid

    assert len(set(together(app, [start] * 4))) == 1
    assert count(session, ToolKey) == 1


def test_a_retired_key_is_published_and_signs_no_more(session: Session) -> None:
    keys = ToolKeys(SECRET)
    old, _private = keys.signing(session)
    session.query(ToolKey).update({"retired_at": utcnow()})
    keys.ensure(session)
    session.commit()
    new, _private = keys.signing(session)
    assert new != old
    assert {key["kid"] for key in keys.public(session)["keys"]} == {old, new}


def test_without_any_key_one_is_told_what_to_do(session: Session) -> None:
    session.query(ToolKey).delete()
    with pytest.raises(LookupError, match="lms db upgrade"):
        ToolKeys(SECRET).signing(session)


def test_nothing_private_is_published(session: Session) -> None:
    shown = json.dumps(ToolKeys(SECRET).public(session))
    assert not any(f'"{part}"' in shown for part in ("d", "p", "q", "dp", "dq", "qi", "k"))
