"""Putting a certificate in a wallet, or in a European file: what its holder sees."""

from base64 import b64encode
from uuid import UUID

from flask import Blueprint, abort, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from certificates import elm
from certificates.model import Record
from certificates.qr import png
from certificates.wallet import metadata
from lms.certificate_files import may_read
from lms.errors import Refused
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Certificate, db, utcnow
from lms.pages import config
from lms.security import limited, visitor
from lms.services import verification, wallet_offers
from lms.services.wallet_offers import NotOffered

blueprint = Blueprint("wallet", __name__)


@blueprint.get("/wallet/<uuid:identity>")
def show(identity: UUID) -> ResponseReturnValue:
    """What a wallet is, and the button that makes an offer."""
    return _page(_own(identity))


@blueprint.post("/wallet/<uuid:identity>")
@limited("10 per minute")
def offer(identity: UUID) -> ResponseReturnValue:
    """Make an offer and show it, this once."""
    certificate = _own(identity)
    try:
        made = wallet_offers.offer(db.session(), config().secret_key, certificate)
    except NotOffered as error:
        what = _("Only a valid certificate goes to a wallet.")
        raise Refused(what, _("Its page says why."), status=409, cause=f"wallet_{error.state}") from error
    db.session.commit()
    return _page(certificate, metadata.offer_link(config().base_url, made.code), made.figures)


@blueprint.get("/credentials/<uuid:identity>.elm.json")
@limited("120 per minute")
def european(identity: UUID) -> ResponseReturnValue:
    """The certificate as an unsigned European Digital Credential for Learning, while it stands."""
    found = verification.find_by_id(db.session(), identity)
    if found is None or not may_read(found.row):
        abort(404)
    if found.state in {"revoked", "replaced"}:
        abort(410)
    answer = make_response(elm.render(found.record))
    answer.headers["Content-Type"] = elm.MEDIA_TYPE
    answer.headers["Content-Disposition"] = f'attachment; filename="certificate-{identity}{elm.SUFFIX}"'
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _own(identity: UUID) -> Certificate:
    certificate = wallet_offers.own_certificate(db.session(), identity, visitor().person.id)
    if certificate is None:
        abort(404)
    return certificate


def _page(certificate: Certificate, link: str | None = None, figures: str | None = None) -> str:
    record = Record.from_dict(certificate.record)
    return render_template(
        "learn/wallet.html",
        title=localized(record.title),
        number=record.number,
        offered=verification.state_at(certificate, utcnow()) == "valid",
        link=link,
        image="data:image/png;base64," + b64encode(png(link)).decode() if link else None,
        figures=figures,
        minutes=int(wallet_offers.OFFER_LIFE.total_seconds()) // 60,
        tries=wallet_offers.TRIES,
        offer_url=url_for("wallet.offer", identity=certificate.id),
        page_url=url_for("verify.show", code=certificate.code),
        european_url=url_for("wallet.european", identity=certificate.id),
    )
