"""People known over LTI 1.1 go on under their new id once the platform proves the old one, and not before."""

import hashlib
import hmac
from base64 import b64encode
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lms.models import Enrolment, LegacyConsumer, Person
from lms.services.legacy import keep_consumer
from tests.conftest import SECRET
from tests.learner_in_test import count
from tests.platform_in_test import CLAIM, PlatformInTest

KEY, OLD_SECRET = "consumer-1", "the secret they shared"


@pytest.fixture
def consumer(platform: PlatformInTest, session: Session) -> PlatformInTest:
    """A platform that had an LTI 1.1 consumer, and a person of then."""
    keep_consumer(session, platform.id, KEY, OLD_SECRET, SECRET)
    old = Person(platform_id=platform.id, subject="old-7", full_name="Ada Martin")
    session.add(old)
    session.flush()
    session.add(Enrolment(person_id=old.id, track_key="decideurs", track_version="1", track_digest="d"))
    session.commit()
    return platform


def migrating(platform: PlatformInTest, secret: str = OLD_SECRET, **more: Any) -> TestResponse:
    """A launch with the migration claim, signed with that secret."""
    client = platform.app.test_client()
    state, nonce = platform.begin(client)
    claims = platform.claims(nonce)
    signed = "&".join((KEY, "1", platform.issuer, platform.client_id, str(claims["exp"]), nonce))
    proof = b64encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()).decode()
    old = {"user_id": "old-7", "oauth_consumer_key": KEY, "oauth_consumer_key_sign": proof, **more}
    claims[CLAIM + "lti1p1"] = old
    return platform.post(client, state, platform.sign(claims))


def test_the_person_goes_on_under_the_new_id(consumer: PlatformInTest, session: Session) -> None:
    assert migrating(consumer).status_code == 303
    person = session.query(Person).one()
    assert (person.subject, person.legacy_subject) == ("learner-1", "old-7")
    assert count(session, Enrolment) == 1


def test_the_secret_is_kept_encrypted(consumer: PlatformInTest, session: Session) -> None:
    assert OLD_SECRET not in session.query(LegacyConsumer).one().secret


def test_two_identities_that_both_exist_stay_two(consumer: PlatformInTest, session: Session) -> None:
    consumer.launched()
    assert migrating(consumer).status_code == 303
    assert sorted(row.subject for row in session.query(Person)) == ["learner-1", "old-7"]


def test_c35_a_forged_signature_is_refused(consumer: PlatformInTest, session: Session) -> None:
    for answer in (migrating(consumer, "another secret"), migrating(consumer, oauth_consumer_key_sign="AAAA")):
        assert answer.status_code == 400
    assert [row.subject for row in session.query(Person)] == ["old-7"]


def test_a_consumer_we_do_not_know_proves_nothing(consumer: PlatformInTest, session: Session) -> None:
    assert migrating(consumer, oauth_consumer_key="another").status_code == 303
    assert sorted(row.subject for row in session.query(Person)) == ["learner-1", "old-7"]


@pytest.mark.parametrize("old", ["text", 5, [], {"oauth_consumer_key": 5}, {"oauth_consumer_key": KEY}])
def test_a_claim_of_the_wrong_shape_is_refused(consumer: PlatformInTest, old: Any) -> None:
    assert consumer.launch(consumer.app.test_client(), **{CLAIM + "lti1p1": old}).status_code == 400
