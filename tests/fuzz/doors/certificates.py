"""Certificates in every form, and the documents they are judged with: damaged, and well signed by somebody hostile."""

import json
import tempfile
from contextlib import suppress
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jws
from PIL import Image

from certificates import qr, status
from certificates.answer import answer
from certificates.codes import read_code
from certificates.format import FORMATS
from certificates.model import Record, RecordError
from certificates.printed import printed_fields
from certificates.sign import revocation, sd_jwt, token_status
from certificates.sign.compact import decoded, encoded
from certificates.sign.credential import credential
from certificates.sign.data_integrity import secure_jsonld
from certificates.sign.jose import check_jwt, secure_jwt
from certificates.sign.jsonld import UnsafeDocumentError
from certificates.sign.keys import Keys
from certificates.sign.reading import record_of
from certificates.sign.seals import SealUnavailable, Timestamps
from certificates.sign.timestamps import Stamper, TokenError, check, finished
from certificates.sign.trust import ProofError
from certificates.verify import Unreadable, claimed, verify
from lms.services.chain_head import NotAHead, read_head, signed_head
from tests.authorities_in_test import Authorities
from tests.certificates.certificate_samples import BASE_URL, DID, NOW, make_record
from tests.fuzz.doors.platforms import parsed
from tests.fuzz.target import Target

LIST = f"{BASE_URL}/status/revocation-1"


@cache
def keys() -> Keys:
    """The issuer's keys, made once."""
    return Keys.open(Path(tempfile.mkdtemp()) / "keys", b"a passphrase", DID, NOW)


@cache
def did() -> dict[str, Any]:
    """The issuer's DID document."""
    return json.loads(json.dumps(keys().did_document()))  # type: ignore[no-any-return]


@cache
def revoked() -> dict[str, Any]:
    """A signed list, in which nothing is revoked."""
    return status.status_list_credential("revocation", status.empty(), LIST, DID, keys(), NOW)


@cache
def rendered(form: str) -> bytes:
    """A certificate in that form."""
    return FORMATS[form].render(make_record(), keys())


def _judged(content: bytes, lists: Any = None, document: Any = None) -> None:
    """As the pages, the API and the command do: what it says of itself, the verdict, and what is shown of it."""
    claimed(content)
    verdict = verify(content, did_document=document or did(), status_list=lists or [revoked()], now=NOW)
    if verdict.record is not None:
        printed_fields(verdict.record, "fr")
        json.dumps(answer(verdict.state, NOW, verdict.record, verdict.checks, verdict=verdict))
        verdict.fields("en")


def _form(form: str) -> Target:
    covers = {
        "pdf": ("certificates.sign.unseal", "certificates.verify"), "png": ("certificates.baking",),
        "svg": ("certificates.baking",), "jsonld": ("certificates.sign.jsonld", "certificates.sign.data_integrity"),
        "jwt": ("certificates.sign.jose", "certificates.sign.compact"),
    }  # fmt: skip
    kinds: dict[str, Any] = {"jsonld": "json", "jwt": "jwt"}
    return Target(
        f"certificate {form}", _judged, (Unreadable,), lambda: [rendered(form)], covers[form], kinds.get(form, "bytes")
    )


def _well_signed(said: Any) -> dict[str, Any] | None:
    """Whatever it says, somebody signed it well, under a DID of theirs; None where nobody could."""
    if not isinstance(said, dict):
        return None
    try:
        return secure_jsonld(said, keys())
    except (UnsafeDocumentError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def _hostile_jsonld(said: Any) -> None:
    signed = _well_signed(said)
    if signed is not None:
        _judged(json.dumps(signed).encode())


def _hostile_jwt(said: Any) -> None:
    if not isinstance(said, dict):
        return
    header = {"alg": "RS256", "kid": keys().method("rs256"), "typ": "JWT"}
    token = jws.serialize_compact(header, json.dumps(said), keys().jwt_key, algorithms=["RS256"])
    try:
        check_jwt(token, did())
    except ProofError:
        return
    finally:
        _judged(token.encode())


def _unsigned() -> list[bytes]:
    said = json.loads(json.dumps(credential(make_record())))
    plain = make_record(valid_until=None, mention={"fr": "Bien"}, kind="certificate", suspension_list_url=None)
    return [json.dumps(said).encode(), json.dumps(credential(plain)).encode()]


def _payloads() -> list[bytes]:
    token = secure_jwt(credential(make_record()), keys()).split(".")[1]
    return [json.dumps(_decoded(token)).encode()]


def _decoded(part: str) -> Any:
    return json.loads(decoded(part))


def _record(said: Any) -> None:
    for read in (record_of, Record.from_dict):
        try:
            read(said)
        except RecordError:
            continue


def _documents(said: Any) -> None:
    """A DID document and a status list that are not ours, as ``lms verify`` is given them."""
    if not isinstance(said, dict):
        return
    for form in ("jsonld", "jwt", "pdf"):
        _judged(rendered(form), document=said)
        _judged(rendered(form), lists=[said])


def _hostile_list(said: Any) -> None:
    """A list that says whatever it wants."""
    signed = _well_signed(said)
    if signed is not None:
        _judged(rendered("jsonld"), lists=[signed])


def _lists() -> list[bytes]:
    return [json.dumps({name: value for name, value in revoked().items() if name != "proof"}).encode()]


def _bits(content: bytes) -> None:
    status.decode(content.decode("latin-1"))


def _es256(payload: Any, kind: str) -> str:
    header = {"alg": "ES256", "kid": keys().method("es256"), "typ": kind}
    return jws.serialize_compact(header, json.dumps(payload), keys().wallet_key, algorithms=["ES256"])


def _token_list(said: Any) -> None:
    token_status.state_in(_es256(said, "statuslist+jwt"), 3, LIST, did(), NOW)


def _token_lists() -> list[bytes]:
    token = token_status.status_token({3: 1}, LIST, BASE_URL, keys(), NOW)
    return [json.dumps(_decoded(token.split(".")[1])).encode()]


def _wallet_credentials() -> list[bytes]:
    holder = {"kty": "EC", "crv": "P-256", "x": encoded(b"x" * 32), "y": encoded(b"y" * 32)}
    return [sd_jwt.issue(make_record(), keys(), holder, f"{BASE_URL}/vct", LIST).encode()]


def _wallet_credential(content: bytes) -> None:
    text = content.decode("latin-1")
    with_ours = [text]
    try:
        signed, *rest = text.split("~")
        with_ours.append("~".join([_es256(_decoded(signed.split(".")[1]), sd_jwt.MEDIA_TYPE), *rest]))
    except (ValueError, IndexError, RecursionError):
        pass
    for each in with_ours:
        try:
            sd_jwt.check(each, did())
        except ProofError:
            continue


def _code(content: bytes) -> None:
    read_code(content.decode("utf-8", "replace"))


def _symbol(content: bytes) -> None:
    """The QR code that a paper shows: modules flipped, since a picture damaged as a file is no picture."""
    with Image.open(BytesIO(qr.png("https://certificats.example/verify/7K2M"))) as drawn:
        pixels = bytearray(drawn.convert("L").tobytes())
        for at, byte in enumerate(content[:2000]):
            pixels[(at * 7919 + byte * 31) % len(pixels)] = byte
        qr.read(Image.frombytes("L", drawn.size, bytes(pixels)))


@cache
def _authorities() -> tuple[Authorities, tuple[bytes, ...]]:
    """(authorities, the path of a seal of theirs)."""
    found = Authorities(Path(tempfile.mkdtemp()))
    _key, own = found.certified("p256", "Test seal")
    return found, tuple(each.public_bytes(Encoding.DER) for each in (own, found.middle, found.root))


def _stamps() -> list[bytes]:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"d" * 32}
    asked = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "cert_req": True})
    return [_authorities()[0].ask("https://authority.example/tsa", asked.dump(), "")]


def _stamp(content: bytes) -> None:
    """What a timestamping authority answers, and a token that a seal carries."""
    stamps = Timestamps("https://authority.example/tsa", _authorities()[1][-1], lambda *_said: content)
    with suppress(SealUnavailable):
        finished(Stamper(stamps).async_timestamp(b"d" * 32, "sha256"))
    try:
        token = tsp.TimeStampResp.load(content)["time_stamp_token"]
    except (ValueError, TypeError, KeyError):
        return
    with suppress(TokenError):
        check(token, b"signature", [stamps.root])


def _evidence() -> list[bytes]:
    return [_authorities()[0].ask("https://authority.example/authority.crl", None, "")]


def _revocation(content: bytes) -> None:
    """What authorities publish of the certificates of a seal."""
    authorities, chain = _authorities()
    real = Timestamps("https://authority.example/tsa", chain[-1], authorities.ask)

    def ask(url: str, body: bytes | None, media: str) -> bytes:
        return authorities.ask(url, body, media) if url.endswith("/tsa") else content

    revocation._kept.clear()
    revocation.context(chain, _stamper(real), Timestamps(real.url, real.root, ask))


@cache
def _stamper(timestamps: Timestamps) -> Stamper:
    made = Stamper(timestamps)
    finished(made.async_dummy_response("sha256"))
    return made


def _heads() -> list[bytes]:
    return [json.dumps(signed_head(keys(), 12, "ab" * 32, NOW)).encode()]


def _head(said: Any) -> None:
    read_head(said, did())


TARGETS = [
    *map(_form, ("pdf", "png", "svg", "jsonld", "jwt")),
    Target("credential signed by somebody hostile", parsed(_hostile_jsonld), (Unreadable,), _unsigned,
           ("certificates.sign.reading", "certificates.sign.credential"), "json"),
    Target("jwt signed by somebody hostile", parsed(_hostile_jwt), (Unreadable,), _payloads,
    ("certificates.sign.jose",), "json"),
    Target("record", parsed(_record), (), lambda: [*_unsigned(), json.dumps(make_record().to_dict()).encode()],
           ("certificates.model",), "json"),
    Target("did document and status list", parsed(_documents), (Unreadable,), lambda: [
        json.dumps(did()).encode(), json.dumps(revoked()).encode()],
        ("certificates.sign.trust", "certificates.sign.did", "lms.cli.verify"), "json", slow=True),
    Target("status list signed by somebody hostile", parsed(_hostile_list), (), _lists, ("certificates.status",),
    "json"),
    Target("bitstring", _bits, (status.StatusError,), lambda: [status.encode(status.empty()).encode()],
    ("certificates.status",)),
    Target("token status list", parsed(_token_list), (ProofError,), _token_lists, ("certificates.sign.token_status",),
    "json"),
    Target("wallet credential", _wallet_credential, (), _wallet_credentials, ("certificates.sign.sd_jwt",), "jwt"),
    Target("code", _code, (ValueError,), lambda: [b"7K2M-Q4XT-9D8B-3HNW-6PRC-0V5E-ZJ"], ("certificates.codes",)),
    Target("qr code", _symbol, (qr.UnreadableQRError,), lambda: [bytes(range(64))], ("certificates.qr",)),
    Target("timestamp", _stamp, (), _stamps, ("certificates.sign.timestamps",)),
    Target("revocation lists", _revocation, (SealUnavailable,), _evidence, ("certificates.sign.revocation",)),
    Target("journal head", parsed(_head), (NotAHead,), _heads, ("lms.services.chain_head", "lms.cli.audit"), "json"),
]  # fmt: skip
