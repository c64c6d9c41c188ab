"""The secret key of the service, replaced: what it sealed in the database is opened and sealed again (ADR 46).

What can be asked for anew is forgotten rather than sealed again: sessions, which their cookies no longer name, and
tokens of platforms. What derives from the key and must not change is kept (``lms.services.kept_keys``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import ColumnElement, CursorResult, bindparam, delete, select, true, update
from sqlalchemy.orm import Session

from lms.lti import keys
from lms.models import (
    AccessToken,
    AuthenticatorApp,
    EventListener,
    KeptKey,
    LegacyConsumer,
    LocalAccount,
    ToolKey,
    WalletOffer,
    WebSession,
)
from lms.models.base import table_of
from lms.models.secrets import cipher
from lms.services import authenticators, kept_keys, legacy, webhooks
from lms.services.audit import record

#: Rows read, then written, together: what memory holds of a table.
TOGETHER = 500


@dataclass(frozen=True)
class Sealed:
    """Where something is sealed: the purpose, the table and its columns, and which of its rows matter.

    ``name`` says to people which row it is, and what to do where it cannot be opened.
    """

    purpose: str
    model: type[Any]
    columns: tuple[str, ...]
    name: Callable[[Session, Any], str]
    matter: ColumnElement[bool] = field(default_factory=true)


def _app(session: Session, row: Any) -> str:
    account = session.get(LocalAccount, row.account_id)
    email = account.email if account is not None else ""
    return f"the authenticator app of {email}. Forget it: lms account reset-factors {email}"


SEALED = (
    Sealed(
        kept_keys.PURPOSE, KeptKey, ("sealed",),
        lambda _session, row: f"the key of « {row.purpose} ». Give the LMS_SECRET_KEY that this database was left with",
    ),
    Sealed(
        keys.PURPOSE, ToolKey, ("private_pem",),
        lambda _session, row: f"the LTI key {row.kid}. Replace it: lms keys revoke {row.kid}",
        ToolKey.revoked_at.is_(None),  # the others sign nothing any more
    ),
    Sealed(authenticators.PURPOSE, AuthenticatorApp, ("secret",), _app),
    Sealed(
        webhooks.PURPOSE, EventListener, ("secret", "previous_secret"),
        lambda _session, row: f"the secret of webhook {row.id}, {row.name}. Remove that webhook, and make it again",
    ),
    Sealed(
        legacy.PURPOSE, LegacyConsumer, ("secret",),
        lambda _session, row: f"an LTI 1.1 secret. Give it again: lms platform legacy {row.platform_id} "
        f"--key {row.consumer_key}",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Done:
    """What a replacement did: how many secrets were sealed again, how many sessions ended."""

    sealed: int
    sessions: int


def closed(session: Session, *secrets: str) -> Iterator[str]:
    """What none of these secret keys opens, each with what to do; in a bounded memory."""
    for each in SEALED:
        ciphers = [cipher(secret, each.purpose) for secret in secrets]
        for rows in _pages(session, each):
            for row in rows:
                if any(_opened(ciphers, getattr(row, name)) is None for name in each.columns if getattr(row, name)):
                    yield each.name(session, row)


def is_under(session: Session, secret: str) -> bool:
    """Whether that secret key opens the keys that are kept, if there are any: a replacement was then committed."""
    row = session.scalars(select(KeptKey).limit(1)).first()
    return row is not None and _opened([cipher(secret, kept_keys.PURPOSE)], row.sealed) is not None


def replace(session: Session, old: str, new: str) -> Done:
    """Seal under ``new`` what is sealed under ``old``; the caller commits. Done again, it changes nothing.

    Raises ``cryptography.fernet.InvalidToken`` for what neither opens.
    """
    begun = not is_under(session, new)
    if begun:
        for purpose in kept_keys.KEPT:  # those that are there stay
            kept_keys.keep(session, old, purpose, kept_keys.derived(old, purpose))
    sealed = sum(_sealed_again(session, each, old, new) for each in SEALED)
    if not begun:
        return Done(sealed, 0)
    session.execute(update(AccessToken).values(token=None, expires_at=None))
    session.execute(delete(WalletOffer).where(WalletOffer.token_hash.is_(None)))
    sessions = cast("CursorResult[Any]", session.execute(delete(WebSession))).rowcount
    record(session, "secret_key_replaced", sealed=sealed, sessions=sessions)
    return Done(sealed, sessions)


def _sealed_again(session: Session, each: Sealed, old: str, new: str) -> int:
    """How many secrets of a table were sealed again."""
    table, (before, after) = table_of(each.model), (cipher(old, each.purpose), cipher(new, each.purpose))
    (key,) = table.primary_key.columns
    done = 0
    for rows in _pages(session, each):
        changes: list[dict[str, Any]] = []
        for row in rows:
            values = {name: getattr(row, name) for name in each.columns}
            again = {name: _again(value, before, after) if value else value for name, value in values.items()}
            if again != values:
                changes.append({"this": getattr(row, key.name), **again})
                done += sum(again[name] != values[name] for name in each.columns)
        if changes:
            mine = update(table).where(key == bindparam("this"))
            session.connection().execute(mine.values({name: bindparam(name) for name in each.columns}), changes)
    return done


def _again(token: str, before: Fernet, after: Fernet) -> str:
    """What a token holds, under the new key; itself where it is already."""
    if _opened([after], token) is not None:
        return token
    return after.encrypt(before.decrypt(token.encode())).decode()


def _opened(ciphers: list[Fernet], token: str) -> bytes | None:
    for each in ciphers:
        try:
            return each.decrypt(token.encode())
        except InvalidToken:
            continue
    return None


def _pages(session: Session, each: Sealed) -> Iterator[list[Any]]:
    """The rows of a table in the order of its key, some at a time."""
    table = table_of(each.model)
    (key,) = table.primary_key.columns
    query = select(table).where(each.matter).order_by(key).limit(TOGETHER)
    rows = session.execute(query).all()
    while rows:
        yield list(rows)
        rows = session.execute(query.where(key > getattr(rows[-1], key.name))).all()
