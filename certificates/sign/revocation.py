"""What proves that no certificate of a seal and of its timestamp was revoked, collected before the seal is made.

Certificates say where: revocation lists are read; where there is none, the authority is asked (OCSP).
Sources: RFC 5280 section 4.2.1.13; RFC 6960 appendix A.1.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from asn1crypto import crl, ocsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPRequestBuilder
from cryptography.x509.oid import AuthorityInformationAccessOID
from pyhanko_certvalidator import ValidationContext

from certificates.sign.seals import Ask, SealUnavailable, Timestamps, chain_of
from certificates.sign.timestamps import Stamper, finished

#: How long an answer is used again; lists say themselves when the next one comes.
FRESH = timedelta(hours=1)
_kept: dict[str, tuple[datetime, bytes]] = {}


def context(chain: Sequence[bytes], stamper: Stamper, timestamps: Timestamps) -> ValidationContext:
    """What the seal of ``chain`` (DER) and its timestamp are judged with, without any network from there on.

    Raises :class:`~certificates.sign.seals.SealUnavailable` when an authority does not answer.
    """
    token = finished(stamper.async_dummy_response("sha256"))
    root = x509.load_der_x509_certificate(timestamps.root)
    stamping = [x509.load_der_x509_certificate(choice.chosen.dump()) for choice in token["content"]["certificates"]]
    own = next(one for one in stamping if one.subject not in {other.issuer for other in stamping})
    paths = [list(chain), list(chain_of(own, [*(one for one in stamping if one != own), root]))]
    lists, answers = _evidence(paths, timestamps.ask)
    return ValidationContext(
        trust_roots=[asn1.Certificate.load(path[-1]) for path in paths],
        other_certs=[asn1.Certificate.load(der) for path in paths for der in path[:-1]],
        crls=[crl.CertificateList.load(data) for data in lists],
        ocsps=[ocsp.OCSPResponse.load(data) for data in answers],
        allow_fetching=False,
        revocation_mode="hard-fail",  # what a certificate announces must be there
    )


def _evidence(paths: Iterable[Sequence[bytes]], ask: Ask) -> tuple[list[bytes], list[bytes]]:
    """Lists, and answers, for every certificate below the last of its path."""
    lists: dict[str, bytes] = {}
    answers: list[bytes] = []
    for path in paths:
        certificates = [x509.load_der_x509_certificate(der) for der in path]
        for certificate, above in pairwise(certificates):
            published, asked = _list_url(certificate), _ocsp_url(certificate)
            if published:
                lists[published] = _once(published, ask, published, None, "")
            elif asked:
                request = OCSPRequestBuilder().add_certificate(certificate, above, hashes.SHA1()).build()  # nosec B303 # noqa: S303 - what OCSP names certificates by (RFC 6960)
                body = request.public_bytes(Encoding.DER)
                answers.append(
                    _once(f"{asked} {certificate.serial_number}", ask, asked, body, "application/ocsp-request")
                )
    return list(lists.values()), answers


def _once(name: str, ask: Ask, url: str, body: bytes | None, media_type: str) -> bytes:
    """An answer, asked again when it is no longer fresh. Raises SealUnavailable."""
    now = datetime.now(UTC)
    until, data = _kept.get(name, (now, b""))
    if now < until:
        return data
    data = ask(url, body, media_type)
    try:
        until = now + FRESH
        if body is None:
            ends = x509.load_der_x509_crl(data).next_update_utc
            until = min(until, ends) if ends else until
    except ValueError as error:
        raise SealUnavailable(f"{url} gives no revocation list") from error
    _kept[name] = until, data
    return data


def _list_url(certificate: x509.Certificate) -> str | None:
    points: Any = _extension(certificate, x509.CRLDistributionPoints) or ()
    names = [name.value for point in points for name in point.full_name or ()]
    return next((name for name in names if name.startswith(("http://", "https://"))), None)


def _ocsp_url(certificate: x509.Certificate) -> str | None:
    entries: Any = _extension(certificate, x509.AuthorityInformationAccess) or ()
    ocsp_only = (entry for entry in entries if entry.access_method == AuthorityInformationAccessOID.OCSP)
    return next((entry.access_location.value for entry in ocsp_only), None)


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
