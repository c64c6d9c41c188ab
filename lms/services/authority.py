"""Who issues: the institution, its keys, and what it publishes for anyone to check without asking us."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from certificates.model import Issuer
from certificates.sign import keyring
from certificates.sign.did import did_web
from certificates.sign.keys import Keys
from certificates.status import PURPOSES, Purpose, empty, status_list_credential, with_set
from lms.branding import look
from lms.config import Config
from lms.models import Certificate, IssuerDocument, StatusList, utcnow
from lms.models.upsert import insert_or_find
from lms.services import signing_again
from lms.services.sealing import seal_of, timestamps_of
from lms.services.token_status import sign_token_list

#: A signed list older than this is signed again; it is valid for seven days.
RESIGN_AFTER = timedelta(days=1)
#: How often workers say that one of them is there.
TELL_EVERY = timedelta(minutes=1)


class Authority:
    """Who issues, and with which keys; held by workers only.

    Keys that another process replaced or withdrew are seen at their next use.
    """

    def __init__(self, config: Config, now: datetime | None = None) -> None:
        self.config = config
        self._seal, self._timestamps = seal_of(config), timestamps_of(config)
        self._seen, self._keys = self._open(now or utcnow())

    @property
    def keys(self) -> Keys:
        """The keys in force now. Raises ``KeysError``."""
        if keyring.version(self.config.keys) != self._seen:
            self._seen, self._keys = self._open(utcnow())
        return self._keys

    @property
    def issuer(self) -> Issuer:
        """The institution as printed on certificates."""
        config = self.config
        name = {"fr": config.issuer_name_fr, "en": config.issuer_name_en}
        signatory = {"fr": config.issuer_signatory_fr, "en": config.issuer_signatory_en}
        return Issuer(
            self.keys.did,
            name,
            config.base_url,
            config.issuer_fictitious,
            signatory if all(signatory.values()) else None,
            look(config.issuer_colour, config.issuer_logo),
        )

    def _open(self, now: datetime) -> tuple[tuple[int, ...], Keys]:
        directory, passphrase = self.config.keys, self.config.secret_key.encode()
        did = did_web(self.config.base_url)
        seen = keyring.version(directory)  # before: a change made meanwhile is then seen at the next use
        return seen, Keys.open(directory, passphrase, did, now, self._seal, self._timestamps)


def open_authority(config: Config, now: datetime | None = None) -> Authority:
    """The issuing authority of this installation; its keys are made at first start. Raises ``KeysError``."""
    return Authority(config, now)


def publish(session: Session, authority: Authority, now: datetime | None = None) -> None:
    """Publish the DID document, and sign again what grows old or rests on a key that is no longer believed."""
    now = now or utcnow()
    keys = authority.keys
    document = keys.did_document(ended=signing_again.ended(session, keys.ring, now))
    # Several workers may start at once on an empty database.
    row = insert_or_find(session, IssuerDocument, {"did": keys.did}, {"document": document, "updated_at": now})
    if row.document != document:
        row.document, row.updated_at = document, now
    for status_list in session.scalars(select(StatusList)):
        if _grown_old(status_list, authority, document, now):
            sign_lists(session, authority, status_list, now)
    signing_again.promise_due(session, keys.ring)
    session.flush()


def tell_presence(session: Session, authority: Authority, now: datetime | None = None) -> None:
    """Say that a worker is there and holds the keys; of several workers one writes, once a minute."""
    now = now or utcnow()
    told = IssuerDocument.updated_at
    # A clock that was ahead and has been set right must not silence it.
    due = or_(told <= now - TELL_EVERY, told > now)
    mine = update(IssuerDocument).where(IssuerDocument.did == authority.keys.did, due)
    session.execute(mine.values(updated_at=now))


def _grown_old(row: StatusList, authority: Authority, document: dict[str, Any], now: datetime) -> bool:
    """Whether a list must be signed again: it ages, its key is withdrawn, or the service has changed its address."""
    addresses = {purpose: list_url(authority.config, purpose, row.id) for purpose in PURPOSES}
    known = {purpose: signed["id"] for purpose, signed in row.signed.items()}
    believed = {signed["proof"]["verificationMethod"] for signed in row.signed.values()} <= set(
        document["assertionMethod"]
    )
    return row.signed_at is None or now - row.signed_at > RESIGN_AFTER or known != addresses or not believed


def sign_lists(session: Session, authority: Authority, row: StatusList, now: datetime) -> None:
    """Sign a list for each purpose, from what the certificates are today.

    One signer at a time: the last to sign must have seen what the others saw.
    """
    session.refresh(row, with_for_update=True)
    suspension = Certificate.record["suspension_list_url"].as_string()
    held = session.execute(
        select(Certificate.status_index, Certificate.status, suspension.is_not(None)).where(
            Certificate.status_list_id == row.id, Certificate.status != "valid"
        )
    ).all()
    signed: dict[str, Any] = {}
    for purpose in PURPOSES:
        bits = with_set(empty(), [index for index, status, told in held if purpose in _purposes(status, told)])
        url = list_url(authority.config, purpose, row.id)
        signed[purpose] = status_list_credential(purpose, bits, url, authority.keys.did, authority.keys, now)
    row.signed, row.signed_at = signed, now
    sign_token_list(session, authority.keys, authority.config.base_url, row.id, now)


def _purposes(status: str, suspension_told: bool) -> set[Purpose]:
    """The lists a certificate of that state is in. The first ones we issued name no list of suspensions: for those the
    only way to say « suspended » offline is to say « revoked » while it lasts."""
    if status == "suspended":
        return {"suspension"} if suspension_told else {"revocation"}
    return {"revocation", "refresh"} if status == "replaced" else {"revocation"}


def list_url(config: Config, purpose: str, number: int) -> str:
    """The address of a status list."""
    return f"{config.base_url}/status/{purpose}-{number}"
