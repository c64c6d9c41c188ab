"""One's own personal data: what is kept and why, a copy of all of it, what can be put right, being erased."""

import json

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.forms.erasure import AskErasureForm
from lms.i18n import gettext as _
from lms.models import Person, db, utcnow
from lms.pages import config
from lms.retention_pages import corrections, days, kept
from lms.security import limited, visitor
from lms.services import erasure
from lms.services.erasure import ErasureRefused
from lms.services.privacy import taken_out

blueprint = Blueprint("my_data", __name__, url_prefix="/account/data")


@blueprint.get("")
def index() -> ResponseReturnValue:
    """What is kept of the visitor: why, on which basis, until when, from where (RGPD, articles 13 to 15)."""
    return _page(AskErasureForm(formdata=None))


@blueprint.get("/data.json")
@limited("20 per minute")
def download() -> ResponseReturnValue:
    """Everything, in a format programs read (RGPD, articles 15 and 20)."""
    person = _me()
    content = json.dumps(taken_out(db.session(), person), ensure_ascii=False, indent=2)
    headers = {"Content-Disposition": f'attachment; filename="personal-data-{person.id}.json"'}
    return Response(content, content_type="application/json; charset=utf-8", headers=headers)


@blueprint.post("/erasure")
def ask() -> ResponseReturnValue:
    """Ask to be erased."""
    form = AskErasureForm()
    if not form.validate_on_submit():
        return _page(form), 400
    try:
        erasure.ask(db.session(), _me(), form.words.data or "", utcnow())
    except ErasureRefused:
        db.session.rollback()
        flash(_("Your request was already sent. The answer will be here."), "warm")
        return redirect(url_for("my_data.index"), 303)
    db.session.commit()
    flash(_("Your request is sent. An administrator answers it within a month."), "ok")
    return redirect(url_for("my_data.index"), 303)


@blueprint.post("/erasure/withdrawal")
def withdraw() -> ResponseReturnValue:
    """Take the request back."""
    if erasure.withdraw(db.session(), visitor().person.id, utcnow()):
        flash(_("Your request is withdrawn: nothing is erased."), "ok")
    else:
        flash(_("There is no request to withdraw."), "warm")
    db.session.commit()
    return redirect(url_for("my_data.index"), 303)


def _me() -> Person:
    return db.session.get_one(Person, visitor().person.id)


def _page(form: AskErasureForm) -> str:
    person, session = _me(), db.session()
    data = taken_out(session, person)
    asked = erasure.last_of(session, person.id)
    contact = config().privacy_contact
    return render_template(
        "account/data.html",
        kept=kept(config(), data),
        corrections=corrections(person),
        contact={"text": contact, "url": f"mailto:{contact}" if "@" in contact else contact} if contact else None,
        platform=person.platform.name if person.platform else None,
        stakes=erasure.stakes(session, person.id, utcnow()),
        certificates_time=days(config().keep_certificates_after_days),
        journal_time=days(config().keep_journal_days),
        human_resources=bool(data["human_resources"]),
        asked=asked,
        form=form,
        download_url=url_for("my_data.download"),
        ask_url=url_for("my_data.ask"),
        withdraw_url=url_for("my_data.withdraw"),
        back_url=url_for("account.settings"),
        refused=request.method == "POST",
    )
