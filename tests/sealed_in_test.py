"""Something of all that is sealed under the secret key, for tests."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lms.models import (
    AccessToken,
    AuthenticatorApp,
    EventListener,
    LegacyConsumer,
    LocalAccount,
    OidcSession,
    Platform,
    ToolKey,
    WebSession,
    utcnow,
)
from lms.models.base import Base
from lms.models.secrets import cipher, hashed
from lms.services import authenticators, factors, kept_keys, legacy, recovery_codes, webhooks
from lms.services.sessions import open_session
from tests.account_in_test import make_person
from tests.conftest import SECRET

#: The key that comes after that of the tests.
NEW = "the key that comes after it, long enough"
#: How every token of Fernet begins: its version, and the first bytes of the hour.
TOKEN = "gAAAAA"


@dataclass(frozen=True)
class Filled:
    """What was put there: of whom, and a recovery code of theirs."""

    account_id: int
    recovery_code: str


def own_keys(shared: Path, tmp_path: Path) -> Path:
    """A folder of keys of one test alone: those that tests share stay under the key of the tests."""
    if shared.exists():
        shutil.copytree(shared, tmp_path / "own-keys")
    return tmp_path / "own-keys"


def filled(session: Session, platform_id: int) -> Filled:
    """Seal something of every kind in a database that a platform is connected to; commits."""
    account = factors.account_of(session, make_person(session, "sealed@example.org", account="hr"))
    assert account is not None
    authenticators.propose(session, SECRET, account.id)
    session.get_one(AuthenticatorApp, account.id).confirmed_at = utcnow()
    codes = recovery_codes.renew(session, SECRET, account.id)
    hook, _shown = webhooks.make(session, SECRET, "HR", "https://hr.example/hook", ["completion.created"], None, None)
    webhooks.rotate(session, SECRET, hook, None)
    legacy.keep_consumer(session, platform_id, "old-key", "old secret", SECRET)
    token = open_session(session, account.person_id, frozenset({"hr"}), 60)
    session.add_all(
        [
            OidcSession(token_hash=hashed(token), id_token=_sealed("OIDC id tokens", "an id token")),
            AccessToken(
                platform_id=platform_id, scopes="scores", token=_sealed("access tokens", "a token"), granted=[],
                expires_at=utcnow() + timedelta(hours=1),
            ),
        ]
    )  # fmt: skip
    session.commit()
    return Filled(account.id, codes[0])


def opened(session: Session, secret: str) -> dict[str, list[str]]:
    """What is sealed in a database, opened with that key: purpose → texts."""
    session.rollback()
    session.expire_all()
    hook = session.scalars(sa.select(EventListener).filter_by(kind="webhook")).one()
    consumer = session.scalars(sa.select(LegacyConsumer)).one()
    app = session.scalars(sa.select(AuthenticatorApp)).one()

    def plain(purpose: str, token: str) -> str:
        return cipher(secret, purpose).decrypt(token.encode()).decode()

    return {
        "app": [authenticators.opened(secret, app)],
        "webhook": [plain(webhooks.PURPOSE, hook.secret), plain(webhooks.PURPOSE, hook.previous_secret)],
        "legacy": [plain(legacy.PURPOSE, consumer.secret)],
        "lti": [plain("lti tool keys", key.private_pem) for key in session.scalars(sa.select(ToolKey))],
        "kept": [kept_keys.kept_key(session, secret, purpose).hex() for purpose in kept_keys.KEPT],
    }


def tokens(session: Session) -> dict[str, list[str]]:
    """Every token of Fernet in a database: « table.column » → tokens."""
    found: dict[str, list[str]] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, sa.String):
                rows = session.scalars(sa.select(column).where(column.like(f"{TOKEN}%"))).all()
                if rows:
                    found[f"{table.name}.{column.name}"] = list(rows)
    return found


def signed_in(session: Session) -> int:
    """How many browsers are signed in."""
    return session.scalars(sa.select(sa.func.count()).select_from(WebSession)).one()


def account(session: Session, made: Filled) -> LocalAccount:
    """The account that has it all."""
    return session.get_one(LocalAccount, made.account_id)


def first_platform(session: Session) -> int:
    """The number of a platform, made where there is none."""
    row = session.scalars(sa.select(Platform)).first()
    assert row is not None
    return row.id


def _sealed(purpose: str, plain: str) -> str:
    return cipher(SECRET, purpose).encrypt(plain.encode()).decode()
