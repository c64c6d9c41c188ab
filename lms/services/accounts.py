"""Local accounts: people who come in without an LMS."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lms.models import ROLES, LocalAccount, Person

#: How passwords are kept; what it costs to try one is the library's advice.
hasher = PasswordHasher()


class AccountRefused(ValueError):
    """An account that cannot be made; the message says why."""


def make_account(session: Session, email: str, password: str, roles: list[str], name: str = "") -> LocalAccount:
    """Make a local account. Raises ``AccountRefused`` for an unknown role, a short password or a taken address."""
    email = email.strip().lower()
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise AccountRefused(f"Roles are: {', '.join(ROLES)}.")
    if "@" not in email:
        raise AccountRefused("This is not an e-mail address.")
    if len(password) < 12:
        raise AccountRefused("A password has at least 12 characters.")
    if session.scalars(select(LocalAccount).filter_by(email=email)).first():
        raise AccountRefused("An account with this address exists.")
    person = Person(subject=email, email=email, full_name=name)
    account = LocalAccount(email=email, password_hash=hasher.hash(password), roles=sorted(roles), person=person)
    session.add(account)
    session.flush()
    return account


def account_named(session: Session, email: str) -> LocalAccount | None:
    """The account of that address, however it is typed."""
    query = select(LocalAccount).filter_by(email=email.strip().lower()).options(joinedload(LocalAccount.person))
    return session.scalars(query).first()


def sign_in(session: Session, email: str, password: str) -> LocalAccount | None:
    """The account of that address if the password is its own."""
    account = account_named(session, email)
    decoy = _decoy()  # made whoever comes first: that takes time too
    return account if _is_hashed(account.password_hash if account else decoy, password) else None


def knows_password(account: LocalAccount, password: str) -> bool:
    """Whether that is the password of the account: asked again before what it signs in with is changed."""
    return _is_hashed(account.password_hash, password)


def _is_hashed(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _decoy() -> str:
    """Verified when the address is unknown, so that both refusals take as long."""
    return hasher.hash("no account has this password")
