"""People and links that a platform knew over LTI 1.1, continued under their new ids (LTI 1.1 migration guide).

A platform proves the old ids with the secret of the consumer it had: then, and only then, what was kept under them goes
on. Two identities that both exist here are never made one (LTI.md R9).
"""

import hashlib
import hmac
from base64 import b64encode
from typing import Any

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.orm import Session

from lms.lti.model import LtiError, Message
from lms.models import LegacyConsumer, Person
from lms.models.base import table_of
from lms.models.secrets import cipher, same
from lms.models.upsert import put

PURPOSE = "lti 1.1 secrets"

_P, _CONSUMER = table_of(Person), table_of(LegacyConsumer)


def keep_consumer(session: Session, platform_id: int, key: str, consumer_secret: str, secret: str) -> None:
    """Keep the key and secret a platform had over LTI 1.1, the secret encrypted; a known key takes the new one."""
    encrypted = cipher(secret, PURPOSE).encrypt(consumer_secret.encode()).decode()
    put(session, LegacyConsumer, {"platform_id": platform_id, "consumer_key": key}, {"secret": encrypted})


def old_subject(own: Session | Connection, message: Message, secret: str) -> str | None:
    """The user id proved to be theirs over LTI 1.1; None without a claim, or when its consumer is not known here.

    ``LtiError`` ``legacy_signature`` when the claim is not signed by the consumer it names (LTI.md C35).
    """
    claim = message.legacy
    if claim is None:
        return None
    mine = (_CONSUMER.c.platform_id == message.registration.platform_id) & (
        _CONSUMER.c.consumer_key == claim.consumer_key
    )
    encrypted = own.execute(select(_CONSUMER.c.secret).where(mine)).scalar()
    if encrypted is None:
        return None
    consumer_secret = cipher(secret, PURPOSE).decrypt(encrypted.encode())
    if not same(signature(consumer_secret, claim.signed), claim.signature):
        raise LtiError("legacy_signature")
    return claim.user_id or message.user.subject


def signature(consumer_secret: bytes, signed: str) -> str:
    """``oauth_consumer_key_sign``: base64 of the HMAC-SHA256 of what is signed, under the consumer's secret."""
    return b64encode(hmac.new(consumer_secret, signed.encode(), hashlib.sha256).digest()).decode()


def continue_person(own: Session | Connection, message: Message, old: str) -> None:
    """Let the person kept under the old id go on under the new one, unless there is somebody of the new id already."""
    platform_id, new = message.registration.platform_id, message.user.subject

    def who(subject: str) -> Any:
        return (_P.c.platform_id == platform_id) & (_P.c.subject == subject)

    if old != new and not own.execute(select(exists().where(who(new)))).scalar():
        own.execute(update(_P).where(who(old)).values(subject=new))


def note_old_subject(own: Session | Connection, person_id: int, old: str) -> None:
    """Keep the proved old id of a person."""
    own.execute(update(_P).where(_P.c.id == person_id).values(legacy_subject=old))
