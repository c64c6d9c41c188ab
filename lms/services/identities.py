"""Whose an OpenID Connect identity is: linked once by an administrator, or by a verified address where that is allowed.

An identity opens the account it is linked to, with the roles of that account: no role comes from the provider, and
nothing it says of the person is kept but the identity itself, and the name of an account that had none.
"""

from collections.abc import Sequence

from cryptography.fernet import InvalidToken
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session, joinedload

from lms.models import LocalAccount, OidcIdentity, OidcSession, WebSession, utcnow
from lms.models.secrets import cipher
from lms.models.upsert import insert_new
from lms.oidc.model import Claims
from lms.services.accounts import account_named
from lms.services.audit import record

_PURPOSE = "OIDC id tokens"


class IdentityTaken(ValueError):
    """The identity is somebody else's already."""


def account_of(session: Session, issuer: str, subject: str) -> LocalAccount | None:
    """The account an identity opens; None when it is linked to none, or to a closed one."""
    mine = (OidcIdentity.issuer == issuer, OidcIdentity.subject == subject, LocalAccount.closed_at.is_(None))
    query = select(LocalAccount).join(OidcIdentity, OidcIdentity.person_id == LocalAccount.person_id)
    return session.scalars(query.where(*mine).options(joinedload(LocalAccount.person))).first()


def match_by_address(
    session: Session, issuer: str, subject: str, claims: Claims, *, trusted: bool
) -> LocalAccount | None:
    """Link a new identity to the account of its address, if the address is verified; gives that account.

    Verified: the provider says so, or says nothing and is ``trusted`` to give only addresses it checked. An account
    that has an identity at this provider already gets no second one in this way: addresses change hands.
    """
    verified = trusted if claims.email_verified is None else claims.email_verified
    account = account_named(session, claims.email) if claims.email and verified else None
    if (
        account is None
        or account.closed_at is not None
        or session.scalars(_of(account.person_id).filter_by(issuer=issuer)).first() is not None
    ):
        return None
    try:
        link(session, account, issuer, subject, how="email")
    except IdentityTaken:  # linked at the same moment: to whom it was is what counts
        return account_of(session, issuer, subject)
    person = account.person
    if not person.display_name:
        person.given_name, person.family_name = claims.given_name, claims.family_name
        session.flush()
    return account


def link(
    session: Session, account: LocalAccount, issuer: str, subject: str, *, how: str = "administrator",
    by: int | None = None,
) -> None:  # fmt: skip
    """Let an identity open that account; nothing when it does already. Raises ``IdentityTaken``."""
    identity = {"issuer": issuer, "subject": subject}
    values = {"person_id": account.person_id, "linked_by": how, "created_at": utcnow(), "last_used_at": None}
    if insert_new(session, OidcIdentity, identity, values) is None:
        if session.scalars(select(OidcIdentity).filter_by(**identity)).one().person_id != account.person_id:
            raise IdentityTaken
        return
    record(session, "identity_linked", f"person:{account.person_id}", by, how=how)


def unlink(session: Session, row: OidcIdentity, by: int | None = None) -> None:
    """Let an identity open nothing any more; browsers this person signed in through the provider are signed out."""
    record(session, "identity_unlinked", f"person:{row.person_id}", by)
    opened = WebSession.token_hash.in_(select(OidcSession.token_hash))
    session.execute(delete(WebSession).where(WebSession.person_id == row.person_id, opened))
    session.delete(row)
    session.flush()


def identities(session: Session) -> Sequence[OidcIdentity]:
    """Every identity with its person, by address."""
    query = select(OidcIdentity).join(OidcIdentity.person).options(joinedload(OidcIdentity.person))
    return session.scalars(query.order_by(OidcIdentity.person_id, OidcIdentity.id)).all()


def identities_of(session: Session, person_id: int) -> Sequence[OidcIdentity]:
    """The identities of one person."""
    return session.scalars(_of(person_id)).all()


def note_sign_in(
    session: Session, account: LocalAccount, issuer: str, subject: str, token_hash: str, id_token: str, secret: str
) -> None:
    """Record a sign-in by that identity, and keep what its session will sign out of the provider with."""
    for row in session.scalars(select(OidcIdentity).filter_by(issuer=issuer, subject=subject)):
        row.last_used_at = utcnow()
    kept = cipher(secret, _PURPOSE).encrypt(id_token.encode()).decode()
    session.add(OidcSession(token_hash=token_hash, id_token=kept))
    session.flush()
    record(session, "signed_in", f"person:{account.person_id}", account.person_id, by="oidc")


def hand_over(session: Session, old_hash: str, new_hash: str) -> None:
    """Let a session that goes on in another tab be signed out as the one it comes from, if that is the provider's."""
    opened = session.get(OidcSession, old_hash)
    if opened is not None:
        session.add(OidcSession(token_hash=new_hash, id_token=opened.id_token))
        session.flush()


def kept_id_token(session: Session, token_hash: str, secret: str) -> str | None:
    """The id token a session was opened with; None when it was opened otherwise."""
    row = session.get(OidcSession, token_hash)
    try:
        return cipher(secret, _PURPOSE).decrypt(row.id_token.encode()).decode() if row is not None else None
    except InvalidToken:  # the secret key was changed since
        return None


def _of(person_id: int) -> Select[OidcIdentity]:
    return select(OidcIdentity).filter_by(person_id=person_id).order_by(OidcIdentity.id)
