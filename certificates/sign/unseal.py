"""Checks the seal of a PDF and takes its credential out, trusting no byte before the signature over it holds.

A sealed file is closed: one signature covers it whole, so anything appended, overlaid, replaced or flipped shows
without interpreting the PDF, which only happens once its bytes are known to be those that were sealed.
Sources: ISO 32000-2 section 12.8.1 (ByteRange); RFC 5652 (CMS); ETSI EN 319 142-1.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import cms, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.general import CMSExtractionError, extract_signer_info
from pyhanko.sign.validation import read_certification_data
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.status import SignatureCoverageLevel

from certificates.sign.seal import ATTACHMENT, ROOM
from certificates.sign.seals import algorithm
from certificates.sign.timestamps import TokenError, check
from certificates.sign.trust import ProofError, anchors

#: The attachment's name, as PDF writers spell it.
_MARK = re.compile(re.escape(ATTACHMENT).replace(r"\.", r"(?:\.|\\056)").encode())
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,8})\s+(\d{1,8})\s+(\d{1,8})\s*\]")


def is_certificate(pdf: bytes) -> bool:
    """Whether the file looks like one of ours, sealed or not: enough to call it modified and not merely unknown."""
    return _MARK.search(pdf) is not None


@dataclass(frozen=True)
class Unsealed:
    """What a seal that holds covers: the credential; and when it existed, where a timestamp attests it."""

    credential: bytes
    stamped_at: datetime | None


def attached(pdf: bytes) -> bytes:
    """The credential a PDF carries, sealed or not, to know whose it says to be. Raises :class:`ProofError`."""
    try:
        return _embedded(PdfFileReader(BytesIO(pdf), strict=False))
    except Exception as error:  # anyone may have written it, and parsers refuse in many ways
        raise ProofError("attachment", "no credential can be read") from error


def unseal(pdf: bytes, did_document: Mapping[str, Any]) -> Unsealed:
    """The credential attached to a PDF whose seal holds.

    Raises :class:`ProofError`: ``no_seal``, ``changed`` (after sealing), ``other_seal`` (not a key this issuer
    publishes), ``withdrawn`` (a key it no longer believes), ``timestamp``, ``attachment`` (not the one expected).
    """
    container, digest = _signed(pdf)
    stamped_at = _check_cms(container, digest, did_document)
    return Unsealed(_attachment(pdf), stamped_at)


def _signed(pdf: bytes) -> tuple[bytes, bytes]:
    """The signature and the SHA-256 of all the rest of the file."""
    if pdf.count(b"/ByteRange") != 1:
        raise ProofError("changed" if b"/ByteRange" in pdf else "no_seal", "not exactly one signature")
    found = _RANGE.search(pdf)
    if not found:
        raise ProofError("changed", "the signature does not start with the file")
    before, after, length = (int(group) for group in found.groups())
    hole = pdf[before:after]
    if after + length != len(pdf) or before >= after or hole[:1] != b"<" or hole[-1:] != b">":
        raise ProofError("changed", "the signature does not cover the whole file")
    try:
        content = bytes.fromhex(hole[1:-1].decode("ascii"))
    except ValueError as error:
        raise ProofError("changed", "the signature is damaged") from error
    if content.hex().upper().encode() != hole[1:-1]:
        raise ProofError("changed", "the signature was written again")
    return content, hashlib.sha256(pdf[:before] + pdf[after:]).digest()


def _check_cms(content: bytes, digest: bytes, did_document: Mapping[str, Any]) -> datetime | None:
    """The signature is one of the issuer's seals over ``digest``, and nothing is hidden around it; when it was made."""
    try:
        container = cms.ContentInfo.load(content)
        signed_data = container["content"]
        signer = extract_signer_info(signed_data)
        chain = _published_chain([choice.chosen.dump() for choice in signed_data["certificates"]], did_document)
        intact, valid = validate_sig_integrity(signer, x509.Certificate.load(chain[0]), "data", digest)
        # The room left for the signature is signed: a timestamp can neither be taken off nor added.
        token = _token(signer) if len(content) * 2 > ROOM else None
        untouched = _only_form(signer, chain, token).ljust(len(content), b"\0") == content
        stamped_at = check(token, signer["signature"].native, anchors(did_document)) if token else None
    except ProofError:
        raise
    except TokenError as error:
        raise ProofError("timestamp", str(error)) from error
    except (CMSExtractionError, SignatureValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProofError("changed", "the signature is damaged") from error
    if not (intact and valid and untouched):
        raise ProofError("changed", "the document is not the one that was sealed")
    return stamped_at


def _token(signer: cms.SignerInfo) -> cms.ContentInfo:
    """The one timestamp of a signature. Raises :class:`ProofError`, ValueError."""
    (attribute,) = signer["unsigned_attrs"]
    (token,) = attribute["values"]
    return token


def _only_form(signer: cms.SignerInfo, chain: list[bytes], token: cms.ContentInfo | None) -> bytes:
    """The one way we write a signature: parts of the container are not signed, and could be changed otherwise."""
    sha256 = {"algorithm": "sha256"}
    own = x509.Certificate.load(chain[0])
    parts = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": own.issuer, "serial_number": own.serial_number}},
        "digest_algorithm": sha256,
        "signed_attrs": signer["signed_attrs"],
        "signature_algorithm": {"algorithm": algorithm(chain[0])},
        "signature": signer["signature"],
    }
    if token is not None:
        parts["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token]}]
    signed_data = {
        "version": "v1",
        "digest_algorithms": [sha256],
        "encap_content_info": {"content_type": "data"},
        "certificates": [x509.Certificate.load(der) for der in chain],
        "signer_infos": [cms.SignerInfo(parts)],
    }
    form: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed_data)}).dump()
    return form


def _published_chain(chain: list[bytes], did_document: Mapping[str, Any]) -> list[bytes]:
    """The published chain of the certificates of ``chain``: trust comes from the DID document alone."""
    allowed = did_document.get("assertionMethod", ())
    reason = "other_seal"
    for method in did_document.get("verificationMethod", ()):
        published = [base64.b64decode(der) for der in method.get("publicKeyJwk", {}).get("x5c", ())]
        # CMS holds a set: its order tells nothing.
        if published and sorted(published) == sorted(chain):
            if method["id"] in allowed:
                return published
            reason = "withdrawn"
    raise ProofError(reason, "sealed with a key this issuer does not publish, or no longer believes")


def _attachment(pdf: bytes) -> bytes:
    """The one file attached to a PDF whose bytes are trusted, and whose seal allows no change."""
    try:
        reader = PdfFileReader(BytesIO(pdf))
        (signature,) = reader.embedded_signatures
        signature.compute_integrity_info()
        certification = read_certification_data(reader)
        whole = signature.coverage == SignatureCoverageLevel.ENTIRE_FILE
        if not whole or certification is None or certification.permission != MDPPerm.NO_CHANGES:
            raise ProofError("changed", "the seal allows changes")
        return _embedded(reader)
    except (PdfError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise error if isinstance(error, ProofError) else ProofError("attachment", "no credential attached") from error


def _embedded(reader: PdfFileReader) -> bytes:
    name, specification = reader.root["/Names"]["/EmbeddedFiles"]["/Names"]
    if name != ATTACHMENT:
        raise ProofError("attachment", "another file is attached")
    data: bytes = specification.get_object()["/EF"]["/F"].data
    return data
