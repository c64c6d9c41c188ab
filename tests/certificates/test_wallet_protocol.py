"""What a wallet sends is read or refused, never more; what it is told is consistent."""

import json
from typing import Any

import pytest
from certificate_samples import BASE_URL, NOW
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey

from certificates.sign import sd_jwt
from certificates.sign.compact import encoded
from certificates.sign.trust import ProofError
from certificates.wallet import metadata
from certificates.wallet.proof import holder_key

KEY = ECKey.generate_key("P-256")
PUBLIC = {name: value for name, value in KEY.as_dict(private=False).items() if name != "kid"}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def proof(header: dict[str, Any], claims: dict[str, Any]) -> str:
    head = {"alg": "ES256", "typ": "openid4vci-proof+jwt", "jwk": PUBLIC, **header}
    said = {"aud": BASE_URL, "iat": NOW.timestamp(), "nonce": "n", **claims}
    return jws.serialize_compact(head, json.dumps(said), KEY, algorithms=["ES256"])


def test_a_proof_gives_the_key_and_its_nonce() -> None:
    assert holder_key(proof({}, {}), BASE_URL, NOW) == (PUBLIC, "n")
    assert holder_key(proof({"jwk": {**PUBLIC, "use": "sig"}}, {"iss": "wallet"}), BASE_URL, NOW) == (PUBLIC, "n")


@given(text=st.text(max_size=300))
def test_no_text_breaks_the_reader_of_proofs(text: str) -> None:
    with pytest.raises(ProofError):
        holder_key(text, BASE_URL, NOW)


@given(name=st.sampled_from(["aud", "iat", "nonce"]), value=ANY)
def test_any_claim_is_judged(name: str, value: Any) -> None:
    try:
        key, nonce = holder_key(proof({}, {name: value}), BASE_URL, NOW)
    except ProofError:
        return
    assert key == PUBLIC
    assert name != "aud" or value in (BASE_URL, [BASE_URL])
    assert name != "iat" or abs(value - NOW.timestamp()) <= 300
    assert nonce == (value if name == "nonce" else "n")


@given(value=ANY)
def test_any_key_is_judged(value: Any) -> None:
    header = {"alg": "ES256", "typ": "openid4vci-proof+jwt", "jwk": value}
    text = ".".join(encoded(json.dumps(part).encode()) for part in (header, {"aud": BASE_URL, "nonce": "n"}))
    with pytest.raises(ProofError):
        holder_key(f"{text}.{encoded(bytes(64))}", BASE_URL, NOW)


def test_what_a_wallet_is_told_names_our_own_doors() -> None:
    name = {"fr": "Institut", "en": "Institute"}
    issuer = metadata.issuer_metadata(BASE_URL, name)
    doors = [value for key, value in issuer.items() if key.endswith("_endpoint")]
    doors.append(metadata.authorization_metadata(BASE_URL)["token_endpoint"])
    assert len(doors) == 4
    assert all(door.startswith(f"{BASE_URL}/oid4vci/") for door in doors)
    assert set(issuer["credential_configurations_supported"]) == set(metadata.CONFIGURATIONS)
    assert issuer["display"] == [{"name": "Institut", "locale": "fr"}, {"name": "Institute", "locale": "en"}]


def test_the_type_says_of_each_line_whether_it_may_be_kept_back() -> None:
    claims = metadata.type_metadata(BASE_URL)["claims"]
    may = {claim["path"][0] for claim in claims if claim["sd"] == "allowed"}
    assert may == set(sd_jwt.DISCLOSABLE)
    assert {claim["path"][0] for claim in claims} - may == {"title", "kind"}
