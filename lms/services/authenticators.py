"""Codes of authenticator apps: TOTP (RFC 6238), six figures each 30 seconds, SHA-1 as every app expects.

The secret is encrypted at rest. A code is accepted for its own time step, the one before and the one after (section
5.2), and once: neither its step nor an earlier one is accepted again.
"""

from datetime import datetime

import pyotp
from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.orm import Session

from lms.models import AuthenticatorApp, utcnow
from lms.models.secrets import cipher, same
from lms.services.wallet_offers import changed

PURPOSE = "authenticator apps"
#: Seconds of a time step.
STEP = 30


def propose(session: Session, key: str, account_id: int) -> None:
    """Make a secret for an app to be set up, unless one is; it ends one that never was. ``key``: the secret key.

    The caller holds the account (``factors.account_of``), so that two requests at once do not both make one.
    """
    app = session.get(AuthenticatorApp, account_id, populate_existing=True)
    if app is None:
        app = AuthenticatorApp(account_id=account_id)
        session.add(app)
    if app.confirmed_at is None:
        app.secret = cipher(key, PURPOSE).encrypt(pyotp.random_base32().encode()).decode()
        app.created_at = utcnow()
    session.flush()


def opened(key: str, app: AuthenticatorApp) -> str:
    """The shared secret of an app, base32 (160 bits)."""
    return cipher(key, PURPOSE).decrypt(app.secret.encode()).decode()


def address(secret: str, email: str, issuer: str) -> str:
    """What the QR code says to the app: an ``otpauth`` address."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def confirm(session: Session, key: str, app: AuthenticatorApp, code: str, now: datetime) -> bool:
    """Take the app in if that is a code of its own. Of concurrent calls exactly one gets True."""
    return _take(session, app, _step(key, app, code, now), AuthenticatorApp.confirmed_at.is_(None), confirmed_at=now)


def accept(session: Session, key: str, account_id: int, code: str, now: datetime) -> bool:
    """Whether that is a code of the account's app, unused until now. Of concurrent calls exactly one gets True."""
    app = session.get(AuthenticatorApp, account_id)
    if app is None or app.confirmed_at is None:
        return False
    step = _step(key, app, code, now)
    unused = or_(AuthenticatorApp.last_step.is_(None), AuthenticatorApp.last_step < (step or 0))
    return _take(session, app, step, unused)


def remove(session: Session, account_id: int) -> bool:
    """Forget the app of an account; False when none was set up."""
    app = session.get(AuthenticatorApp, account_id)
    if app is None:
        return False
    session.delete(app)
    session.flush()
    return app.confirmed_at is not None


def _take(
    session: Session, app: AuthenticatorApp, step: int | None, when: ColumnElement[bool], **more: datetime
) -> bool:
    """Note the step of a code that was accepted, if things still are as ``when`` says."""
    if step is None:
        return False
    mine = update(AuthenticatorApp).where(
        AuthenticatorApp.account_id == app.account_id, AuthenticatorApp.secret == app.secret, when
    )
    return changed(session, mine.values(last_step=step, **more))


def _step(key: str, app: AuthenticatorApp, code: str, now: datetime) -> int | None:
    """The time step that code is of, around now; None when it is of none."""
    totp, here, found = pyotp.TOTP(opened(key, app), interval=STEP), int(now.timestamp()) // STEP, None
    for step in (here - 1, here, here + 1):
        if same(totp.generate_otp(step), code):
            found = step
    return found
