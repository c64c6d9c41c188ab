"""What a learner is granted when they are assessed, said by a trainer of their course; never why."""

from dataclasses import asdict

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.exam_pages import accommodation_words
from lms.forms.exams import AccommodationForm
from lms.i18n import ZONE
from lms.i18n import gettext as _
from lms.models import db, utcnow
from lms.security import requires, visitor
from lms.services import accommodations
from lms.services.accommodations import Granted
from lms.services.cohorts import trains
from lms.services.evidence import enrolled

blueprint = Blueprint("accommodations", __name__, url_prefix="/teach")


@blueprint.route("/<int:context_id>/learners/<int:person_id>/accommodation", methods=["GET", "POST"])
@requires("trainer")
def show(context_id: int, person_id: int) -> ResponseReturnValue:
    """What the learner is granted; a POST grants something else in its place, or nothing (``remove``)."""
    session, now = db.session(), utcnow()
    context = trains(session, visitor().person.id, context_id)
    member = enrolled(session, context_id, person_id) if context else None
    if context is None or member is None:
        abort(404)
    person = member.person
    had = accommodations.given(session, person.id)
    until = had.until.astimezone(ZONE).date() if had.until else None
    form = AccommodationForm(now, data={**asdict(had), "until": until})
    removes = request.method == "POST" and "remove" in request.form
    if removes or form.validate_on_submit():
        what = Granted() if removes else form.granted()
        accommodations.grant(session, person.id, what, visitor().person.id, now)
        session.commit()
        flash(_("No accommodation is granted any more.") if what.nothing else _("The accommodation is granted."), "ok")
        return redirect(url_for("accommodations.show", context_id=context_id, person_id=person_id), 303)
    name = person.display_name or _("Name withheld by the platform")
    page = render_template(
        "teach/accommodation.html",
        name=name,
        trail=[
            (_("My cohorts"), url_for("teach.cohorts")),
            (context.title or context.label or _("Course without title"),
             url_for("teach.cohort", context_id=context_id)),
            *([(name, url_for("evidence.learner", context_id=context_id, person_id=person_id))]
              if member.first_seen_at else []),
        ],
        form=form,
        granted=accommodation_words(had),
        over=had.until is not None and had.until <= now,
    )  # fmt: skip
    return page, 400 if form.errors else 200
