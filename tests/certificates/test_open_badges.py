"""Our credentials are Open Badges 3.0 for a library that is not ours, in each form, a wallet's included."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from certificate_samples import DID, make_record
from joserfc.jwk import ECKey
from openbadgeslib.ob3.ldp import OB3LdpVerifier
from openbadgeslib.ob3.verifier import OB3VerificationError, OB3Verifier

from certificates.format import FORMATS
from certificates.model import Record
from certificates.sign.credential import credential, secure_jwt
from certificates.sign.keys import Keys

KINDS = ("attendance", "certificate", "label")


def judged(record: Record, keys: Keys, form: str, data: bytes | None = None) -> Any:
    """What the library reads; raises OB3VerificationError."""

    def download(url: str, *_more: Any) -> bytes:
        assert url == "https://certificats.example/.well-known/did.json"
        return json.dumps(keys.did_document()).encode()

    data = FORMATS[form].render(record, keys) if data is None else data
    if form == "jwt":
        return OB3Verifier.for_issuer_did(DID, download=download).verify(data.decode())
    return OB3LdpVerifier(issuer_did=DID).verify(data, download=download)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["jsonld", "jwt"])
def test_another_library_reads_it_as_an_open_badge(keys: Keys, kind: str, form: str) -> None:
    record = make_record(kind=kind, issued_at=datetime.now(UTC), valid_until=None)
    read = judged(record, keys, form)
    assert read.name == "Manager Public IA"
    assert read.recipient_id == record.subject
    assert [each.value for each in read.results] == ["PT1860M", *(f"{71 + n}" for n in range(6))]
    assert [each["statusPurpose"] for each in read.credential_status] == ["revocation", "suspension"]


def test_it_refuses_what_was_changed(keys: Keys) -> None:
    record = make_record(issued_at=datetime.now(UTC), valid_until=None)
    changed = FORMATS["jsonld"].render(record, keys).replace(record.holder.encode(), b"Someone Else")
    with pytest.raises(OB3VerificationError):
        judged(record, keys, "jsonld", changed)


def test_one_bound_to_a_wallet_is_an_open_badge_too(keys: Keys) -> None:
    record = make_record(issued_at=datetime.now(UTC), valid_until=None)
    token = secure_jwt(credential(record), keys, ECKey.generate_key("P-256").as_dict(private=False))
    assert judged(record, keys, "jwt", token.encode()).recipient_id == record.subject
