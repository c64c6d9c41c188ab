"""Seals kept elsewhere, and their timestamps: accepted whole, by us and by programs that are not ours."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1
from certificate_samples import DID, make_record
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from certificates.format import FORMATS
from certificates.sign import seals
from certificates.sign.keys import Keys, KeysError
from certificates.sign.seals import Seal, SealUnavailable, Timestamps
from certificates.sign.trust import ProofError
from certificates.sign.unseal import unseal
from tests.authorities_in_test import OCSP_ONLY, Authorities, new_key

NOW = datetime.now(UTC)
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PASSPHRASE, PIN = "a passphrase for the seal", "1234-pin-of-the-module"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    return Authorities(tmp_path_factory.mktemp("authorities"))


@pytest.fixture(scope="module")
def token(authorities: Authorities, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A security module in software with an RSA and a P-256 seal, and the certificates of their authorities."""
    folder = tmp_path_factory.mktemp("module")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    for label in ("seals", "others"):
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", PIN]
        subprocess.run(command, check=True, capture_output=True)
    import pkcs11
    from pkcs11.util.ec import decode_ec_private_key
    from pkcs11.util.rsa import decode_rsa_private_key
    from pkcs11.util.x509 import decode_x509_certificate

    with pkcs11.lib(str(MODULE)).get_token(token_label="seals").open(rw=True, user_pin=PIN) as session:
        for kind, decode in (("rsa", decode_rsa_private_key), ("p256", decode_ec_private_key)):
            key, certificate = authorities.certified(kind)
            der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
            stored = decode(der) | {pkcs11.Attribute.LABEL: kind, pkcs11.Attribute.TOKEN: True}
            session.create_object(stored)
            put(session, kind, certificate, decode_x509_certificate)
        put(session, "above", authorities.middle, decode_x509_certificate)
    yield "seals"
    del os.environ["SOFTHSM2_CONF"]


def put(session: Any, label: str, certificate: x509.Certificate, decode: Callable[[bytes], dict[Any, Any]]) -> None:
    import pkcs11

    stored = decode(certificate.public_bytes(Encoding.DER))
    session.create_object(stored | {pkcs11.Attribute.LABEL: label, pkcs11.Attribute.TOKEN: True})


@pytest.fixture(params=["pkcs12-rsa", "pkcs12-p256", "pkcs11-rsa", "pkcs11-p256"])
def seal(request: pytest.FixtureRequest, authorities: Authorities) -> Seal:
    where, kind = request.param.split("-")
    if where == "pkcs12":
        return seals.from_pkcs12(authorities.pkcs12(kind, PASSPHRASE), PASSPHRASE)
    return seals.from_pkcs11(MODULE, request.getfixturevalue("token"), kind, PIN, [authorities.root])


def stamping(authorities: Authorities, *, long_term: bool = False) -> Timestamps:
    root = authorities.root.public_bytes(Encoding.DER)
    return Timestamps(f"{authorities.base}/tsa", root, authorities.ask, long_term)


def sealed(folder: Path, keys: Keys) -> bytes:
    data = FORMATS["pdf"].render(make_record(), keys)
    (folder / "certificate.pdf").write_bytes(data)
    return data


def poppler(folder: Path) -> str:
    return subprocess.run(
        ["pdfsig", "-nocert", folder / "certificate.pdf"], capture_output=True, text=True, check=True
    ).stdout


def test_a_seal_kept_elsewhere_is_published_and_believed_by_all(
    tmp_path: Path, seal: Seal, authorities: Authorities
) -> None:
    keys = Keys.open(tmp_path / "keys", b"secret", DID, NOW, seal)
    data = sealed(tmp_path, keys)
    assert len(seal.chain) == 3
    assert unseal(data, keys.did_document()).stamped_at is None
    said = poppler(tmp_path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert independently(data, authorities).bottom_line
    assert openssl_believes(tmp_path, data, authorities)
    assert not list((tmp_path / "keys").glob("seal-*.pem")), "its key is nowhere else"
    ours = Keys.open(tmp_path / "keys", b"secret", DID, NOW)
    assert ours.seal.kept == "here"
    assert unseal(data, ours.did_document()), "what it sealed stays believed"
    assert Keys.open(tmp_path / "keys", b"secret", DID, NOW, seal).method("seal") == keys.method("seal")


@pytest.mark.parametrize("which", ["its own", "one above"])
def test_a_seal_seals_while_all_its_certificates_are_valid(
    tmp_path: Path, authorities: Authorities, which: str
) -> None:
    key, own = authorities.certified("p256")
    above = authorities.middle
    authorities.lasts = timedelta(hours=-1)
    if which == "its own":
        own = authorities._certificate("Test seal", key, authorities.middle)
    else:
        above = authorities._certificate("Test authority", authorities._key, authorities.root, authority=True)
    authorities.lasts = timedelta(days=900)
    seal = seals.held(key, seals.chain_of(own, [above, authorities.root]), "pkcs12")
    assert len(seal.chain) == 3
    with pytest.raises(SealUnavailable, match="ended on"):
        sealed(tmp_path, Keys.open(tmp_path / "keys", b"secret", DID, NOW, seal))
    begins, ends = seals.life(seal.chain)
    seal.may_seal(ends)
    seal.may_seal(begins)
    with pytest.raises(SealUnavailable, match="valid from"):
        seal.may_seal(begins - timedelta(seconds=1))


def independently(data: bytes, authorities: Authorities) -> Any:
    """pyHanko's own judgement, with nothing of ours."""
    roots = [asn1.Certificate.load(authorities.root.public_bytes(Encoding.DER))]
    (signature,) = PdfFileReader(BytesIO(data)).embedded_signatures
    return validate_pdf_signature(signature, ValidationContext(trust_roots=roots, allow_fetching=False))


def openssl_believes(folder: Path, data: bytes, authorities: Authorities) -> bool:
    container, signed = parts(data)
    (folder / "seal.der").write_bytes(cms.ContentInfo.load(container).dump())
    (folder / "signed").write_bytes(signed)
    command = [
        "openssl", "cms", "-verify", "-inform", "DER", "-in", folder / "seal.der", "-content", folder / "signed",
        "-binary", "-CAfile", authorities.folder / "root.pem", "-purpose", "any", "-out", "/dev/null", "-cades",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return True


def parts(data: bytes) -> tuple[bytes, bytes]:
    """The signature of a PDF, and what it signs."""
    before, after = (int(group) for group in re.search(rb"/ByteRange \[0 (\d+) (\d+)", data).groups())
    return bytes.fromhex(data[before + 1 : after - 1].decode()), data[:before] + data[after:]


def test_openssl_and_pyhanko_believe_timestamps_and_so_do_we(tmp_path: Path, authorities: Authorities) -> None:
    seal = seals.from_pkcs12(authorities.pkcs12("rsa", PASSPHRASE), PASSPHRASE)
    keys = Keys.open(tmp_path / "keys", b"secret", DID, NOW, seal, stamping(authorities))
    data = sealed(tmp_path, keys)
    stamped_at = unseal(data, keys.did_document()).stamped_at
    assert stamped_at is not None
    assert abs(datetime.now(UTC) - stamped_at) < timedelta(minutes=5)
    assert "Signature is Valid" in (said := poppler(tmp_path))
    assert "Total document signed" in said
    found = independently(data, authorities)
    assert found.bottom_line
    assert found.timestamp_validity.trusted
    assert found.timestamp_validity.timestamp == stamped_at
    container, _ = parts(data)
    (signer,) = cms.ContentInfo.load(container)["content"]["signer_infos"]
    (tmp_path / "token").write_bytes(signer["unsigned_attrs"][0]["values"][0].dump())
    (tmp_path / "signature").write_bytes(signer["signature"].native)
    command = [
        "openssl", "ts", "-verify", "-data", tmp_path / "signature", "-in", tmp_path / "token", "-token_in",
        "-CAfile", authorities.folder / "root.pem", "-untrusted", authorities.folder / "middle.pem",
    ]  # fmt: skip
    assert "Verification: OK" in subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize(("name", "lists", "answers"), [("Test seal", 2, 0), (OCSP_ONLY, 2, 1)])
def test_long_term_data_are_under_the_one_signature(
    tmp_path: Path, authorities: Authorities, name: str, lists: int, answers: int
) -> None:
    seal = seals.from_pkcs12(authorities.pkcs12("p256", PASSPHRASE, name), PASSPHRASE)
    keys = Keys.open(tmp_path / "keys", b"secret", DID, NOW, seal, stamping(authorities, long_term=True))
    data = sealed(tmp_path, keys)
    assert unseal(data, keys.did_document()).stamped_at
    assert "Total document signed" in poppler(tmp_path)
    reader = PdfFileReader(BytesIO(data))
    assert len(reader.root["/DSS"]["/CRLs"]) == lists
    assert len(reader.root["/DSS"].get("/OCSPs", ())) == answers
    roots = [asn1.Certificate.load(authorities.root.public_bytes(Encoding.DER))]
    (signature,) = reader.embedded_signatures
    settings = {"trust_roots": roots, "allow_fetching": False, "revocation_mode": "require"}
    context = DocumentSecurityStore.read_dss(reader).as_validation_context(settings)
    judged = validate_pdf_signature(signature, context)
    assert judged.bottom_line, judged.pretty_print_details()
    with pytest.raises(ProofError, match="cover"):
        unseal(data + b"\n", keys.did_document())


def test_nothing_around_a_timestamp_can_be_changed(tmp_path: Path, authorities: Authorities) -> None:
    keys = Keys.open(tmp_path / "keys", b"secret", DID, NOW, None, stamping(authorities))
    data = sealed(tmp_path, keys)
    document = keys.did_document()
    before, after = (int(group) for group in re.search(rb"/ByteRange \[0 (\d+) (\d+)", data).groups())
    container, _ = parts(data)
    length = len(cms.ContentInfo.load(container).dump())

    def holding(changed: bytes) -> bytes:
        room = (after - before - 2) // 2
        return data[: before + 1] + changed.ljust(room, b"\0").hex().upper().encode() + data[after - 1 :]

    assert unseal(holding(container[:length]), document), "the same bytes"
    for place in range(0, length, 37):
        flipped = bytearray(container)
        flipped[place] ^= 0x10
        with pytest.raises(ProofError):
            unseal(holding(bytes(flipped)), document)
    for change in (without_timestamp, with_another_attribute, with_more_in_the_token):
        assert change(container) != container[:length]
        with pytest.raises(ProofError):
            unseal(holding(change(container)), document)
    with pytest.raises(ProofError) as refused:
        unseal(data, {key: value for key, value in document.items() if key != "service"})
    assert refused.value.reason == "timestamp"


def changed(container: bytes, change: Callable[[Any], None]) -> bytes:
    whole = cms.ContentInfo.load(container)
    (signer,) = whole["content"]["signer_infos"]
    change(signer)
    return whole.dump()


def without_timestamp(container: bytes) -> bytes:
    def change(signer: Any) -> None:
        signer["unsigned_attrs"] = None

    return changed(container, change)


def with_another_attribute(container: bytes) -> bytes:
    def change(signer: Any) -> None:
        kept = signer["unsigned_attrs"][0]
        more = cms.CMSAttribute({"type": "content_type", "values": ["data"]})
        signer["unsigned_attrs"] = cms.CMSAttributes([kept, more])

    return changed(container, change)


def with_more_in_the_token(container: bytes) -> bytes:
    def change(signer: Any) -> None:
        token = signer["unsigned_attrs"][0]["values"][0]
        (stamper,) = token["content"]["signer_infos"]
        stamper["unsigned_attrs"] = [cms.CMSAttribute({"type": "content_type", "values": ["data"]})]
        signer["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]

    return changed(container, change)


def test_a_timestamp_of_another_authority_is_not_taken(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, authorities: Authorities
) -> None:
    other = Authorities(tmp_path_factory.mktemp("other"))
    timestamps = replace(stamping(authorities), ask=other.ask)
    keys = Keys.open(tmp_path / "keys", b"secret", DID, NOW, None, timestamps)
    with pytest.raises(SealUnavailable, match="no usable timestamp"):
        sealed(tmp_path, keys)


def test_timestamps_of_an_authority_there_was_before_stay_believed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, authorities: Authorities
) -> None:
    old = sealed(tmp_path, Keys.open(tmp_path / "keys", b"secret", DID, NOW, None, stamping(authorities)))
    other = stamping(Authorities(tmp_path_factory.mktemp("next")))
    keys = Keys.open(tmp_path / "keys", b"secret", DID, NOW, None, other)
    new, document = sealed(tmp_path, keys), keys.did_document()
    assert len(document["service"]) == 2
    for data in (old, new):
        assert unseal(data, document).stamped_at
        assert unseal(data, document | {"service": document["service"][::-1]}).stamped_at


@pytest.mark.parametrize("answer", [b"", b"<html>", b"0\x03\x02\x01\x02", bytes(500)])
def test_an_authority_that_answers_anything_else_stops_the_seal(
    tmp_path: Path, authorities: Authorities, answer: bytes
) -> None:
    timestamps = replace(stamping(authorities), ask=lambda *_: answer)
    keys = Keys.open(tmp_path / "keys", b"secret", DID, NOW, None, timestamps)
    with pytest.raises(SealUnavailable):
        sealed(tmp_path, keys)


def test_secrets_of_seals_are_never_told(tmp_path: Path, authorities: Authorities, token: str) -> None:
    for open_it in (
        lambda: seals.from_pkcs12(authorities.pkcs12("p256", PASSPHRASE), "a wrong passphrase"),
        lambda: seals.from_pkcs12(tmp_path / "nowhere.p12", PASSPHRASE),
        lambda: seals.from_pkcs11(MODULE, "others", "p256", "a wrong passphrase"),
        lambda: seals.from_pkcs11(MODULE, token, "nothing", PIN),
        lambda: seals.from_pkcs11(MODULE, "another token", "p256", PIN),
        lambda: seals.from_pkcs11(tmp_path / "no-module.so", token, "p256", PIN),
    ):
        with pytest.raises(KeysError) as refused:
            open_it()
        assert PASSPHRASE not in str(refused.value)
        assert PIN not in str(refused.value)
        assert "a wrong passphrase" not in str(refused.value)
    assert PIN not in repr(seals.from_pkcs11(MODULE, token, "p256", PIN))


def test_a_seal_of_another_kind_or_another_s_certificate_is_refused(tmp_path: Path, authorities: Authorities) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    _, certificate = authorities.certified("p256")
    for name, key in (("other", new_key("p256")), ("curve", ec.generate_private_key(ec.SECP384R1()))):
        file = tmp_path / f"{name}.p12"
        own = certificate if name == "other" else authorities._certificate("P-384", key, authorities.middle)
        try:
            bundle = pkcs12.serialize_key_and_certificates(b"x", key, own, None, BestAvailableEncryption(b"x"))
        except ValueError:  # the library itself refuses to write a pair that does not match
            continue
        file.write_bytes(bundle)
        with pytest.raises(KeysError):
            seals.from_pkcs12(file, "x")
