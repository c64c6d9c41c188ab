"""Credentials: nothing unsigned, contexts from the package alone, and one way to read them."""

import base64
import hashlib
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from certificate_samples import DID, NOW, make_record
from joserfc import jwt

from certificates.model import Record, RecordError, printed_fields
from certificates.sign import jsonld
from certificates.sign.credential import credential, record_of, secure_jsonld, secure_jwt, signed_json
from certificates.sign.data_integrity import check_jsonld
from certificates.sign.jose import check_jwt
from certificates.sign.keys import Keys
from certificates.sign.trust import ProofError


def spoiled(document: Any, path: list[Any], value: Any) -> dict[str, Any]:
    """A deep copy of ``document`` with one member set."""
    copy = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy


def test_the_shipped_contexts_are_the_published_ones() -> None:
    manifest = json.loads((jsonld.FOLDER / "manifest.json").read_text())["contexts"]
    for entry in manifest:
        assert hashlib.sha256((jsonld.FOLDER / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["package"]
        assert entry["version"]
        assert entry["licence"]
    assert {file.name for file in jsonld.FOLDER.iterdir()} == {"manifest.json", *(entry["file"] for entry in manifest)}


def test_a_changed_context_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for file in jsonld.FOLDER.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "credentials-v2.jsonld").write_text('{"@context": {}}')
    monkeypatch.setattr(jsonld, "FOLDER", tmp_path)
    jsonld.shipped.cache_clear()
    try:
        with pytest.raises(jsonld.UnsafeDocumentError):
            jsonld.shipped()
    finally:
        jsonld.shipped.cache_clear()


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch, record: Record, keys: Keys) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    document = credential(record)
    check_jsonld(secure_jsonld(document, keys), keys.did_document())
    with pytest.raises(jsonld.UnsafeDocumentError):
        jsonld.load("https://www.w3.org/2018/credentials/v1")


@pytest.mark.parametrize("kind", ["attendance", "certificate", "label"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_credential_tells_every_printed_field(recorded: Callable[..., Record], kind: str, language: str) -> None:
    for changes in ({}, {"valid_until": None, "suspension_list_url": None, "evidence": ()}):
        record = recorded(kind=kind, language=language, **changes)
        told = record_of(json.loads(json.dumps(credential(record))))
        assert printed_fields(told, language) == printed_fields(record, language)
        assert (told.id, told.status_index, told.evidence) == (record.id, record.status_index, record.evidence)


def test_the_credential_has_the_shape_open_badges_asks_for(record: Record) -> None:
    document = credential(record)
    assert document["@context"] == [jsonld.CREDENTIALS, jsonld.OPEN_BADGES]
    assert document["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    achievement = document["credentialSubject"]["achievement"]
    assert {"id", "type", "name", "description", "criteria"} <= set(achievement)
    assert document["credentialSubject"]["id"].startswith("urn:uuid:")
    described = {entry["id"] for entry in achievement["resultDescription"]}
    assert {entry["resultDescription"] for entry in document["credentialSubject"]["result"]} == described


def test_another_document_is_not_a_record(record: Record) -> None:
    for wrong in ({}, {"issuer": 3}, spoiled(credential(record), ["credentialSubject", "identifier"], [])):
        with pytest.raises(RecordError):
            record_of(wrong)


def test_the_same_record_gives_the_same_bytes(record: Record, keys: Keys) -> None:
    assert signed_json(record, keys) == signed_json(record, keys)
    assert secure_jwt(credential(record), keys) == secure_jwt(credential(record), keys)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["mention"], "très bien"),
        (["credentialSubject", "achievement", "level"], "5"),
        (["credentialSubject", "result", 0, "note"], "hidden"),
        (["type", 1], "UndefinedCredential"),
        (["evidence", 0, "id"], "relative/address"),
        (["name"], None),
        (["name"], 1.5),
        (["name"], "with\u0007bell"),
        (["@type"], "VerifiableCredential"),
        (["issuer", "@context"], {"mention": "https://evil.example/"}),
        (["@context"], [jsonld.CREDENTIALS, {"mention": "https://evil.example/"}, jsonld.OPEN_BADGES]),
        (["@context"], [jsonld.CREDENTIALS]),
        (["@context"], [jsonld.OPEN_BADGES, jsonld.CREDENTIALS]),
        (["credentialSubject", "achievement", "resultDescription", 0, "allowedValue"], ["a", "b"]),
    ],
)
def test_what_would_stay_unsigned_is_refused(record: Record, keys: Keys, path: list[Any], value: Any) -> None:
    document = spoiled(credential(record), path, value)
    with pytest.raises(jsonld.UnsafeDocumentError):
        secure_jsonld(document, keys)
    with pytest.raises(jsonld.UnsafeDocumentError):
        secure_jwt(document, keys)


def test_a_file_made_to_be_slow_is_refused_at_once(record: Record, keys: Keys) -> None:
    secured = secure_jsonld(credential(record), keys)
    poison = [{"type": "Evidence", "audience": [{"type": "Evidence", "genre": str(i)}]} for i in range(14)]
    started = time.perf_counter()
    with pytest.raises(ProofError):
        check_jsonld({**secured, "evidence": poison}, keys.did_document())
    assert time.perf_counter() - started < 5  # the naive way takes days


def test_json_read_two_ways_is_refused() -> None:
    for text in ('{"a": 1, "a": 2}', '{"a": NaN}', '{"a": Infinity}', "[" * 100_000, "\ufeff{}"):
        with pytest.raises(ValueError):
            jsonld.parse(text.encode())
    with pytest.raises(ValueError):
        jsonld.parse(b'{"a": "\xff"}')


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("proofPurpose", "authentication", "purpose"),
        ("cryptosuite", "eddsa-jcs-2022", "proof"),
        ("type", "Ed25519Signature2020", "proof"),
        ("verificationMethod", f"{DID}#rs256-2026-1", "key"),
        ("verificationMethod", f"{DID}#ed-2025-1", "key"),
        ("verificationMethod", "did:web:evil.example#ed-2026-1", "key"),
        ("created", "2020-01-01T00:00:00Z", "signature"),
        ("proofValue", "z" + "1" * 64, "signature"),
        ("proofValue", "uAAAA", "signature"),
        ("proofValue", 5, "proof"),
        ("domain", "evil.example", "proof"),
    ],
)
def test_a_proof_that_is_not_exactly_ours_is_refused(
    record: Record, keys: Keys, member: str, value: Any, reason: str
) -> None:
    secured = spoiled(secure_jsonld(credential(record), keys), ["proof", member], value)
    with pytest.raises(ProofError) as error:
        check_jsonld(secured, keys.did_document())
    assert error.value.reason == reason


def test_a_key_withdrawn_from_assertion_method_is_not_believed(record: Record, keys: Keys) -> None:
    document = keys.did_document()
    document["assertionMethod"] = []
    for check, secured in (
        (check_jsonld, secure_jsonld(credential(record), keys)),
        (check_jwt, secure_jwt(credential(record), keys)),
    ):
        with pytest.raises(ProofError) as error:
            check(secured, document)
        assert error.value.reason == "withdrawn"


def test_two_proofs_are_refused(record: Record, keys: Keys) -> None:
    secured = secure_jsonld(credential(record), keys)
    with pytest.raises(ProofError):
        check_jsonld({**secured, "proof": [secured["proof"], secured["proof"]]}, keys.did_document())


def part(value: Any) -> str:
    """A JWT part."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_jwt_is_the_credential_with_its_claims(record: Record, keys: Keys) -> None:
    token = secure_jwt(credential(record), keys)
    decoded = jwt.decode(token, keys.jwt_key, algorithms=["RS256"])
    assert decoded.header == {"alg": "RS256", "kid": f"{DID}#rs256-2026-1", "typ": "JWT"}
    assert decoded.claims["iss"] == DID
    assert decoded.claims["sub"] == record.subject
    assert decoded.claims["jti"] == record.credential_url
    assert decoded.claims["nbf"] == int(NOW.timestamp())
    assert "vc" not in decoded.claims
    assert check_jwt(token, keys.did_document()) == credential(record)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "PS256"},
        {"typ": "at+jwt"},
        {"kid": f"{DID}#ed-2026-1"},
        {"kid": f"{DID}#seal-2026-1"},
        {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"crit": ["b64"], "b64": False},
    ],
)
def test_a_header_that_would_choose_its_own_key_is_refused(record: Record, keys: Keys, header: dict[str, Any]) -> None:
    first, payload, signature = secure_jwt(credential(record), keys).split(".")
    original = json.loads(base64.urlsafe_b64decode(first + "=="))
    for end in (signature, ""):
        with pytest.raises(ProofError):
            check_jwt(f"{part({**original, **header})}.{payload}.{end}", keys.did_document())


def test_a_jwt_that_contradicts_itself_is_refused(record: Record, keys: Keys) -> None:
    header = {"alg": "RS256", "kid": keys.method("rs256"), "typ": "JWT"}
    for wrong in (
        {"sub": "urn:uuid:other"},
        {"exp": 9_999_999_999},
        {"mention": "hidden"},
        {"iss": "did:web:x.example"},
    ):
        token = jwt.encode(header, {**credential(record), **wrong}, keys.jwt_key, algorithms=["RS256"])
        with pytest.raises(ProofError):
            check_jwt(token, keys.did_document())


def test_a_jwt_spelled_otherwise_is_refused(record: Record, keys: Keys) -> None:
    token = secure_jwt(credential(record), keys)
    for wrong in (
        token + "=",
        token + ".x",
        token.replace(".", "..", 1),
        token[:-1] + chr(ord(token[-1]) ^ 1),
        "a.b.c",
    ):
        with pytest.raises(ProofError):
            check_jwt(wrong, keys.did_document())


def test_each_certificate_has_a_subject_of_its_own() -> None:
    assert credential(make_record())["credentialSubject"]["id"] == make_record().subject
