"""Offering a certificate to its holder's wallet: a code for its link, figures to type, a token for both, once."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Update, delete, select, update
from sqlalchemy.orm import Session

from certificates.wallet.metadata import CODE_LENGTH, PRE_AUTHORIZED
from lms.models import Certificate, WalletOffer, utcnow
from lms.models.secrets import derived_key, hashed, new_token, same
from lms.services.audit import record as note
from lms.services.verification import state_at

OFFER_LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(minutes=15)
#: How many times figures may be typed for one offer.
TRIES = 5


class Denied(Exception):
    """What a wallet asks for is refused. ``error`` is the protocol's word, ``why`` a sentence for its maker."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(error)
        self.error, self.why = error, why


class NotOffered(Exception):
    """A certificate that is not valid goes to no wallet. ``state`` is what it is."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True)
class Offered:
    """An offer just made: the code in its link, the figures to type, both stored nowhere."""

    code: str
    figures: str


def own_certificate(session: Session, identity: UUID, person_id: int) -> Certificate | None:
    """The certificate of that identifier if that person holds it."""
    return session.scalars(select(Certificate).filter_by(id=identity, person_id=person_id)).first()


def offer(session: Session, secret: str, certificate: Certificate) -> Offered:
    """Offer a certificate to its holder's wallet; offers made before and not taken end. Raises :class:`NotOffered`."""
    now = utcnow()
    state = state_at(certificate, now)
    if state != "valid":
        raise NotOffered(state)
    mine = (WalletOffer.certificate_id == certificate.id, WalletOffer.token_hash.is_(None))
    session.execute(delete(WalletOffer).where(*mine))
    made = Offered(new_token(), f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}}")
    row = WalletOffer(
        certificate_id=certificate.id, code_hash=hashed(made.code), typed_hash=_typed_hash(secret, made),
        created_at=now, expires_at=now + OFFER_LIFE,
    )  # fmt: skip
    session.add(row)
    session.flush()
    note(session, "certificate_offered", certificate.number, certificate.person_id)
    return made


def claim(session: Session, secret: str, given: Mapping[str, str]) -> str:
    """The access token for the code of an offer and its figures, as a token request gives them.

    Raises :class:`Denied`; the try is counted, which the caller has to commit as well.
    """
    if given.get("grant_type") != PRE_AUTHORIZED:
        raise Denied("unsupported_grant_type", "Only the pre-authorized code is supported.")
    code, figures = given.get("pre-authorized_code", ""), given.get("tx_code", "")
    if not code or not figures:
        raise Denied("invalid_request", "Both pre-authorized_code and tx_code are needed.")
    invalid = Denied("invalid_grant", "The code is wrong, used or expired, or the transaction code is wrong.")
    now = utcnow()
    mine = WalletOffer.code_hash == hashed(code)
    free = (mine, WalletOffer.token_hash.is_(None), WalletOffer.expires_at > now, WalletOffer.tries < TRIES)
    # Counted before it is compared: however many try at once, they have so many tries together.
    if not changed(session, update(WalletOffer).where(*free).values(tries=WalletOffer.tries + 1)):
        raise invalid
    row = session.scalars(select(WalletOffer).where(mine)).one()
    if not same(row.typed_hash, _typed_hash(secret, Offered(code, figures))):
        raise invalid
    if state_at(row.certificate, now) != "valid":
        raise invalid
    token = new_token()
    row.token_hash, row.expires_at = hashed(token), now + TOKEN_LIFE
    session.flush()
    return token


def changed(session: Session, statement: Update) -> bool:
    """Whether the statement changed a row."""
    return cast("CursorResult[Any]", session.execute(statement)).rowcount == 1


def _typed_hash(secret: str, made: Offered) -> str:
    text = f"{made.code} {made.figures}"
    return hmac.new(derived_key(secret, "wallet figures"), text.encode(), sha256).hexdigest()
