"""Personal data, for the institution's administrators: how long it is kept, what was purged, who asks to be erased."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.errors import Refused
from lms.forms.erasure import AnswerErasureForm
from lms.i18n import gettext as _
from lms.models import ErasureRequest, db, utcnow
from lms.pages import config
from lms.retention_pages import days, setting_words, what_words
from lms.security import requires, visitor
from lms.services import erasure, retention
from lms.services.erasure import ErasureRefused

blueprint = Blueprint("retention", __name__, url_prefix="/admin/personal-data")

#: Lines of the purge log shown.
SHOWN = 200


@blueprint.get("")
@requires("administrator")
def index() -> ResponseReturnValue:
    """Requests to answer, durations in force, the purge log."""
    _own_institution()
    session, words = db.session(), what_words()
    return render_template(
        "admin/personal_data.html",
        admin_url=url_for("admin.index"),
        requests=[
            {"asked_at": row.asked_at, "name": _name(row), "url": url_for("retention.decide", number=row.id)}
            for row in erasure.waiting(session)
        ],
        settings=setting_words(config()),
        lines=[
            {"day": line.day, "what": words.get(line.what, line.what), "count": line.count, "rule": line.rule}
            for line in retention.log(session, SHOWN)
        ],
    )


@blueprint.route("/requests/<int:number>", methods=["GET", "POST"])
@requires("administrator")
def decide(number: int) -> ResponseReturnValue:
    """A request to be erased, what it would touch, and its answer."""
    _own_institution()
    session, erasing = db.session(), request.form.get("go") == "erase"
    row = session.get(ErasureRequest, number)
    if row is None or row.state != "open":
        raise Refused(
            _("This request is no longer open."), _("It was answered, or withdrawn. The list shows those that wait."),
            status=404, cause="erasure_answered",
        )  # fmt: skip
    form = AnswerErasureForm(erase=erasing)
    if not form.validate_on_submit():
        return _page(row, form), 400 if form.is_submitted() else 200
    mine = visitor().person.id
    try:
        if erasing:
            erasure.accept(session, number, mine)
        else:
            erasure.refuse(session, number, mine, form.words.data or "", utcnow())
    except ErasureRefused as refused:
        db.session.rollback()
        own = refused.reason == "own"
        raise Refused(
            _("You cannot answer your own request.") if own else _("This request is no longer open."),
            _("Another administrator answers it.") if own else _("It was answered, or withdrawn."),
            status=409,
            cause=f"erasure_{refused.reason}",
        ) from refused
    db.session.commit()
    flash(_("The personal data of this person is erased.") if erasing else _("The answer is sent."), "ok")
    return redirect(url_for("retention.index"), 303)


def _page(row: ErasureRequest, form: AnswerErasureForm) -> str:
    return render_template(
        "admin/erasure.html",
        list_url=url_for("retention.index"),
        request={"name": _name(row), "asked_at": row.asked_at, "words": row.words, **_place(row)},
        stakes=erasure.stakes(db.session(), row.person_id, utcnow()),
        certificates_time=days(config().keep_certificates_after_days),
        form=form,
    )


def _place(row: ErasureRequest) -> dict[str, Any]:
    platform = row.person.platform
    return {"platform": platform.name if platform else _("Account of this service")}


def _name(row: ErasureRequest) -> str:
    return row.person.display_name or row.person.email or _("Person %(number)s", number=row.person_id)


def _own_institution() -> None:
    """Refuse an administrator who comes from a platform: people of all of them are here."""
    if visitor().platform_id is not None:
        raise Refused(
            _("Personal data is looked after by the institution itself: not from a training platform."),
            _("Sign in with an account of this service that has the administrator role."),
            status=403,
            cause="personal_data_scope",
        )
