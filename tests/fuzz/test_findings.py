"""What fuzzing found, once each: the smallest content, and what is now said of it."""

import io
import json
import zlib
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from certificates import status
from certificates.model import Record, RecordError, ratio
from certificates.sign.compact import encoded
from certificates.sign.credential import credential
from certificates.sign.reading import record_of
from certificates.sign.trust import ProofError
from certificates.verify import verify
from lms.backup import BackupError
from lms.backup.parts import PartsReader
from lms.backup.sealing import MAGIC, Opener
from lms.config import Config
from lms.doctor.outside import public
from lms.lti import checks
from tests.certificates.certificate_samples import NOW, make_record
from tests.fuzz.doors.certificates import did, rendered, revoked
from tests.fuzz.doors.files import whole_backup
from tests.fuzz.doors.people import wallet_proof

#: A number that takes all the memory there is to be written out.
ENDLESS = "1e999999999"


class Clear(Opener):
    """A backup whose chunks need no passphrase."""

    def __init__(self, content: bytes) -> None:
        self._left = io.BytesIO(zlib.compress(content))

    def chunk(self) -> bytes | None:
        return self._left.read(1000) or None


@pytest.mark.parametrize("text", [ENDLESS, "1/0", "nan", "-1", "", " 1", "1_0", "1/", "²", None, 1.5])
def test_a_score_is_a_short_number(text: Any) -> None:
    """Fraction read the first of a file not yet believed: one upload kept a process busy for ever."""
    with pytest.raises((ValueError, TypeError)):
        ratio(text)


def test_scores_that_no_credential_of_ours_has_are_refused_at_once() -> None:
    for wrong in (ENDLESS, "1/0", float("inf")):
        said = credential(make_record())
        for result in said["credentialSubject"]["result"]:
            result["value"] = wrong
        with pytest.raises(RecordError):
            record_of(said)
        kept = {**make_record().to_dict(), "threshold": wrong}
        with pytest.raises(RecordError):
            Record.from_dict(kept)


def test_an_entry_without_end_is_no_entry() -> None:
    entry = credential(make_record())["credentialStatus"][0]
    listed = revoked()
    for number in (float("inf"), "9" * 5000, None):
        with pytest.raises(status.StatusError):
            status.entry_is_set(listed, {**entry, "statusListIndex": number}, NOW)


def test_a_list_of_statuses_within_a_list_is_no_reason_to_believe() -> None:
    """To JSON-LD both are the same, so the signature holds: it went out as a fault."""
    said = json.loads(rendered("jsonld"))
    said["credentialStatus"] = [said["credentialStatus"]]
    verdict = verify(json.dumps(said).encode(), did_document=did(), status_list=[revoked()], now=NOW)
    assert verdict.state == "unknown"
    assert [check.key for check in verdict.checks if check.ok is None] == ["revocation"]


@pytest.mark.parametrize("kind", [{}, [], None, 1])
def test_a_token_of_a_type_that_is_no_text_is_refused(kind: Any) -> None:
    header = encoded(json.dumps({"alg": "RS256", "typ": kind}).encode())
    token = f"{header}.{encoded(b'{}')}.{encoded(b'x')}".encode()
    assert verify(token, did_document=did(), status_list=None, now=NOW).state == "modified"


@pytest.mark.parametrize("wrong", [None, 1, "did:web:x#k", [None, 1, "k"], {}])
@pytest.mark.parametrize("name", ["verificationMethod", "assertionMethod", "service"])
def test_a_strangers_did_document_is_of_any_shape(name: str, wrong: Any) -> None:
    """``lms verify`` reads that of whoever a file names."""
    for form in ("jsonld", "jwt"):
        verdict = verify(rendered(form), did_document={**did(), name: wrong}, status_list=None, now=NOW)
        assert verdict.state != "valid"


def test_a_key_that_is_no_text_signs_nothing() -> None:
    document = did()
    methods = [{**each, "publicKeyMultibase": {"z": 1}} for each in document["verificationMethod"]]
    said = {**document, "verificationMethod": methods}
    assert verify(rendered("jsonld"), did_document=said, status_list=None, now=NOW).state == "modified"


@pytest.mark.parametrize(
    "date", ["Fri, 27 Nov 2026 05:00:00 +99999999999999999999", "27 Nov 99999999999999999999 05:00"]
)
def test_a_platform_with_a_date_without_end_is_examined_to_its_end(date: str) -> None:
    assert checks._clock(date).state == "none"


def test_what_answers_in_place_of_the_service_may_be_nested_without_end() -> None:
    answer = httpx.Response(200, content=b"[" * 100_000)
    assert public(Config(), lambda _url: answer).state == "bad"


def test_a_wallet_whose_clock_is_a_number_of_400_figures_is_refused() -> None:
    with pytest.raises(ProofError, match="instant"):
        wallet_proof({"iat": 10**400, "aud": "https://tool.example.org", "nonce": "n"}, datetime.now(UTC))


@pytest.mark.parametrize("said", [b"\xd0", b"[]", b"1 2", b'{"a":' * 5000])
def test_a_backup_whose_records_are_no_objects_is_said_not_to_be_one(said: bytes) -> None:
    with pytest.raises(BackupError, match="is not what it says"):
        PartsReader(Clear(b"O" + len(said).to_bytes(4, "big") + said))
    records = ((b"O", b"{}"), (b"P", b'{"name": 1}'))
    whole = b"".join(kind + len(text).to_bytes(4, "big") + text for kind, text in records)
    with pytest.raises(BackupError, match="is not what it says"):
        list(PartsReader(Clear(whole)).parts())


def test_a_backup_whose_beginning_asks_for_more_memory_than_can_be_given_is_damaged() -> None:
    header = bytearray(whole_backup()[:100])
    header[len(MAGIC) + 1] = 20
    with pytest.raises(BackupError, match="beginning of this backup is damaged"):
        Opener(io.BytesIO(bytes(header)), "a passphrase that is long enough")
