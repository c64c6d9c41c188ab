"""One's own certificates: the name to print, each certificate with its files, who sees it, its history."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from curricula.model import Track
from lms.award_pages import AwardWords
from lms.certificate_files import files, form_of_suffix, stored_form
from lms.certificate_pages import fields, history, linked, refusal_words, state_tag, summary
from lms.errors import Refused
from lms.forms.certificates import CorrectionForm, NameForm
from lms.i18n import gettext as _
from lms.models import ROLES, Certificate, Enrolment, Person, db, utcnow
from lms.pages import config, local_path, tracks
from lms.security import requires, visitor
from lms.services import awards, corrections, reminders, verification
from lms.services import certificate_life as life
from lms.services.awards import Award, promise_earned
from lms.services.certificate_life import LifeRefused

blueprint = Blueprint("certificates", __name__, url_prefix="/certificates")


@blueprint.get("/")
@requires(*ROLES)
def index() -> ResponseReturnValue:
    """Every certificate of the visitor, the last one first."""
    session, me, now = db.session(), visitor().person, utcnow()
    rows = [verification.standing_of(session, row) for row in life.of_holder(session, me.id)]
    return render_template(
        "certificates/index.html",
        name=me.certificate_name,
        proposed=me.display_name,
        certificates=[
            {
                **summary(found),
                "tag": state_tag(found.state),
                "url": _address(found.row),
                "ends": reminders.step_of(found.row, now) if _last(found) else None,
            }
            for found in rows
        ],
    )


@blueprint.route("/name", methods=["GET", "POST"])
@requires(*ROLES)
def name() -> ResponseReturnValue:
    """Confirm or correct the name that certificates to come will bear; those that waited for it are then issued."""
    me = db.session.scalars(select(Person).where(Person.id == visitor().person.id)).one()
    back = local_path(request.values.get("next"), url_for("certificates.index"))
    form = NameForm(name=me.certificate_name or me.display_name)
    if form.validate_on_submit():
        me.certificate_name = form.name.data
        promise_earned(db.session(), me.id, tracks())
        db.session.commit()
        flash(_("Your certificates to come will bear this name."), "ok")
        return redirect(back, 303)
    page = render_template(
        "certificates/name.html", form=form, next=back, confirmed=me.certificate_name, proposed=me.display_name
    )
    return page, 400 if form.errors else 200


@blueprint.get("/<uuid:identity>")
@requires(*ROLES)
def show(identity: UUID) -> ResponseReturnValue:
    """One certificate: what it says, its files, who sees it, its renewal, its history."""
    return _page(_own(identity), CorrectionForm(formdata=None))


@blueprint.get("/<uuid:identity>/files/<suffix>")
@requires(*ROLES)
def file(identity: UUID, suffix: str) -> Response:
    """A form of one's own certificate, masked name or not."""
    row, form = _own(identity), form_of_suffix(suffix)
    stored = verification.file(db.session(), row.id, form) if form else None
    if stored is None:
        abort(404)
    return stored_form(stored)


@blueprint.post("/<uuid:identity>/visibility")
@requires(*ROLES)
def visibility(identity: UUID) -> ResponseReturnValue:
    """Show the name on the public page (``shown`` is 1) or mask it (0)."""
    row, shown = _own(identity), _flag("shown")
    life.show_name(db.session(), row, shown, utcnow())
    db.session.commit()
    flash(_("The public page shows your name.") if shown else _("The public page no longer shows your name."), "ok")
    return redirect(_address(row), 303)


@blueprint.post("/<uuid:identity>/sharing")
@requires(*ROLES)
def sharing(identity: UUID) -> ResponseReturnValue:
    """Open a sharing link (``shared`` is 1), or close it (0)."""
    row, shared = _own(identity), _flag("shared")
    life.share(db.session(), row, shared, utcnow())
    db.session.commit()
    flash(_("The sharing link is open.") if shared else _("The sharing link is closed: it leads nowhere now."), "ok")
    return redirect(_address(row), 303)


@blueprint.post("/<uuid:identity>/correction")
@requires(*ROLES)
def correction(identity: UUID) -> ResponseReturnValue:
    """Ask for another name on the certificate."""
    row, form = _own(identity), CorrectionForm()
    if not form.validate_on_submit():
        return _page(row, form), 400
    try:
        corrections.ask(db.session(), row, form.name.data, form.words.data or "", utcnow())
    except LifeRefused as refused:
        db.session.rollback()
        form.name.errors = [refusal_words(refused.reason)]
        return _page(_own(identity), form), 409
    db.session.commit()
    flash(_("Your request is sent. The answer will be here."), "ok")
    return redirect(_address(row), 303)


@blueprint.post("/<uuid:identity>/renewal")
@requires(*ROLES)
def renewal(identity: UUID) -> ResponseReturnValue:
    """Ask for the next cycle of a certificate whose conditions were met again; a worker issues it."""
    row = _own(identity)
    enrolment, award = _award(row)
    if enrolment is None or award is None or award.issued is None or not award.renewable(utcnow()):
        raise Refused(
            _("This certificate cannot be renewed yet."), _("Read on its page what is left to do, and from when."),
            status=409, cause="not_renewable",
        )  # fmt: skip
    awards.ask(db.session(), enrolment, row.award_key, award.issued.cycle + 1)
    db.session.commit()
    flash(_("The new certificate is being prepared. It takes less than a minute."), "ok")
    return redirect(url_for("certificates.index"), 303)


def _award(row: Certificate) -> tuple[Enrolment | None, Award | None]:
    """The enrolment a certificate rests on, and how its holder stands with what it is of today."""
    enrolment = db.session.get(Enrolment, row.enrolment_id) if row.enrolment_id else None
    track = _track(enrolment) if enrolment else None
    return enrolment, awards.award(db.session(), row.person_id, track, row.award_key) if track else None


def _track(enrolment: Enrolment) -> Track | None:
    return tracks().followed(enrolment.track_key, enrolment.track_digest)


def _renewal(row: Certificate, found: verification.Standing) -> dict[str, Any] | None:
    """How it is renewed (see show.html); None for what is not, or no longer."""
    enrolment, award = _award(row) if row.valid_until and row.status == "valid" and _last(found) else (None, None)
    track = _track(enrolment) if enrolment else None
    if award is None or award.renewal is None or track is None:
        return None
    return {
        "opens": reminders.renewal_opens(row),
        "open": reminders.renewal_open(row, utcnow()),
        "ready": False,
        "conditions": [],
        **(AwardWords(track).renewal(award) or {}),
        "track_url": url_for("learn.track", track_key=track.key),
    }


def _page(row: Certificate, form: CorrectionForm) -> str:
    session = db.session()
    found = verification.standing_of(session, row)
    asked = corrections.of_certificate(session, row)
    return render_template(
        "certificates/show.html",
        certificate=summary(found),
        tag=state_tag(found.state),
        fields=fields(found),
        files=files(found, lambda suffix: url_for("certificates.file", identity=row.id, suffix=suffix)),
        wallet_url=url_for("wallet.show", identity=row.id) if found.state == "valid" else None,
        follows=linked(found),
        name_public=row.name_public,
        share_url=config().base_url + url_for("shared.show", token=row.share_token) if row.share_token else None,
        correction=asked[0] if asked else None,
        correctable=found.state == "valid" and not (asked and asked[0].state in corrections.PENDING),
        form=form,
        renewal=_renewal(row, found),
        history=history(found, list(life.events(session, row))),
    )


def _last(found: verification.Standing) -> bool:
    """Whether nothing takes the place of this certificate."""
    return found.replaced_by is None and found.renewed_by is None


def _own(identity: UUID) -> Certificate:
    row = life.one_of_holder(db.session(), visitor().person.id, identity)
    if row is None:
        abort(404)
    return row


def _flag(name: str) -> bool:
    value = request.form.get(name)
    if value not in {"0", "1"}:
        abort(400)
    return value == "1"


def _address(row: Certificate) -> str:
    return url_for("certificates.show", identity=row.id)
