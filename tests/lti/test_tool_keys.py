"""The tool's own keys: made once, encrypted at rest, useless without the secret."""

import json
from datetime import datetime, timedelta

import pytest
from cryptography.fernet import InvalidToken
from flask import Flask
from jwt import PyJWK
from sqlalchemy.orm import Session

from lms.lti.keys import AHEAD, ToolKeys
from lms.models import ToolKey, utcnow
from tests.conftest import REAL_BITS, SECRET
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


def test_new_keys_have_128_bits_of_security_and_old_ones_go_on(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, now = ToolKeys(SECRET), utcnow()
    old, _private = keys.signing(session)
    monkeypatch.setattr("lms.lti.keys.BITS", REAL_BITS)
    new = keys.rotate(session).kid
    assert keys.signing(session)[0] == old
    sizes = {key["kid"]: PyJWK(key).key.key_size for key in keys.public(session)["keys"]}
    assert sizes == {old: 2048, new: 3072}
    row = keys.current(session, now + 2 * AHEAD)
    assert row is not None
    assert row.kid == new


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


DAY = timedelta(days=1)


def kids(session: Session) -> set[str]:
    """The keys published."""
    return {key["kid"] for key in ToolKeys(SECRET).public(session)["keys"]}


def signer(session: Session, now: datetime) -> str:
    """The key that signs at a moment."""
    row = ToolKeys(SECRET).current(session, now)
    assert row is not None
    return row.kid


def test_the_next_key_is_published_a_day_before_it_signs(session: Session) -> None:
    keys, now = ToolKeys(SECRET), utcnow()
    old = signer(session, now)
    new = keys.rotate(session, now).kid
    assert kids(session) == {old, new}
    assert signer(session, now + DAY - timedelta(seconds=1)) == old
    assert signer(session, now + DAY) == new


def test_rotating_again_makes_no_other_key_while_one_waits(session: Session) -> None:
    keys = ToolKeys(SECRET)
    assert keys.rotate(session).kid == keys.rotate(session).kid
    assert len(kids(session)) == 2


def test_keys_are_replaced_in_time_and_removed_a_week_after_they_signed(session: Session) -> None:
    keys, life, now = ToolKeys(SECRET), 90 * DAY, utcnow()
    first = signer(session, now)
    made = session.query(ToolKey).one().signs_from
    keys.keep_up(session, life, made + 89 * DAY - timedelta(seconds=1))
    assert kids(session) == {first}
    keys.keep_up(session, life, made + 89 * DAY)
    second = signer(session, made + 90 * DAY)
    assert {first, second} == kids(session)
    assert first != second
    keys.keep_up(session, life, made + 97 * DAY - timedelta(seconds=1))
    assert kids(session) == {first, second}
    keys.keep_up(session, life, made + 97 * DAY + timedelta(seconds=1))
    assert kids(session) == {second}


def test_under_another_secret_no_key_is_made_that_nobody_else_could_sign_with(session: Session) -> None:
    signs = ToolKeys(SECRET).signing(session)[0]
    with pytest.raises(InvalidToken):
        ToolKeys("another secret, of " + "x" * 32).rotate(session)
    assert [row.kid for row in ToolKeys(SECRET).every(session)] == [signs]


def test_workers_that_rotate_at_once_make_one_key(app: Flask, session: Session) -> None:
    session.commit()

    def rotate(own: Session) -> str:
        kid = ToolKeys(SECRET).rotate(own).kid
        own.commit()
        return kid

    assert len(set(together(app, [rotate] * 4))) == 1
    assert count(session, ToolKey) == 2


def test_a_revoked_key_is_out_at_once_and_another_signs_at_once(session: Session) -> None:
    keys, now = ToolKeys(SECRET), utcnow()
    stolen = signer(session, now)
    other = keys.revoke(session, stolen, now)
    assert other is not None
    assert kids(session) == {other.kid}
    assert keys.signing(session)[0] == signer(session, now) == other.kid != stolen
    assert keys.revoke(session, stolen) is None
    assert keys.revoke(session, "unknown") is None


def test_the_key_that_waits_signs_when_the_current_one_is_revoked(session: Session) -> None:
    keys, now = ToolKeys(SECRET), utcnow()
    stolen, waiting = signer(session, now), keys.rotate(session, now).kid
    keys.revoke(session, stolen, now)
    assert signer(session, now) == waiting
    assert kids(session) == {waiting}


def test_the_current_key_goes_on_when_the_one_that_waits_is_revoked(session: Session) -> None:
    keys, now = ToolKeys(SECRET), utcnow()
    current, waiting = signer(session, now), keys.rotate(session, now).kid
    keys.revoke(session, waiting, now)
    assert signer(session, now + 30 * DAY) == current
    assert kids(session) == {current}
