"""Certificates on their way to a wallet, and the status list wallets' credentials lead to."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.base import Base, Id, utcnow
from lms.models.certificates import Certificate


class WalletOffer(Base):
    """A certificate offered to its holder's wallet, once: secrets are kept as hashes alone."""

    __tablename__ = "wallet_offer"
    __table_args__ = (Index(None, "expires_at"),)

    id: Mapped[Id]
    certificate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("certificate.id", ondelete="CASCADE"), index=True)
    #: SHA-256 of the code in the link, hexadecimal.
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: HMAC-SHA-256 of the figures typed in the wallet: six of them could be guessed from a plain hash.
    typed_hash: Mapped[str] = mapped_column(String(64))
    #: How many times figures were typed.
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: When the code ends; once it is used, when the token it gave does.
    expires_at: Mapped[datetime]
    #: SHA-256 of the token the code was given for, hexadecimal; None until then.
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)

    certificate: Mapped[Certificate] = relationship()


class WalletCredential(Base):
    """A credential a wallet asked for: signed by a worker, kept until it is collected."""

    __tablename__ = "wallet_credential"
    __table_args__ = (UniqueConstraint("offer_id", "configuration"),)

    id: Mapped[Id]
    offer_id: Mapped[int] = mapped_column(ForeignKey("wallet_offer.id", ondelete="CASCADE"))
    #: One of ``certificates.wallet.metadata.CONFIGURATIONS``.
    configuration: Mapped[str] = mapped_column(String(40))
    #: SHA-256 of the number the wallet asks with, hexadecimal.
    transaction_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: The public key the credential is bound to.
    holder_key: Mapped[dict[str, Any]]
    #: None until it is signed, and again once it was collected.
    credential: Mapped[str | None] = mapped_column(Text)
    collected_at: Mapped[datetime | None]

    offer: Mapped[WalletOffer] = relationship()


class WalletNonce(Base):
    """A nonce that a wallet's proof carried: it may carry none of them twice."""

    __tablename__ = "wallet_nonce"
    __table_args__ = (Index(None, "expires_at"),)

    nonce_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime]


class TokenStatusList(Base):
    """A status list as a signed token: what SD-JWT credentials name, with the entries of the Bitstring lists."""

    __tablename__ = "token_status_list"

    status_list_id: Mapped[int] = mapped_column(ForeignKey("status_list.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str] = mapped_column(Text)
