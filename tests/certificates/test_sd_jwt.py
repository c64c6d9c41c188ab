"""SD-JWT VC and its status list: what is shown holds, what is kept back stays hidden, nothing else is read."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from certificate_samples import BASE_URL, DID, NOW, make_record
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from certificates.sign import sd_jwt
from certificates.sign.compact import encoded
from certificates.sign.credential import credential
from certificates.sign.jose import check_jwt, secure_jwt
from certificates.sign.keys import Keys
from certificates.sign.token_status import INVALID, SUSPENDED, VALID, state_in, status_token
from certificates.sign.trust import ProofError
from certificates.status import ENTRIES
from certificates.wallet.metadata import key_metadata, vct

RECORD = make_record()
LIST = f"{BASE_URL}/status/token-1"
HOLDER = ECKey.generate_key("P-256").as_dict(private=False)


@pytest.fixture(scope="module")
def issued(keys: Keys) -> str:
    return sd_jwt.issue(RECORD, keys, HOLDER, vct(BASE_URL), LIST)


def shown(issued: str, *names: str) -> str:
    """What a holder shows who keeps the other lines back."""
    signed, *disclosures, _ = issued.split("~")
    kept = [each for each in disclosures if json.loads(base64.urlsafe_b64decode(each + "=="))[1] in names]
    return "~".join([signed, *kept, ""])


def test_the_holder_is_bound_and_every_line_can_be_shown(issued: str, keys: Keys) -> None:
    claims = sd_jwt.check(issued, keys.did_document())
    assert set(sd_jwt.DISCLOSABLE) <= set(claims)
    assert claims["cnf"] == {"jwk": HOLDER}
    assert claims["vct"] == f"{BASE_URL}/oid4vci/types/certificate"
    assert claims["status"] == {"status_list": {"idx": RECORD.status_index, "uri": LIST}}
    assert (claims["holder"], claims["number"], claims["duration"]) == (RECORD.holder, RECORD.number, "PT1860M")
    assert [result["code"] for result in claims["results"]] == [module.code for module in RECORD.modules]
    assert RECORD.valid_until is not None
    assert claims["exp"] == int(RECORD.valid_until.timestamp())


def test_what_is_kept_back_is_nowhere_in_what_is_shown(issued: str, keys: Keys) -> None:
    text = shown(issued, "track")
    claims = sd_jwt.check(text, keys.did_document())
    assert claims["track"] == "Managers IA"
    assert not {"holder", "number", "results", "issued_on", "verify_url"} & set(claims)
    readable = b"".join(base64.urlsafe_b64decode(part + "==") for part in text.replace("~", ".").split(".") if part)
    for secret in (RECORD.holder, RECORD.number, RECORD.code, "achieved_on"):
        assert secret.encode() not in readable


def test_two_credentials_of_one_certificate_share_no_digest(issued: str, keys: Keys) -> None:
    again = sd_jwt.issue(RECORD, keys, HOLDER, vct(BASE_URL), LIST)
    assert not set(issued.split("~")[1:-1]) & set(again.split("~")[1:-1])


@given(names=st.sets(st.sampled_from(sd_jwt.DISCLOSABLE)))
def test_any_choice_of_lines_holds(names: set[str], keys: Keys, issued: str) -> None:
    claims = sd_jwt.check(shown(issued, *names), keys.did_document())
    assert set(claims) & set(sd_jwt.DISCLOSABLE) == names


def forged(keys: Keys, payload: dict[str, Any], **header: Any) -> str:
    head = {"alg": "ES256", "kid": keys.method("es256"), "typ": "dc+sd-jwt", **header}
    return jws.serialize_compact(head, json.dumps(payload), keys.wallet_key, algorithms=["ES256"])


def payload_of(issued: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(issued.split("~")[0].split(".")[1] + "=="))
    return found


def test_what_was_changed_is_refused(issued: str, keys: Keys) -> None:
    document = keys.did_document()
    signed, first, *others, _ = issued.split("~")
    invented = encoded(json.dumps(["salt", "holder", "Someone Else"]).encode())
    head, body, signature = signed.split(".")
    altered = encoded(json.dumps({**payload_of(issued), "title": "Expert"}).encode())
    for text, reason in {
        f"{signed}~{invented}~": "terms",
        f"{signed}~{first}~{first}~": "terms",
        f"{signed}~{first}": "proof",
        f"{signed}~{first}~{head}.{body}.{signature}": "proof",
        f"{head}.{altered}.{signature}~{first}~": "signature",
        f"{signed[:-4]}AAAA~": "signature",
        "~": "proof",
        "": "proof",
        signed: "proof",
    }.items():
        with pytest.raises(ProofError) as refused:
            sd_jwt.check(text, document)
        assert refused.value.reason == reason, text
    assert others


@pytest.mark.parametrize(
    ("header", "changes", "reason"),
    [
        ({"typ": "JWT"}, {}, "proof"),
        ({"kid": f"{DID}#seal-1999-1"}, {}, "key"),
        ({"kid": f"{DID}#seal-2026-1"}, {}, "key"),
        ({"jku": "https://evil.example"}, {}, "proof"),
        ({}, {"iss": "https://evil.example"}, "issuer"),
        ({}, {"iss": 7}, "issuer"),
        ({}, {"_sd": "all"}, "terms"),
        ({}, {"_sd_alg": "md5"}, "terms"),
        ({}, {"holder": "Someone Else"}, "terms"),
    ],
)
def test_another_shape_is_refused_even_when_signed(
    issued: str, keys: Keys, header: dict[str, str], changes: dict[str, Any], reason: str
) -> None:
    text = forged(keys, {**payload_of(issued), **changes}, **header) + "~"
    with pytest.raises(ProofError) as refused:
        sd_jwt.check(text, keys.did_document())
    assert refused.value.reason == reason


def test_a_revoked_key_signs_no_more(issued: str, keys: Keys) -> None:
    document = keys.did_document()
    document["assertionMethod"] = [each for each in document["assertionMethod"] if "es256" not in each]
    with pytest.raises(ProofError):
        sd_jwt.check(issued, document)
    assert key_metadata(BASE_URL, document)["jwks"]["keys"] == []


@given(text=st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str, keys: Keys) -> None:
    with pytest.raises(ProofError):
        sd_jwt.check(text, keys.did_document())


@given(states=st.dictionaries(st.integers(0, ENTRIES - 1), st.sampled_from([VALID, INVALID, SUSPENDED]), max_size=9))
def test_a_status_list_says_what_was_put_in(states: dict[int, int], keys: Keys) -> None:
    token = status_token(states, LIST, BASE_URL, keys, NOW)
    for index in {*states, 0, ENTRIES - 1}:
        assert state_in(token, index, LIST, keys.did_document(), NOW) == states.get(index, VALID)


def test_a_status_list_of_another_place_or_time_says_nothing(keys: Keys) -> None:
    token, document = status_token({}, LIST, BASE_URL, keys, NOW), keys.did_document()
    for url, index, now in (
        (f"{LIST}2", 0, NOW),
        (LIST, ENTRIES, NOW),
        (LIST, -1, NOW),
        (LIST, 0, NOW + timedelta(days=8)),
        (LIST, 0, NOW - timedelta(days=1)),
    ):
        with pytest.raises(ProofError):
            state_in(token, index, url, document, now)
    with pytest.raises(ProofError):
        state_in(token[:-4] + "AAAA", 0, LIST, document, NOW)


def test_a_jwt_bound_to_a_wallet_is_read_as_any_other(keys: Keys) -> None:
    token = secure_jwt(credential(RECORD), keys, HOLDER)
    assert check_jwt(token, keys.did_document())["credentialSubject"]["licenseNumber"] == RECORD.number
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["cnf"] == {"jwk": HOLDER}
