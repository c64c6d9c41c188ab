"""Passkeys: registered, checked, counted (W3C Web Authentication, level 2, sections 7.1 and 7.2).

The person is verified by the authenticator (a code, a finger, a face), so that a passkey alone is two factors. No
attestation is asked for: which device it is does not matter here.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from lms.models import Ceremony, LocalAccount, Passkey, utcnow
from lms.services import ceremonies
from lms.services.kept_keys import kept_key
from lms.services.wallet_offers import changed

#: As many as an account may have.
MOST = 20


class PasskeyRefused(ValueError):
    """A passkey that is not taken; ``account_id`` says whose it would be, where that is known."""

    def __init__(self, why: str, account_id: int | None = None) -> None:
        super().__init__(why)
        self.account_id = account_id


@dataclass(frozen=True)
class Site:
    """What passkeys are bound to: ``rp_id`` is the host name, ``origin`` the scheme, host and port."""

    rp_id: str
    origin: str


def site_of(base_url: str) -> Site | None:
    """The site of that public address; None when its host is a number, which passkeys cannot be bound to."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return Site(host, f"{parts.scheme}://{parts.netloc}")
    return None


def ask_new(session: Session, site: Site, key: str, account: LocalAccount, issuer: str) -> tuple[str, str]:
    """(token of the ceremony, options for ``navigator.credentials.create`` as JSON). ``key``: the secret key."""
    known = [each.credential_id for each in passkeys_of(session, account.id)]
    if len(known) >= MOST:
        raise PasskeyRefused("too many")
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=issuer,
        user_id=_handle(session, key, account.id),
        user_name=account.email,
        user_display_name=account.person.display_name or account.email,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known],
    )
    challenge = bytes_to_base64url(options.challenge)
    return ceremonies.begin(session, ceremonies.NEW_PASSKEY, account.id, challenge), webauthn.options_to_json(options)


def register(session: Session, site: Site, token: str | None, account: LocalAccount, name: str, sent: str) -> Passkey:
    """Keep the passkey that answered the ceremony's challenge; ``sent`` is what the browser gave, as JSON.

    Ends the ceremony in any case, so commit also when it raises ``PasskeyRefused``.
    """
    row = _taken(session, ceremonies.NEW_PASSKEY, token)
    if row.account_id != account.id:
        raise PasskeyRefused("another account", account.id)
    try:
        made = webauthn.verify_registration_response(
            credential=sent,
            expected_challenge=base64url_to_bytes(row.challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except Exception as error:  # hostile bytes raise whatever the readers beneath the library do
        raise PasskeyRefused("not verified", account.id) from error
    credential_id = bytes_to_base64url(made.credential_id)
    if (
        len(made.credential_id) > 1023
        or session.scalars(select(Passkey).filter_by(credential_id=credential_id)).first()
    ):
        raise PasskeyRefused("known", account.id)
    passkey = Passkey(
        account_id=account.id, name=name, credential_id=credential_id, public_key=made.credential_public_key,
        sign_count=made.sign_count,
    )  # fmt: skip
    session.add(passkey)
    session.flush()
    return passkey


def ask_sign_in(session: Session, site: Site) -> tuple[str, str]:
    """(token of the ceremony, options for ``navigator.credentials.get`` as JSON): whichever passkey the person has."""
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id, user_verification=UserVerificationRequirement.REQUIRED
    )
    challenge = bytes_to_base64url(options.challenge)
    return ceremonies.begin(session, ceremonies.PASSKEY_SIGN_IN, None, challenge), webauthn.options_to_json(options)


def sign_in(session: Session, site: Site, key: str, token: str | None, sent: str) -> LocalAccount:
    """The account whose passkey signed the ceremony's challenge; ``sent`` is what the browser gave, as JSON.

    Ends the ceremony in any case, so commit also when it raises ``PasskeyRefused``.
    """
    row = _taken(session, ceremonies.PASSKEY_SIGN_IN, token)
    try:
        credential = parse_authentication_credential_json(sent)
    except Exception as error:  # hostile bytes raise whatever the readers beneath the library do
        raise PasskeyRefused("not read") from error
    query = select(Passkey).filter_by(credential_id=bytes_to_base64url(credential.raw_id))
    passkey = session.scalars(query).first()
    if passkey is None or passkey.account.closed_at is not None:
        raise PasskeyRefused("unknown")
    owner = passkey.account_id
    if (credential.response.user_handle or b"") != _handle(session, key, owner):
        raise PasskeyRefused("another account", owner)
    try:
        checked = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(row.challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise PasskeyRefused("not verified", owner) from error
    # Two answers counted alike are of two devices: one of them is a copy.
    counted = update(Passkey).where(Passkey.id == passkey.id, Passkey.sign_count == passkey.sign_count)
    if not changed(session, counted.values(sign_count=checked.new_sign_count, used_at=utcnow())):
        raise PasskeyRefused("counted", owner)
    return passkey.account


def passkeys_of(session: Session, account_id: int) -> list[Passkey]:
    """The passkeys of an account, the oldest first."""
    return list(session.scalars(select(Passkey).filter_by(account_id=account_id).order_by(Passkey.id)))


def _taken(session: Session, purpose: str, token: str | None) -> Ceremony:
    """The ceremony of that token, ended: a challenge serves once, whatever comes of it."""
    row = ceremonies.under_way(session, purpose, token)
    if row is None:
        raise PasskeyRefused("over")
    session.expunge(row)
    if not ceremonies.end(session, row.token_hash):
        raise PasskeyRefused("over")
    return row


def _handle(session: Session, key: str, account_id: int) -> bytes:
    """The account's user handle: the same for all its passkeys, saying nothing of the person (section 14.6.1)."""
    return hmac.new(kept_key(session, key, "passkey user"), str(account_id).encode(), sha256).digest()
