"""Giving a certificate to a wallet that holds a token: asked for with a key, signed, collected.

OpenID for Verifiable Credential Issuance 1.0 with a pre-authorised code. Web processes hold no signing key (ADR 0005):
what a wallet asks for is promised to a worker, and collected when it is signed (ADR 0021).
"""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from certificates.model import Record
from certificates.sign import sd_jwt
from certificates.sign.credential import credential, secure_jwt
from certificates.sign.trust import ProofError
from certificates.wallet.metadata import CONFIGURATIONS, SD_JWT, vct
from certificates.wallet.proof import holder_key
from lms.models import WalletCredential, WalletNonce, WalletOffer, utcnow
from lms.models.secrets import derived_key, hashed, new_token, same
from lms.models.upsert import insert_new
from lms.services.audit import record as note
from lms.services.authority import Authority
from lms.services.outbox import promise
from lms.services.token_status import sign_token_list, token_list, token_list_url
from lms.services.verification import state_at
from lms.services.wallet_offers import Denied, changed

NONCE_LIFE = timedelta(minutes=5)
#: How long a wallet is asked to wait before it collects again, in seconds.
INTERVAL = 2


def new_nonce(secret: str) -> str:
    """A nonce for a wallet's proof. Nothing is stored until it is used: anybody may ask for one."""
    ends = int((utcnow() + NONCE_LIFE).timestamp())
    text = f"{ends}.{secrets.token_urlsafe(16)}"
    return f"{text}.{_nonce_seal(secret, text)}"


def ask(session: Session, secret: str, base_url: str, token: str, wanted: object) -> str:
    """Ask for a credential as a wallet's request ``wanted`` does; gives the number it is collected with.

    Raises :class:`Denied`.
    """
    row = _offer_of(session, token)
    configuration, proof = _request(wanted)
    try:
        key, nonce = holder_key(proof, base_url, utcnow())
    except ProofError as error:
        raise Denied("invalid_nonce" if error.reason == "nonce" else "invalid_proof", str(error)) from error
    _use_nonce(session, secret, nonce)
    transaction = new_token()
    identity = {"offer_id": row.id, "configuration": configuration}
    values = {"transaction_hash": hashed(transaction), "holder_key": key, "credential": None, "collected_at": None}
    number = insert_new(session, WalletCredential, identity, values)
    if number is None:
        known = session.scalars(select(WalletCredential).filter_by(**identity).with_for_update()).one()
        if known.holder_key != key or known.collected_at is not None:
            raise Denied("credential_request_denied", "The offer was used for this credential.")
        known.transaction_hash, number = hashed(transaction), known.id  # the same wallet lost our answer
    promise(session, "wallet_credential", f"wallet:{number}", {"wallet_credential_id": number})
    return transaction


def sign(session: Session, authority: Authority, number: int) -> None:
    """Sign what was asked for, for a worker; nothing when it is signed, gone or of a certificate no longer valid."""
    row = session.get(WalletCredential, number)
    if row is None or row.credential is not None or row.collected_at is not None:
        return
    certificate, now, base_url = row.offer.certificate, utcnow(), authority.config.base_url
    if row.offer.expires_at <= now or state_at(certificate, now) != "valid":
        return
    record, keys = Record.from_dict(certificate.record), authority.keys
    if row.configuration == SD_JWT:
        if token_list(session, certificate.status_list_id) is None:  # a list signed by an earlier release
            sign_token_list(session, keys, base_url, certificate.status_list_id, now)
        url = token_list_url(base_url, certificate.status_list_id)
        row.credential = sd_jwt.issue(record, keys, row.holder_key, vct(base_url), url)
    else:
        row.credential = secure_jwt(credential(record), keys, row.holder_key)
    session.flush()


def collect(session: Session, token: str, transaction: object) -> str | None:
    """The credential asked for under that number, once; None while it is not signed. Raises :class:`Denied`."""
    offered = _offer_of(session, token)
    unknown = Denied("invalid_transaction_id", "No credential waits under this transaction_id.")
    if not isinstance(transaction, str) or not transaction.isascii():
        raise unknown
    mine = (WalletCredential.offer_id == offered.id, WalletCredential.transaction_hash == hashed(transaction))
    row = session.scalars(select(WalletCredential).where(*mine, WalletCredential.collected_at.is_(None))).first()
    if row is None:
        raise unknown
    if row.credential is None:
        return None
    given = row.credential
    taken = update(WalletCredential).where(*mine, WalletCredential.collected_at.is_(None))
    if not changed(session, taken.values(collected_at=utcnow(), credential=None)):
        raise unknown  # collected at the same moment by another request
    certificate = offered.certificate
    note(session, "certificate_in_wallet", certificate.number, certificate.person_id, configuration=row.configuration)
    return given


def sweep(session: Session) -> None:
    """Remove offers and nonces that ended, with what was asked for and not collected."""
    now = utcnow()
    session.execute(delete(WalletOffer).where(WalletOffer.expires_at <= now))
    session.execute(delete(WalletNonce).where(WalletNonce.expires_at <= now))


def _offer_of(session: Session, token: str) -> WalletOffer:
    now = utcnow()
    mine = (WalletOffer.token_hash == hashed(token), WalletOffer.expires_at > now)
    row = session.scalars(select(WalletOffer).where(*mine)).first()
    if row is None:
        raise Denied("invalid_token", "The access token is unknown or has expired.")
    if state_at(row.certificate, now) != "valid":
        raise Denied("credential_request_denied", "The certificate is no longer valid.")
    return row


def _request(wanted: object) -> tuple[str, str]:
    """The configuration and the one proof of a credential request. Raises :class:`Denied`."""
    if not isinstance(wanted, dict):
        raise Denied("invalid_credential_request", "A JSON object is needed.")
    if "credential_response_encryption" in wanted:
        raise Denied("invalid_encryption_parameters", "Responses are not encrypted beyond TLS.")
    configuration = wanted.get("credential_configuration_id")
    if not isinstance(configuration, str) or "credential_identifier" in wanted:
        raise Denied("invalid_credential_request", "A credential_configuration_id is needed.")
    if configuration not in CONFIGURATIONS:
        raise Denied("unknown_credential_configuration", "No such credential configuration.")
    match wanted.get("proofs"):
        case {"jwt": [str(proof)], **more} if not more:
            return configuration, proof
    raise Denied("invalid_proof", "Exactly one proof of type jwt is needed.")


def _use_nonce(session: Session, secret: str, nonce: str) -> None:
    text, _, seal = nonce.rpartition(".")
    ends = text.partition(".")[0]
    if not same(seal, _nonce_seal(secret, text)) or int(ends) <= utcnow().timestamp():
        raise Denied("invalid_nonce", "The nonce is not one of ours, or has expired: ask for another.")
    expires_at = datetime.fromtimestamp(int(ends), utcnow().tzinfo)
    if insert_new(session, WalletNonce, {"nonce_hash": hashed(nonce)}, {"expires_at": expires_at}) is None:
        raise Denied("invalid_nonce", "The nonce was used: ask for another.")


def _nonce_seal(secret: str, text: str) -> str:
    return hmac.new(derived_key(secret, "wallet nonce"), text.encode(), sha256).hexdigest()
