"""Timestamps of seals (RFC 3161): an authority that is not us attests when a seal existed.

A token is kept in one form only: its container has unsigned parts, which could be changed or say anything otherwise.
Sources: RFC 3161; RFC 5652 section 5; ETSI EN 319 122-1 section 5.3 (signature-time-stamp).
"""

import asyncio
import hashlib
from collections.abc import Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from asn1crypto import cms, core, tsp, x509
from cryptography import x509 as pyca
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from certificates.sign.seals import SealUnavailable, Timestamps, chain_of

_T = TypeVar("_T")


class TokenError(ValueError):
    """A timestamp that does not hold."""


class Stamper(TimeStamper):
    """Asks for timestamps, and takes none that could not be believed later."""

    def __init__(self, timestamps: Timestamps) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._from = timestamps

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """What the authority answers. Raises :class:`SealUnavailable`."""
        answer = self._from.ask(self._from.url, req.dump(), "application/timestamp-query")
        return tsp.TimeStampResp.load(answer)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """The authority's token over a digest, in the one form we keep. Raises :class:`SealUnavailable`."""
        try:
            token = only_form(await super().async_timestamp(message_digest, md_algorithm), self._from.root)
            await _checked(token, message_digest, [self._from.root])
        except (TimestampRequestError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise SealUnavailable(f"the timestamping authority gave no usable timestamp: {error}") from error
        return token


def check(token: cms.ContentInfo, signature: bytes, roots: Iterable[bytes]) -> datetime:
    """When ``signature`` existed, on the word of an authority under one of ``roots``. Raises :class:`TokenError`."""
    for root in roots:
        try:
            if only_form(token, root).dump() == token.dump():
                return finished(_checked(token, hashlib.sha256(signature).digest(), [root]))
        except TokenError:
            continue  # perhaps another of the authorities there were
    raise TokenError("not a timestamp of an authority the issuer publishes")


async def _checked(token: cms.ContentInfo, digest: bytes, roots: Iterable[bytes]) -> datetime:
    try:
        signed = token["content"]
        moment: datetime = signed["encap_content_info"]["content"].parsed["gen_time"].native
        trusted = [x509.Certificate.load(root) for root in roots]
        context = ValidationContext(trust_roots=trusted, moment=moment, allow_fetching=False)
        found = await validate_tst_signed_data(signed, context, lambda name: digest if name == "sha256" else b"")
    except Exception as error:  # as in only_form
        raise TokenError(f"{type(error).__name__}: {error}") from error
    status = TimestampSignatureStatus(**found)
    if not (status.intact and status.valid and status.trusted):
        raise TokenError("the timestamp does not hold")
    return moment


def only_form(token: cms.ContentInfo, root: bytes) -> cms.ContentInfo:
    """``token`` without anything that is not signed, but for the certificates that lead to ``root`` (DER).

    Raises :class:`TokenError` for a token that is not one of a single authority.
    """
    try:
        signed = token["content"]
        (signer,) = signed["signer_infos"]
        attested = bytes(signed["encap_content_info"]["content"])
        held = [pyca.load_der_x509_certificate(choice.chosen.dump()) for choice in signed["certificates"]]
        name, serial = signer["sid"].chosen["issuer"], signer["sid"].chosen["serial_number"].native
        own = next(one for one in held if one.serial_number == serial and one.issuer.public_bytes() == name.dump())
        chain = chain_of(own, [*(one for one in held if one != own), pyca.load_der_x509_certificate(root)])
        if chain[-1] != root:
            raise TokenError("not an authority under the root that is believed")
        certificates = [x509.Certificate.load(der) for der in chain[:-1]]
        digest = {"algorithm": signer["digest_algorithm"]["algorithm"].native}
        elliptic = certificates[0].public_key.algorithm == "ec"
        mechanism = f"{digest['algorithm']}_ecdsa" if elliptic else "rsassa_pkcs1v15"
        only = cms.SignerInfo(
            {
                "version": "v1",
                "sid": {"issuer_and_serial_number": {"issuer": name, "serial_number": serial}},
                "digest_algorithm": digest,
                "signed_attrs": signer["signed_attrs"],
                "signature_algorithm": {"algorithm": mechanism},
                "signature": signer["signature"],
            }
        )
        data = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [digest],
                "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(attested)},
                "certificates": certificates,
                "signer_infos": [only],
            }
        )
    except Exception as error:  # anyone may have written it, and parsers refuse in many ways
        raise TokenError("not a timestamp") from error
    return cms.ContentInfo.load(cms.ContentInfo({"content_type": "signed_data", "content": data}).dump())


def finished(work: Coroutine[Any, Any, _T]) -> _T:
    """What ``work`` gives. pyHanko works in an event loop; where one already runs, ours takes a thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
