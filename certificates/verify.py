"""Is this certificate true, and is it still? The same answer for the page, the upload and the offline command.

Nothing here reaches the network: the caller gives the issuer's DID document and the status lists it has. What
cannot be established is never « valid »: a missing or stale list makes the verdict ``unverifiable``.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from certificates import baking, status
from certificates.model import Field, Record, RecordError, printed_fields
from certificates.sign import jsonld
from certificates.sign.compact import read_compact
from certificates.sign.data_integrity import check_jsonld
from certificates.sign.jose import check_jwt
from certificates.sign.reading import record_of
from certificates.sign.trust import ProofError

#: The largest file read, and the largest credential: ours are a hundred times smaller, and canonical form costs.
MAX_FILE = 2 * 1024 * 1024
MAX_CREDENTIAL = 256 * 1024
#: How far the issuer's clock may run ahead of the verifier's.
_CLOCK = timedelta(minutes=5)

State = Literal["valid", "expired", "revoked", "suspended", "replaced", "modified", "unknown", "unverifiable"]
Form = Literal["pdf", "jsonld", "jwt", "png", "svg"]
_PICTURES = {"png", "svg"}
#: How far in an XML file its first element is looked for: after a declaration and comments.
_SVG_START = 4096
_JWT = re.compile(rb"[\w-]+\.[\w-]+\.[\w-]+")
#: Failures that say who, not what: another issuer's document is unknown here, not modified.
_UNKNOWN = {"issuer", "key"}


class Unreadable(ValueError):
    """Not a file that can be judged.

    ``reason``: ``empty``, ``large``, ``encrypted``, ``damaged``, ``format``; for a picture ``no_credential`` or
    ``several`` too.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"unreadable: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class Check:
    """One thing looked at: ``seal``, ``signature``, ``period``, ``revocation``, ``suspension`` or ``refresh``.

    The last three are the purposes of status lists; ``refresh`` fails when another certificate takes its place.

    ``ok`` is None when it could not be established. ``detail`` is a stable key saying why, empty when all is well.
    """

    key: str
    ok: bool | None
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """What was found.

    ``record`` is what the signature vouches for, and None unless it holds. ``claim`` is what the file says of
    itself: good for finding the true certificate, never for showing as true. ``sha256`` is the file's digest, and
    ``stamped_at`` when its seal existed, where a timestamp attests it.
    """

    state: State
    checks: tuple[Check, ...]
    form: Form
    sha256: str
    record: Record | None = None
    claim: Record | None = None
    stamped_at: datetime | None = None

    @property
    def is_picture(self) -> bool:
        """Whether the file draws what nobody signed: only the credential baked in it was judged."""
        return self.form in _PICTURES

    def fields(self, language: str) -> tuple[Field, ...]:
        """Every printed field of the authentic record, to compare with the paper; none when there is no such."""
        return printed_fields(self.record, language) if self.record else ()


def verify(
    data: bytes,
    *,
    did_document: Mapping[str, Any] | None,
    status_list: Mapping[str, Any] | Iterable[Mapping[str, Any]] | None,
    now: datetime,
) -> Verdict:
    """Judge a certificate in PDF, JSON-LD or JWT, or baked in a PNG or SVG, recognised by its content.

    ``did_document`` is the issuer's: without one nothing can be said of a file. ``status_list`` is one signed list or
    several (one for each purpose), ``now`` an aware datetime. Raises :class:`Unreadable` for a file that is none of
    these, encrypted or too large.
    """
    from certificates.sign.unseal import is_certificate, unseal  # once a file is judged: docs/adr/0056

    form = _form(data)
    digest = hashlib.sha256(data).hexdigest()
    checks: list[Check] = []
    document: Mapping[str, Any] = {}
    stamped_at = None
    if not did_document:
        missing = Check("seal" if form == "pdf" else "signature", None, "did_missing")
        return Verdict("unverifiable", (missing,), form, digest, claim=claimed(data))
    inside = _baked(data, form) if form == "png" or form == "svg" else data
    try:
        if form == "pdf":
            unsealed = unseal(data, did_document)
            inside, stamped_at = unsealed.credential, unsealed.stamped_at
            checks.append(Check("seal", True))
        if _JWT.fullmatch(inside.strip()):
            document = check_jwt(inside.decode("ascii").strip(), did_document)
        else:
            document = _credential(inside)
            document = check_jsonld(document, did_document)
    except ProofError as error:
        sealed_badly = form == "pdf" and not checks
        part = "seal" if sealed_badly else "signature"
        if error.reason == "withdrawn":  # whoever has that key may have written it: nothing is known of this file
            checks.append(Check(part, None, error.reason))
            return Verdict("unverifiable", tuple(checks), form, digest, claim=_record(document))
        checks.append(Check(part, False, error.reason))
        ours = is_certificate(data) if sealed_badly else error.reason not in _UNKNOWN
        return Verdict("modified" if ours else "unknown", tuple(checks), form, digest, claim=_record(document))
    checks.append(Check("signature", True))
    lists = [status_list] if isinstance(status_list, Mapping) else list(status_list or ())
    checks += [_period(document, now), *_statuses(document, lists, did_document, now)]
    record = _record(document)
    return Verdict(_state(checks, record), tuple(checks), form, digest, record, record, stamped_at)


def claimed(data: bytes) -> Record | None:
    """What a file says of itself, believed by nobody yet: whose documents are needed to judge it.

    None when it says nothing that can be read. Raises :class:`Unreadable` as :func:`verify` does.
    """
    from certificates.sign.unseal import attached

    form = _form(data)
    inside = _baked(data, form) if form == "png" or form == "svg" else data
    try:
        if form == "pdf":
            inside = attached(data)
        if _JWT.fullmatch(inside.strip()):
            return _record(read_compact(inside.decode("ascii").strip())[1])
        return _record(_credential(inside))
    except ProofError:
        return None
    except Unreadable:
        if form == "pdf":  # its seal tells what was done to what it carries
            return None
        raise


def _form(data: bytes) -> Form:
    """What kind of file this is. Raises :class:`Unreadable`."""
    start = data.lstrip()
    if not start:
        raise Unreadable("empty")
    if len(data) > MAX_FILE:
        raise Unreadable("large")
    if data.startswith(b"%PDF-"):
        if b"/Encrypt" in data and b"/ByteRange" not in data:
            raise Unreadable("encrypted")
        if b"startxref" not in data and b"/ByteRange" not in data:
            raise Unreadable("damaged")
        return "pdf"
    if data.startswith(baking.PNG_START):
        return "png"
    if start.startswith(b"<") and b"svg" in start[:_SVG_START]:
        return "svg"
    if len(data) > MAX_CREDENTIAL:
        raise Unreadable("large")
    if start.startswith(b"{"):
        return "jsonld"
    if _JWT.fullmatch(data.strip()):
        return "jwt"
    raise Unreadable("format")


def _baked(data: bytes, form: Literal["png", "svg"]) -> bytes:
    """The credential baked in a picture. Raises :class:`Unreadable`."""
    try:
        return baking.taken_out(data, form, MAX_CREDENTIAL)
    except baking.NotBaked as error:
        raise Unreadable(error.reason) from error


def _credential(data: bytes) -> dict[str, Any]:
    """A JSON object. Raises :class:`ProofError` for one that two readers could read differently."""
    try:
        document = jsonld.parse(data)
    except ValueError as error:
        if "duplicate" in str(error):
            raise ProofError("terms", "a key is given twice") from error
        raise Unreadable("damaged") from error
    if not isinstance(document, dict):  # a picture, or a PDF, may carry anything
        raise Unreadable("damaged")
    return document


def _period(document: Mapping[str, Any], now: datetime) -> Check:
    """Whether ``now`` lies between ``validFrom`` and ``validUntil``."""
    try:
        if datetime.fromisoformat(document["validFrom"]) > now + _CLOCK:
            return Check("period", None, "not_yet")
        limit = document.get("validUntil")
        expired = limit is not None and datetime.fromisoformat(limit) <= now
    except (KeyError, TypeError, ValueError):
        return Check("period", None, "no_date")
    return Check("period", not expired, "expired" if expired else "")


def _statuses(
    document: Mapping[str, Any], lists: list[Mapping[str, Any]], did_document: Mapping[str, Any], now: datetime
) -> list[Check]:
    """One check for each status the credential announces."""
    entries = document.get("credentialStatus")
    # A list within the list is the same to JSON-LD, so that the signature holds; what it announces is not judged so.
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        return [Check("revocation", None, "no_status")]
    return [_status(entry, lists, did_document, now) for entry in entries]


def _status(
    entry: Mapping[str, Any], lists: list[Mapping[str, Any]], did_document: Mapping[str, Any], now: datetime
) -> Check:
    """Whether the certificate is in the list that ``entry`` names."""
    purpose = str(entry.get("statusPurpose"))
    found = [candidate for candidate in lists if candidate.get("id") == entry.get("statusListCredential")]
    if not found:
        return Check(purpose, None, "list_missing")
    try:
        is_set = status.entry_is_set(check_jsonld(found[0], did_document), entry, now)
    except ProofError:
        return Check(purpose, None, "list_unsigned")
    except status.StatusError:
        return Check(purpose, None, "list_stale")
    return Check(purpose, not is_set, purpose if is_set else "")


def _record(document: Mapping[str, Any]) -> Record | None:
    """The record a document tells, if it is a certificate of ours."""
    try:
        return record_of(document)
    except RecordError:
        return None


def _state(checks: list[Check], record: Record | None) -> State:
    """The verdict: what is certain and worst comes first, what is missing next.

    The register's own order (``lms.services.verification.state_at``): what was decided, then the calendar. A replaced
    certificate is revoked as well, for verifiers that know that list alone: « replaced » says more.
    """
    failed = {check.key for check in checks if check.ok is False}
    if record is None:
        return "unknown"
    told: tuple[tuple[str, State], ...] = (
        ("refresh", "replaced"), ("revocation", "revoked"), ("suspension", "suspended"), ("period", "expired"),
    )  # fmt: skip
    for key, state in told:
        if key in failed:
            return state
    return "valid" if all(check.ok for check in checks) else "unverifiable"
