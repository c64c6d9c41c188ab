"""The seal of a PDF: its credential attached, then one PAdES signature that allows no change after it.

Level B alone, level T with a timestamp inside the signature, level LT with what proves that no certificate was
revoked as well: that is collected beforehand and written in the revision that is signed, so that one signature still
covers the whole file.
Sources: ETSI EN 319 142-1 (PAdES B-B, B-T, B-LT); ISO 32000-2 sections 12.8.2.2 (DocMDP), 12.8.4.3 (DSS) and 14.13.
"""

from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from time import time
from typing import IO, Any

from asn1crypto import x509
from asn1crypto.algos import SignedDigestAlgorithm
from pyhanko.pdf_utils import embed, generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certificates.sign.keys import Keys
from certificates.sign.revocation import context
from certificates.sign.seals import Seal, SealUnavailable, Timestamps
from certificates.sign.timestamps import Stamper, finished

__all__ = ["ATTACHMENT", "SealError", "SealUnavailable", "seal"]

#: The name under which every sealed certificate carries its credential.
ATTACHMENT = "credential.json"
FIELD = "Seal"
#: Room for the signature in hexadecimal digits: knowing it spares pyHanko a trial signature, and its size, which is
#: signed, says whether there must be a timestamp inside.
ROOM, STAMPED_ROOM = 16_384, 49_152
_STAMPER_LIFE = 3600
#: Revocation data are written in the revision that is signed.
_DSS = DSSContentSettings(include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE)


class SealError(Exception):
    """The PDF could not be sealed, and must not leave."""


def seal(pdf: bytes, credential: bytes, keys: Keys, *, reason: str) -> bytes:
    """``pdf`` with ``credential`` attached, sealed. ``reason`` is shown by PDF readers beside the signature.

    Raises :class:`SealError`, :class:`SealUnavailable` when the security module or an authority does not answer, or
    ``SealEnded``, which is one, while the seal's certificates are not valid; an unsealed file is never returned.
    """
    keys.seal.may_seal(datetime.now(UTC))
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    _attach(writer, credential)
    timestamps = keys.timestamps
    long_term = timestamps is not None and timestamps.long_term
    stamper = _stamper(timestamps, int(time() // _STAMPER_LIFE)) if timestamps else None
    evidence = context(keys.seal.chain, stamper, timestamps) if stamper and timestamps and long_term else None
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        reason=reason,
        embed_validation_info=long_term,
        validation_context=evidence,
        dss_settings=_DSS,
    )
    signer = PdfSigner(metadata, signer=_signer(keys.seal), timestamper=stamper)
    try:
        sealed: IO[Any] = finished(signer.async_sign_pdf(writer, bytes_reserved=STAMPED_ROOM if timestamps else ROOM))
    except SigningError as error:
        raise SealError(str(error)) from error
    sealed.seek(0)
    data: bytes = sealed.read()
    if b"/ETSI.CAdES.detached" not in data or data.count(b"/ByteRange") != 1:
        raise SealError("the signature is not where it should be")
    return data


@lru_cache(maxsize=4)
def _signer(seal: Seal) -> Signer:
    """The signer of ``seal``, whose certificates are parsed once."""
    return _HeldKeySigner(seal)


@lru_cache(maxsize=4)
def _stamper(timestamps: Timestamps, _hour: int) -> Stamper:
    """Who asks for timestamps; it remembers who stamps, for an hour: authorities change their certificates."""
    return Stamper(timestamps)


def _attach(writer: IncrementalPdfFileWriter, credential: bytes) -> None:
    """Embed ``credential`` as a file associated with the whole document."""
    stream = embed.EmbeddedFileObject.from_file_data(writer, credential, mime_type="application/vc+ld+json")
    specification = embed.FileSpec(
        file_spec_string=ATTACHMENT,
        file_name=ATTACHMENT,
        embedded_data=stream,
        description="Open Badges 3.0",
        af_relationship=generic.NameObject("/Data"),
    )
    embed.embed_file(writer, specification)
    names = writer.root["/Names"]["/EmbeddedFiles"]["/Names"]
    writer.root["/AF"] = generic.ArrayObject([names.raw_get(1)])
    writer.update_root()  # type: ignore[no-untyped-call]


class _HeldKeySigner(Signer):
    """Signs with a key that stays parsed, or elsewhere: pyHanko's own signer parses it again at each use."""

    def __init__(self, seal: Seal) -> None:
        certificates = [x509.Certificate.load(der) for der in seal.chain]
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple(certificates[1:])  # its own is added by pyHanko
        super().__init__(
            signing_cert=certificates[0],
            cert_registry=store,
            signature_mechanism=SignedDigestAlgorithm({"algorithm": seal.algorithm}),
        )
        self._seal = seal

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The signature of ``data``, or as many bytes for a dry run."""
        assert digest_algorithm == "sha256", "the only digest this signer announces"
        return bytes(512) if dry_run else self._seal.sign(data)
