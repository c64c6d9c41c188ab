"""Keys: made once, encrypted, opened by several processes at once, rotated and revoked."""

import json
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from certificate_samples import DID, NOW
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certificates.sign import keyring, rotation
from certificates.sign.keys import Keys, KeysError, did_url, did_web, published
from certificates.sign.seals import Seal


def open_and_publish(directory: str) -> str:
    """What another process gets from the same directory."""
    return json.dumps(Keys.open(Path(directory), b"secret", DID, NOW).did_document())


def test_processes_starting_at_once_share_one_set_of_keys(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        documents = set(pool.map(open_and_publish, [str(tmp_path / "keys")] * 4))
    assert len(documents) == 1
    assert len(list((tmp_path / "keys").glob("rs256-*.pem"))) == 1


def test_files_are_private_and_encrypted(tmp_path: Path) -> None:
    Keys.open(tmp_path / "keys", b"secret", DID, NOW)
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    files = list((tmp_path / "keys").iterdir())
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    pems = [file for file in files if file.suffix == ".pem"]
    assert {file.name for file in pems} >= {"ed-2026-1.pem", "rs256-2026-1.pem", "seal-2026-1.pem"}
    for pem in pems:
        assert b"ENCRYPTED" in pem.read_bytes()
        with pytest.raises((TypeError, ValueError)):
            load_pem_private_key(pem.read_bytes(), b"another")


def test_errors_name_no_secret(tmp_path: Path) -> None:
    Keys.open(tmp_path, b"secret", DID, NOW)
    with pytest.raises(KeysError) as error:
        Keys.open(tmp_path, b"wrong-passphrase", DID, NOW)
    assert "wrong-passphrase" not in str(error.value)
    with pytest.raises(KeysError):
        Keys.open(tmp_path, b"", DID, NOW)
    assert "PRIVATE" not in repr(Keys.open(tmp_path, b"secret", DID, NOW))


def test_a_read_only_directory_opens(tmp_path: Path) -> None:
    made = Keys.open(tmp_path / "keys", b"secret", DID, NOW).did_document()
    before = {file.name: file.stat().st_mtime_ns for file in (tmp_path / "keys").iterdir()}
    (tmp_path / "keys").chmod(0o500)
    assert Keys.open(tmp_path / "keys", b"secret", DID, NOW).did_document() == made
    assert {file.name: file.stat().st_mtime_ns for file in (tmp_path / "keys").iterdir()} == before


def test_a_damaged_index_is_an_error_not_new_keys(tmp_path: Path) -> None:
    Keys.open(tmp_path, b"secret", DID, NOW)
    (tmp_path / keyring.INDEX).write_text("{")
    with pytest.raises(KeysError):
        Keys.open(tmp_path, b"secret", DID, NOW)


def test_the_did_document_publishes_each_key_in_the_form_verifiers_read(keys: Keys) -> None:
    document = keys.did_document(DID)
    assert document["@context"][0] == "https://www.w3.org/ns/did/v1"
    assert document["id"] == DID
    by_id = {method["id"]: method for method in document["verificationMethod"]}
    assert set(by_id) == {f"{DID}#{name}" for name in ("ed-2026-1", "rs256-2026-1", "es256-2026-1", "seal-2026-1")}
    assert document["assertionMethod"] == list(by_id)
    assert by_id[f"{DID}#ed-2026-1"]["publicKeyMultibase"].startswith("z6Mk")
    assert by_id[f"{DID}#rs256-2026-1"]["publicKeyJwk"]["alg"] == "RS256"
    assert len(by_id[f"{DID}#seal-2026-1"]["publicKeyJwk"]["x5c"]) == 2
    assert not {"d", "p", "q"} & set(json.dumps(document).replace('"', " ").split())


def test_the_seal_chains_to_its_root_and_may_only_sign(keys: Keys) -> None:
    seal, root = (x509.load_der_x509_certificate(der) for der in keys.seal_chain)
    seal.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    usage = seal.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign


def test_rotation_retirement_and_compromise(tmp_path: Path) -> None:
    first = Keys.open(tmp_path, b"secret", DID, NOW)
    rotation.rotate(tmp_path, b"secret", DID, NOW)
    second = Keys.open(tmp_path, b"secret", DID, NOW)
    assert second.in_use == ("ed-2026-2", "rs256-2026-2", "seal-2026-2")
    assert set(first.did_document()["assertionMethod"]) < set(second.did_document()["assertionMethod"])

    rotation.compromise(tmp_path, "ed-2026-2", b"secret", DID, NOW)
    document = published(keyring.read(tmp_path), DID)
    assert f"{DID}#ed-2026-2" not in document["assertionMethod"]
    assert f"{DID}#ed-2026-2" in {method["id"] for method in document["verificationMethod"]}
    assert f"{DID}#ed-2026-1" in document["assertionMethod"], "retired, it is still believed"
    assert Keys.open(tmp_path, b"secret", DID, NOW).method("ed") == f"{DID}#ed-2026-3", "it does not sign again"
    rotation.retire(tmp_path, "ed-2026-3", b"secret", DID, NOW)
    assert Keys.open(tmp_path, b"secret", DID, NOW).method("ed") == f"{DID}#ed-2026-4"
    document = published(keyring.read(tmp_path), DID, ended=["ed-2026-3"])
    assert f"{DID}#ed-2026-3" not in document["assertionMethod"]
    with pytest.raises(KeysError, match="already"):
        rotation.retire(tmp_path, "ed-2026-3", b"secret", DID, NOW)
    for act in (rotation.retire, rotation.compromise):
        with pytest.raises(KeysError, match="no key"):
            act(tmp_path, "ed-1999-1", b"secret", DID, NOW)


def test_a_compromised_seal_that_the_settings_still_name_seals_no_more(tmp_path: Path) -> None:
    outside = Keys.open(tmp_path / "outside", b"other", DID, NOW).seal
    other = Seal(outside.chain, outside.sign, "pkcs12")
    name = Keys.open(tmp_path / "keys", b"secret", DID, NOW, other).ring.current("seal")
    assert name is not None
    with pytest.raises(KeysError, match="name another one first"):
        rotation.compromise(tmp_path / "keys", name.id, b"secret", DID, NOW)
    Keys.open(tmp_path / "keys", b"secret", DID, NOW)
    rotation.compromise(tmp_path / "keys", name.id, b"secret", DID, NOW)
    with pytest.raises(KeysError, match="was compromised"):
        Keys.open(tmp_path / "keys", b"secret", DID, NOW, other)


@pytest.mark.parametrize(
    ("base_url", "did", "address"),
    [
        ("https://site.example", "did:web:site.example", "https://site.example/.well-known/did.json"),
        ("https://site.example:8443", "did:web:site.example%3A8443", "https://site.example:8443/.well-known/did.json"),
        ("https://site.example/lms/a", "did:web:site.example:lms:a", "https://site.example/lms/a/did.json"),
        ("http://localhost:8000", "did:web:localhost%3A8000", "http://localhost:8000/.well-known/did.json"),
    ],
)
def test_did_web(base_url: str, did: str, address: str) -> None:
    assert did_web(base_url) == did
    assert did_url(did) == address


def test_other_identifiers_are_refused() -> None:
    for wrong in ("did:key:z6Mk", "https://site.example", "did:web:"):
        with pytest.raises(ValueError):
            did_url(wrong)
    with pytest.raises(ValueError):
        did_web("not a url")
