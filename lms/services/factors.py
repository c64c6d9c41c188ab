"""Second factors of local accounts: which there are, whom the institution asks for one, and what a change entails."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from lms.models import AuthenticatorApp, LocalAccount, Passkey
from lms.services import authenticators, enrolment_codes, passkeys, recovery_codes
from lms.services.audit import record
from lms.services.sessions import close_sessions


@dataclass(frozen=True)
class Factors:
    """What an account has: its app (None until it is confirmed), its passkeys, how many recovery codes are unused."""

    app: AuthenticatorApp | None
    passkeys: list[Passkey]
    codes_left: int


def account_of(session: Session, person_id: int, *, hold: bool = False) -> LocalAccount | None:
    """The local account of a person; held until the commit when its factors are about to change."""
    query = select(LocalAccount).filter_by(person_id=person_id)
    return session.scalars(query.with_for_update() if hold else query).first()


def factors_of(session: Session, account_id: int) -> Factors:
    """What an account has."""
    app = session.get(AuthenticatorApp, account_id)
    known = app if app is not None and app.confirmed_at is not None else None
    return Factors(known, passkeys.passkeys_of(session, account_id), recovery_codes.left(session, account_id))


def protected(session: Session, person_id: int) -> bool:
    """Whether the account of a person has a second factor; one query."""
    app = select(AuthenticatorApp.account_id).where(
        AuthenticatorApp.account_id == LocalAccount.id, AuthenticatorApp.confirmed_at.is_not(None)
    )
    passkey = select(Passkey.id).where(Passkey.account_id == LocalAccount.id)
    query = select(LocalAccount.id).where(LocalAccount.person_id == person_id, or_(app.exists(), passkey.exists()))
    return session.scalars(query).first() is not None


def asked_of(roles: Collection[str], asking: Collection[str]) -> bool:
    """Whether a second factor is asked of whoever holds those roles (``LMS_SECOND_FACTOR_ROLES``)."""
    return not set(roles).isdisjoint(asking)


def added(session: Session, key: str, account: LocalAccount, kind: str, here: str) -> list[str]:
    """Note a factor just set up (``app`` or ``passkey``). Gives new recovery codes with the first one, else none.

    The first factor signs out the other browsers of the account, which gave none; ``here`` is this one's session.
    """
    record(session, "account.factor_added", f"account:{account.id}", account.person_id, kind=kind)
    if recovery_codes.left(session, account.id):
        return []
    enrolment_codes.forget(session, account.id)
    close_sessions(session, account.person_id, but=here)
    return new_codes(session, key, account)


def new_codes(session: Session, key: str, account: LocalAccount) -> list[str]:
    """New recovery codes, which end the old ones."""
    record(session, "account.recovery_codes", f"account:{account.id}", account.person_id)
    return recovery_codes.renew(session, key, account.id)


def remove_app(session: Session, account: LocalAccount) -> None:
    """Forget the app of an account."""
    if authenticators.remove(session, account.id):
        _removed(session, account, "app")


def remove_passkey(session: Session, account: LocalAccount, passkey: Passkey) -> None:
    """Forget a passkey of an account."""
    session.delete(passkey)
    session.flush()
    _removed(session, account, "passkey")


def used(session: Session, account: LocalAccount, kind: str) -> None:
    """Note a sign-in by ``app``, ``recovery_code``, ``passkey`` or ``enrolment_code``."""
    record(session, "account.signed_in", f"account:{account.id}", account.person_id, kind=kind)


def failed(session: Session, account_id: int | None, kind: str) -> None:
    """Note a second factor that was refused: ``code``, ``passkey``, or ``tries`` when there were too many."""
    account = session.get(LocalAccount, account_id) if account_id is not None else None
    target = f"account:{account.id}" if account is not None else ""
    record(session, "account.factor_failed", target, account.person_id if account else None, kind=kind)


def accepted(session: Session, key: str, account: LocalAccount, typed: str, now: datetime) -> str | None:
    """What a code typed at sign-in is, which serves once: ``app``, ``recovery_code``, or None when it is neither.

    Of an account without a factor yet it can be its ``enrolment_code`` alone.
    """
    account_id = account.id
    if not protected(session, account.person_id):
        return "enrolment_code" if enrolment_codes.use(session, key, account_id, typed) else None
    plain = "".join(typed.split())
    if len(plain) == 6 and authenticators.accept(session, key, account_id, plain, now):
        return "app"
    return "recovery_code" if recovery_codes.use(session, key, account_id, typed) else None


def reset(session: Session, account: LocalAccount) -> None:
    """Forget every factor of somebody who lost them all, and sign them out everywhere."""
    authenticators.remove(session, account.id)
    session.execute(delete(Passkey).where(Passkey.account_id == account.id))
    recovery_codes.forget(session, account.id)
    enrolment_codes.forget(session, account.id)
    close_sessions(session, account.person_id)
    record(session, "account.factors_reset", f"account:{account.id}")


def held(session: Session, person_id: int) -> list[dict[str, Any]]:
    """What is held of a person's factors, without what they prove."""
    account = account_of(session, person_id)
    if account is None:
        return []
    found = factors_of(session, account.id)
    apps = [{"kind": "app", "since": found.app.confirmed_at}] if found.app else []
    return apps + [
        {"kind": "passkey", "name": each.name, "since": each.created_at, "used": each.used_at}
        for each in found.passkeys
    ]


def _removed(session: Session, account: LocalAccount, kind: str) -> None:
    record(session, "account.factor_removed", f"account:{account.id}", account.person_id, kind=kind)
    if not protected(session, account.person_id):
        recovery_codes.forget(session, account.id)
