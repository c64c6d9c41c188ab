"""What a local account signs in with beside its password: an authenticator app, passkeys, recovery codes."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.people import LocalAccount


class AuthenticatorApp(Base):
    """The app that shows codes for an account (TOTP, RFC 6238). It counts once its first code was typed."""

    __tablename__ = "authenticator_app"

    account_id: Mapped[int] = mapped_column(ForeignKey("local_account.id", ondelete="CASCADE"), primary_key=True)
    #: The shared secret, encrypted (``lms.services.authenticators``).
    secret: Mapped[str] = mapped_column(String(200))
    #: The time step of the last code accepted: neither it nor an earlier one is accepted again.
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    confirmed_at: Mapped[datetime | None]


class Passkey(Base):
    """A passkey of an account (WebAuthn, level 2)."""

    __tablename__ = "passkey"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("local_account.id", ondelete="CASCADE"), index=True)
    #: What its owner calls it.
    name: Mapped[str] = mapped_column(String(100))
    #: Base64url; 1023 bytes at most by the specification.
    credential_id: Mapped[str] = mapped_column(String(1364), unique=True)
    #: COSE_Key, as the authenticator gave it.
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    #: How often it says that it signed; stays 0 for those that do not count.
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    used_at: Mapped[datetime | None]

    account: Mapped[LocalAccount] = relationship()


class RecoveryCode(Base):
    """A code that stands once for a lost factor."""

    __tablename__ = "recovery_code"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(ForeignKey("local_account.id", ondelete="CASCADE"), index=True)
    #: HMAC-SHA-256 under a key of ours, hexadecimal.
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]


class Ceremony(Base):
    """Something begun in one browser that is to be ended once, soon: a sign-in half done, a challenge to a passkey."""

    __tablename__ = "ceremony"
    __table_args__ = (Index(None, "expires_at"), Index(None, "account_id"))

    #: SHA-256 of the token in the browser's cookie, hexadecimal.
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    #: second_factor, passkey_new, passkey_sign_in, or enrolment_code: its code, under a key, stands for the token.
    purpose: Mapped[str] = mapped_column(String(20))
    #: None while nobody is known yet.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("local_account.id", ondelete="CASCADE"))
    #: What the passkey signs, base64url; empty for a code.
    challenge: Mapped[str] = mapped_column(String(100), default="")
    #: How many codes were typed.
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]


class WrongPassword(Base):
    """How many passwords were tried in one place of late: by a browser known to an account, or by all the others."""

    __tablename__ = "wrong_password"
    __table_args__ = (Index(None, "expires_at"),)

    #: The sort, and twenty bits of a keyed hash of the address: few places, and nobody is named.
    place: Mapped[str] = mapped_column(String(20), primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)
    #: When the count begins anew; once there were too many, when passwords are looked at again.
    expires_at: Mapped[datetime]
