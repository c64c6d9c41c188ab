"""What we sign, judged by implementations that are not ours, and by one written again from the specifications."""

import base64
import hashlib
import json
import subprocess
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import base58
import pytest
from certificate_samples import DID, make_record
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from PIL import Image
from pyld import jsonld as pyld

from certificates.format import FORMATS
from certificates.qr import png
from certificates.sign.jsonld import FOLDER
from certificates.sign.keys import Keys
from certificates.sign.seal import ATTACHMENT
from certificates.wallet.metadata import offer_link

RECORD = make_record(issued_at=datetime.now(UTC), valid_until=None)


def judged(judges: Path, folder: Path, files: dict[str, bytes], when: datetime | None = None) -> dict[str, Any]:
    """What they say of ``files``."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    instant = (when or datetime.now(UTC)).isoformat()
    command = ["node", judges / "verify.mjs", folder, FOLDER, instant]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.fixture
def files(keys: Keys, listed: Any) -> dict[str, bytes]:
    """A certificate in both forms with what is needed to judge it."""
    revocation, suspension = listed(now=datetime.now(UTC))
    return {
        "did.json": json.dumps(keys.did_document()).encode(),
        "credential.json": FORMATS["jsonld"].render(RECORD, keys),
        "credential.jwt": FORMATS["jwt"].render(RECORD, keys),
        "list-1.json": json.dumps(revocation).encode(),
        "list-2.json": json.dumps(suspension).encode(),
    }


def test_digitalbazaar_and_jose_verify_both_forms(judges: Path, tmp_path: Path, files: dict[str, bytes]) -> None:
    said = judged(judges, tmp_path, files)
    assert said["verified"], said["error"]
    assert said["statuses"] == [["revocation", False], ["suspension", False]]
    assert said["jwt"]["credentialSubject"]["licenseNumber"] == RECORD.number
    assert said["jwt"]["sub"] == RECORD.subject


def test_digitalbazaar_reads_our_revocations(
    judges: Path, tmp_path: Path, files: dict[str, bytes], listed: Any
) -> None:
    revocation, suspension = listed(revoked=[RECORD.status_index], now=datetime.now(UTC))
    files |= {"list-1.json": json.dumps(revocation).encode(), "list-2.json": json.dumps(suspension).encode()}
    said = judged(judges, tmp_path, files)
    assert said["statuses"] == [["revocation", True], ["suspension", False]]


def test_they_refuse_what_was_changed(judges: Path, tmp_path: Path, files: dict[str, bytes]) -> None:
    name = RECORD.holder.encode()
    files["credential.json"] = files["credential.json"].replace(name, b"Someone Else")
    header, payload, signature = files["credential.jwt"].decode().split(".")
    changed = base64.urlsafe_b64decode(payload + "==").replace(name, b"Someone Else")
    files["credential.jwt"] = f"{header}.{base64.urlsafe_b64encode(changed).decode().rstrip('=')}.{signature}".encode()
    said = judged(judges, tmp_path, files)
    assert said["verified"] is False
    assert said["jwt"] is None


def test_a_camera_s_reader_finds_the_address_on_the_page(judges: Path, tmp_path: Path, keys: Keys) -> None:
    (tmp_path / "page.pdf").write_bytes(FORMATS["pdf"].render(RECORD, keys))
    subprocess.run(["pdftoppm", "-r", "110", "-png", tmp_path / "page.pdf", tmp_path / "page"], check=True)
    (file,) = tmp_path.glob("page*.png")
    with Image.open(file) as picture:
        pixels, (width, height) = picture.convert("RGBA").tobytes(), picture.size
    size = json.dumps({"width": width, "height": height}).encode()
    did = json.dumps(keys.did_document()).encode()
    assert judged(judges, tmp_path, {"did.json": did, "qr.rgba": pixels, "qr.json": size})["qr"] == RECORD.verify_url


def test_a_camera_s_reader_finds_the_offer_of_a_wallet(judges: Path, tmp_path: Path, keys: Keys) -> None:
    link = offer_link("https://certificats.institut-de-demonstration.example", "c" * 43)
    with Image.open(BytesIO(png(link))) as picture:
        pixels, (width, height) = picture.convert("RGBA").tobytes(), picture.size
    size = json.dumps({"width": width, "height": height}).encode()
    did = json.dumps(keys.did_document()).encode()
    assert judged(judges, tmp_path, {"did.json": did, "qr.rgba": pixels, "qr.json": size})["qr"] == link


def test_poppler_takes_the_credential_out_and_it_verifies(
    judges: Path, tmp_path: Path, files: dict[str, bytes], keys: Keys
) -> None:
    (tmp_path / "page.pdf").write_bytes(FORMATS["pdf"].render(RECORD, keys))
    subprocess.run(["pdfdetach", "-save", "1", "-o", tmp_path / ATTACHMENT, tmp_path / "page.pdf"], check=True)
    files["credential.json"] = (tmp_path / ATTACHMENT).read_bytes()
    assert judged(judges, tmp_path, files)["verified"]


def test_what_others_find_in_a_picture_verifies(
    judges: Path, tmp_path: Path, files: dict[str, bytes], keys: Keys
) -> None:
    """Pillow reads the PNG and ElementTree the SVG; digitalbazaar judges what they found."""
    with Image.open(BytesIO(FORMATS["png"].render(RECORD, keys))) as opened:
        opened.load()
        files["credential.json"] = opened.text["openbadgecredential"].encode()
    assert judged(judges, tmp_path, files)["verified"]
    drawing = ET.fromstring(FORMATS["svg"].render(RECORD, keys))
    assert drawing[0].tag == "{https://purl.imsglobal.org/ob/v3p0}credential"
    files["credential.json"] = str(drawing[0].text).encode()
    assert judged(judges, tmp_path, files)["verified"]


def canonical_hash(document: dict[str, Any]) -> bytes:
    """SHA-256 of the RDFC-1.0 form, with contexts read straight from the folder."""
    known = {entry["url"]: entry["file"] for entry in json.loads((FOLDER / "manifest.json").read_text())["contexts"]}

    def load(url: str, _: Any) -> dict[str, Any]:
        return {"contextUrl": None, "documentUrl": url, "document": json.loads((FOLDER / known[url]).read_text())}

    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": load}
    return hashlib.sha256(pyld.normalize(document, options).encode()).digest()


def published_key(did: dict[str, Any], method_id: str) -> dict[str, Any]:
    """The verification method, which must be allowed to assert."""
    assert method_id in did["assertionMethod"]
    (method,) = [method for method in did["verificationMethod"] if method["id"] == method_id]
    assert isinstance(method, dict)
    return method


def check_proof(secured: dict[str, Any], did: dict[str, Any]) -> None:
    """Data Integrity EdDSA Cryptosuites v1.0, 3.2.2: verify proof. Raises InvalidSignature."""
    document = {key: value for key, value in secured.items() if key != "proof"}
    options = {key: value for key, value in secured["proof"].items() if key != "proofValue"}
    assert (options["type"], options["cryptosuite"]) == ("DataIntegrityProof", "eddsa-rdfc-2022")
    assert options["proofPurpose"] == "assertionMethod"
    data = canonical_hash({"@context": document["@context"], **options}) + canonical_hash(document)
    multikey = published_key(did, options["verificationMethod"])["publicKeyMultibase"]
    raw = base58.b58decode(multikey[1:])
    assert multikey[0] == "z"
    assert raw[:2] == b"\xed\x01"
    signature = base58.b58decode(secured["proof"]["proofValue"][1:])
    ed25519.Ed25519PublicKey.from_public_bytes(raw[2:]).verify(signature, data)


def test_a_verifier_written_from_the_specification_agrees(files: dict[str, bytes]) -> None:
    did = json.loads(files["did.json"])
    for name in ("credential.json", "list-1.json", "list-2.json"):
        check_proof(json.loads(files[name]), did)
    with pytest.raises(InvalidSignature):
        check_proof({**json.loads(files["credential.json"]), "name": "Expert"}, did)


def test_the_jwt_verifies_with_nothing_but_rsa(files: dict[str, bytes]) -> None:
    def decoded(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    header, payload, signature = files["credential.jwt"].decode().split(".")
    head = json.loads(decoded(header))
    assert head["alg"] == "RS256"
    jwk = published_key(json.loads(files["did.json"]), head["kid"])["publicKeyJwk"]
    modulus, exponent = (int.from_bytes(decoded(jwk[name]), "big") for name in ("n", "e"))
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    key.verify(decoded(signature), f"{header}.{payload}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert json.loads(decoded(payload))["iss"] == DID
