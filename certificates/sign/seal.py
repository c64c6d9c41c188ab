"""The seal of a PDF: its credential attached, then one PAdES signature that allows no change after it.

Sources: ETSI EN 319 142-1 (PAdES B-B); ISO 32000-2 sections 12.8.2.2 (DocMDP) and 14.13 (associated files).
"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from io import BytesIO
from typing import IO, Any

from asn1crypto import x509
from asn1crypto.algos import SignedDigestAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from pyhanko.pdf_utils import embed, generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certificates.sign.keys import Keys

#: The name under which every sealed certificate carries its credential.
ATTACHMENT = "credential.json"
FIELD = "Seal"
#: Room for the signature, enough for a chain of three: knowing it spares pyHanko a trial signature.
_RESERVED = 8192


class SealError(Exception):
    """The PDF could not be sealed, and must not leave."""


def seal(pdf: bytes, credential: bytes, keys: Keys, *, reason: str) -> bytes:
    """``pdf`` with ``credential`` attached, sealed. ``reason`` is shown by PDF readers beside the signature.

    Raises :class:`SealError`; an unsealed file is never returned.
    """
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    _attach(writer, credential)
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        reason=reason,
    )
    sealed: IO[Any] = _finished(
        PdfSigner(metadata, signer=_signer(keys)).async_sign_pdf(writer, bytes_reserved=_RESERVED)
    )
    sealed.seek(0)
    data: bytes = sealed.read()
    if b"/ETSI.CAdES.detached" not in data:
        raise SealError("the signature is not where it should be")
    return data


def _finished(signing: Coroutine[Any, Any, IO[Any]]) -> IO[Any]:
    """What ``signing`` gives. pyHanko signs in an event loop; where one already runs, ours takes a thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(signing)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, signing).result()


@lru_cache(maxsize=4)
def _signer(keys: Keys) -> Signer:
    """The signer of ``keys``, whose certificates are parsed once."""
    return _HeldKeySigner(keys)


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
    """Signs with a key that stays parsed: pyHanko's own signer parses it again at each use."""

    def __init__(self, keys: Keys) -> None:
        certificates = [x509.Certificate.load(der) for der in keys.seal_chain]
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple(certificates[1:])  # its own is added by pyHanko
        super().__init__(
            signing_cert=certificates[0],
            cert_registry=store,
            signature_mechanism=SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        )
        self._key = keys.seal

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """The ECDSA signature of ``data``, or as many bytes for a dry run."""
        assert digest_algorithm == "sha256", "the only digest this signer announces"
        return bytes(72) if dry_run else self._key.sign(data, ec.ECDSA(SHA256()))
