"""Personal data asked for, or erased, by a platform's administrator (LTI Data Privacy Launch)."""

import json

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.forms.privacy import EraseForm
from lms.i18n import gettext as _
from lms.models import Person, db, writing
from lms.pages import config
from lms.retention_pages import days
from lms.security import visitor
from lms.services.audit import record
from lms.services.privacy import erase, held, person_of, read_request, taken_out

blueprint = Blueprint("privacy", __name__, url_prefix="/privacy")


@blueprint.get("/<asked>")
def show(asked: str) -> ResponseReturnValue:
    """What is held about the person, and what can be done about it."""
    person = _about(asked)
    return _page(asked, person, EraseForm())


@blueprint.get("/<asked>/data.json")
def download(asked: str) -> ResponseReturnValue:
    """Everything held about the person, as a file; who took it is in the journal before it leaves."""
    person = _about(asked)
    if person is None:
        abort(404)
    number = person.id
    content = json.dumps(taken_out(db.session(), person), ensure_ascii=False, indent=2)
    with writing(db.session()):
        record(db.session(), "person_exported", f"person:{number}", visitor().person.id)
        db.session.commit()
    headers = {"Content-Disposition": f'attachment; filename="personal-data-{number}.json"'}
    return Response(content, content_type="application/json; charset=utf-8", headers=headers)


@blueprint.post("/<asked>")
def erase_person(asked: str) -> ResponseReturnValue:
    """Erase the person, once confirmed."""
    person = _about(asked)
    if person is None:
        abort(404)
    form = EraseForm()
    if not form.validate_on_submit():
        return _page(asked, person, form), 400
    number = person.id
    kept = erase(db.session(), person)
    mine = visitor().person.id
    record(db.session(), "person_erased", f"person:{number}", None if mine == number else mine, certificates_kept=kept)
    db.session.commit()
    flash(_("The personal data of this person is erased."), "ok")
    return redirect(url_for("privacy.show", asked=asked), 303)


def _page(asked: str, person: Person | None, form: EraseForm) -> str:
    return render_template(
        "privacy/show.html",
        person=person,
        held=held(db.session(), person.id) if person else None,
        certificates_time=days(config().keep_certificates_after_days),
        form=form,
        download_url=url_for("privacy.download", asked=asked),
        erase_url=url_for("privacy.erase_person", asked=asked),
    )


def _about(asked: str) -> Person | None:
    """The person of a request made by this very session; 404 for any other visitor."""
    request = read_request(config().secret_key, asked)
    if request is None or visitor().session.token_hash != request.session_hash:
        abort(404)
    return person_of(db.session(), request.platform_id, request.about)
