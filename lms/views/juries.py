"""Juries: made by a trainer of a course, they decide works of a module two by two, and leave minutes."""

import uuid
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from curricula.model import Module, Track
from lms.award_pages import AwardWords
from lms.forms.marking import DecisionForm, JuryForm, jury_form_data
from lms.i18n import gettext as _
from lms.i18n import localized, percent
from lms.marking_pages import answers_shown, code, course_title, markings_shown, module_name, to_judge
from lms.minutes import author, decision_name, minutes, minutes_pdf
from lms.models import Attempt, Context, Jury, JuryMember, db, utcnow
from lms.pages import followed, tracks
from lms.security import requires, visitor
from lms.services import juries, learning, works
from lms.services.awards import awards
from lms.services.juries import Candidate, JuryRefused, NewJury
from lms.services.settling import proposal

blueprint = Blueprint("juries", __name__, url_prefix="/teach/juries")


@blueprint.get("")
@requires("trainer")
def index() -> ResponseReturnValue:
    """The juries the visitor sits in."""
    found = juries.juries_of(db.session(), visitor().person.id)
    rows = [
        {
            "title": jury.title,
            "url": url_for("juries.show", jury_id=jury.id),
            "course": course_title(jury.context),
            "module": module_name(tracks().get(jury.track_key), jury.module_key),
            "meets_on": jury.meets_on,
            "closed": jury.closed_at is not None,
        }
        for jury in found
    ]
    return render_template("teach/juries.html", juries=rows)


@blueprint.route("/new", methods=["GET", "POST"])
@requires("trainer")
def new() -> ResponseReturnValue:
    """Choose the course and the module, then who sits and when."""
    choices = _places()
    asked = request.values.get("place", "")
    place = next((each for each in choices if each["key"] == asked), None)
    if place is None:
        return render_template("teach/jury_new.html", places=choices, place=None, form=None)
    context: Context = place["context"]
    form = JuryForm(_people(context.id))
    if form.validate_on_submit():
        track_key, module_key = asked.split("/")[1:]
        made = NewJury(track_key, module_key, form.title.data, form.meets_on, form.sitting, form.anonymous.data)
        try:
            jury = juries.create(db.session(), context, made, visitor().person.id)
        except JuryRefused as refusal:  # a colleague left the course meanwhile
            form.members.errors = [_why(refusal.reason)]
        else:
            db.session.commit()
            flash(_("The jury is made. Its members find it under « My juries »."), "ok")
            here = any(member == visitor().person.id for member in form.sitting)
            return redirect(url_for("juries.show", jury_id=jury.id) if here else url_for("juries.index"), 303)
    status = 400 if form.is_submitted() else 200
    return render_template("teach/jury_new.html", places=choices, place=place, form=form), status


@blueprint.get("/<int:jury_id>")
@requires("trainer")
def show(jury_id: int) -> ResponseReturnValue:
    """The works before a jury, what is decided, what waits for a second member."""
    jury, _seat, track, module = _own(jury_id)
    found = juries.candidates(db.session(), jury)
    return render_template(
        "teach/jury.html",
        jury=jury,
        course=course_title(jury.context),
        module=module_name(track, jury.module_key),
        guide_url=_guide_url(track, module),
        members=juries.members(db.session(), jury),
        candidates=[_row(jury, candidate) for candidate in found],
        pending=sum(each.waits for each in found),
    )


@blueprint.route("/<int:jury_id>/edit", methods=["GET", "POST"])
@requires("trainer")
def edit(jury_id: int) -> ResponseReturnValue:
    """Change the day, the title or who sits, until the jury is closed."""
    jury, _seat, track, _module = _own(jury_id)
    sits = juries.members(db.session(), jury)
    form = JuryForm(_people(jury.context_id), data=jury_form_data(jury, sits))
    form.members.description = _("Two at least, trainers of this course. Whoever took part in a decision stays.")
    status = 400 if form.is_submitted() else 200
    if form.validate_on_submit():
        new = NewJury(
            jury.track_key, jury.module_key, form.title.data, form.meets_on, form.sitting, form.anonymous.data
        )
        try:
            juries.change(db.session(), jury, new, visitor().person.id)
        except JuryRefused as refusal:
            db.session.rollback()
            form.members.errors, status = [_why(refusal.reason)], 409
        else:
            db.session.commit()
            flash(_("The jury is changed."), "ok")
            here = juries.seat(db.session(), jury_id, visitor().person.id) is not None
            return redirect(url_for("juries.show", jury_id=jury_id) if here else url_for("juries.index"), 303)
    place = {"name": f"{course_title(jury.context)}, {module_name(track, jury.module_key)}"}
    return render_template("teach/jury_new.html", places=[place], place=place, form=form, jury=jury), status


@blueprint.route("/<int:jury_id>/candidates/<uuid:attempt_id>", methods=["GET", "POST"])
@requires("trainer")
def candidate(jury_id: int, attempt_id: uuid.UUID) -> ResponseReturnValue:
    """A work before the jury, its marks; a POST writes what the jury decides, for a second member to confirm."""
    jury, seat, _track, _module = _own(jury_id)
    found, module = _candidate(jury, attempt_id)
    form = _decision(found.attempt, module)
    if form.validate_on_submit():
        proposed = proposal(db.session(), found.attempt, module).value
        try:
            juries.propose(
                db.session(), jury, seat, found.attempt, module, form.decision.data, form.said_score(proposed),
                form.reason.data, utcnow(),
            )  # fmt: skip
        except JuryRefused as refusal:
            db.session.rollback()
            if refusal.reason == "not_member":
                return _left()
            form.score.errors = [_why(refusal.reason)]
            return _candidate_page(jury, seat, found, module, form), 409
        db.session.commit()
        flash(_("The decision is written. It holds once a second member confirms it."), "ok")
        return redirect(url_for("juries.candidate", jury_id=jury_id, attempt_id=attempt_id), 303)
    return _candidate_page(jury, seat, found, module, form), 400 if form.is_submitted() else 200


@blueprint.post("/<int:jury_id>/candidates/<uuid:attempt_id>/confirm")
@requires("trainer")
def confirm(jury_id: int, attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Stand by what another member wrote: the decision holds, and the result is given."""
    jury, seat, _current, _module = _own(jury_id)
    found, module = _candidate(jury, attempt_id)
    number = request.form.get("said", "")
    said, track = int(number) if number.isdecimal() and len(number) < 10 else 0, followed(found.attempt.enrolment)
    try:
        juries.confirm(db.session(), jury, seat, found.attempt, track, module, said, utcnow())
    except JuryRefused as refusal:
        db.session.rollback()
        if refusal.reason == "not_member":
            return _left()
        flash(_why(refusal.reason), "warm")
        return redirect(url_for("juries.candidate", jury_id=jury_id, attempt_id=attempt_id), 303)
    db.session.commit()
    flash(_("The jury has decided."), "ok")
    return redirect(url_for("juries.show", jury_id=jury_id), 303)


@blueprint.post("/<int:jury_id>/close")
@requires("trainer")
def close(jury_id: int) -> ResponseReturnValue:
    """Make the minutes final."""
    jury, _seat, _track, _module = _own(jury_id)
    try:
        juries.close(db.session(), jury, visitor().person.id, utcnow())
    except JuryRefused as refusal:
        db.session.rollback()
        flash(_why(refusal.reason), "warm")
        return redirect(url_for("juries.show", jury_id=jury_id), 303)
    db.session.commit()
    flash(_("The jury is closed: its minutes are final."), "ok")
    return redirect(url_for("juries.minutes_page", jury_id=jury_id), 303)


@blueprint.get("/<int:jury_id>/minutes")
@requires("trainer")
def minutes_page(jury_id: int) -> ResponseReturnValue:
    """The minutes, as a page."""
    jury, said = _minutes(jury_id)
    return render_template("teach/minutes.html", jury_id=jury.id, minutes=said)


@blueprint.get("/<int:jury_id>.pdf")
@requires("trainer")
def minutes_file(jury_id: int) -> ResponseReturnValue:
    """The minutes, on paper."""
    jury, said = _minutes(jury_id)
    name = f"{_('jury-minutes')}-{jury.meets_on.isoformat()}-{jury.id}.pdf"
    return send_file(BytesIO(minutes_pdf(said)), "application/pdf", as_attachment=True, download_name=name)


def _own(jury_id: int) -> tuple[Jury, JuryMember, Track | None, Module | None]:
    """The jury the visitor sits in, with its module as it is published; 404 otherwise."""
    found = juries.seat(db.session(), jury_id, visitor().person.id)
    if found is None:
        abort(404)
    track = tracks().get(found[0].track_key)
    return *found, track, track.module(found[0].module_key) if track else None


def _left() -> ResponseReturnValue:
    """Where somebody goes on whose seat a colleague took away meanwhile."""
    flash(_why("not_member"), "warm")
    return redirect(url_for("juries.index"), 303)


def _guide_url(track: Track | None, module: Module | None) -> str | None:
    """Where the guide of those who judge the works of a module is; None where it has none."""
    if track is None or module is None or module.paper("kit-jury") is None:
        return None
    return url_for("papers.show", track_key=track.key, module_key=module.key, paper_kind="kit-jury")


def _minutes(jury_id: int) -> tuple[Jury, dict[str, Any]]:
    jury, _seat, track, _module = _own(jury_id)
    session = db.session()
    return jury, minutes(jury, track, juries.members(session, jury), juries.candidates(session, jury))


def _candidate(jury: Jury, attempt_id: uuid.UUID) -> tuple[Candidate, Module]:
    """The work of that number before the jury, with the module it began in; 404 otherwise."""
    found = next((each for each in juries.candidates(db.session(), jury) if each.attempt.id == attempt_id), None)
    if found is None:
        abort(404)
    return found, to_judge(attempt_id)[2]


def _decision(attempt: Attempt, module: Module) -> DecisionForm:
    return DecisionForm(percent(proposal(db.session(), attempt, module).value))


def _candidate_page(jury: Jury, seat: JuryMember, found: Candidate, module: Module, form: DecisionForm) -> str:
    session, attempt, said = db.session(), found.attempt, found.said
    rows = works.markings_of(session, [attempt.id])[attempt.id]
    assert module.quiz is not None
    return render_template(
        "teach/jury_candidate.html",
        jury=jury,
        name=author(jury, found),
        copy=code(attempt.id),
        attempt_id=attempt.id,
        module=f"{module.code} · {localized(module.title)}",
        proposed=proposal(session, attempt, module).value,
        threshold=module.quiz.threshold,
        questions=[
            {**answer, "markings": markings_shown(answer["question"], rows)}
            for answer in answers_shown(attempt, module)
        ],
        said={
            "id": said.id,
            "decision": decision_name(said.decision),
            "score": said.score,
            "reason": said.reason,
            "by": [member.name for member in found.confirmed],
            "decided_at": said.decided_at,
            "elsewhere": found.elsewhere,
            "mine": any(member.id == seat.id for member in found.confirmed),
        }
        if said
        else None,
        open=jury.closed_at is None and found.work.state == "jury",
        awards=_awards(attempt, anonymous=jury.anonymous and not found.decided),
        form=form,
    )


def _awards(attempt: Attempt, *, anonymous: bool) -> list[dict[str, Any]]:
    """The label that waits for this decision, as the learner and their trainers see it; no name where it is hidden."""
    row, track = attempt.enrolment, followed(attempt.enrolment)
    found = [each for each in awards(db.session(), row.person_id, track) if each.rule.kind == "label"]
    state = learning.track_progress(db.session(), row, track) if found else None
    return AwardWords(track, state, anonymous=anonymous).shown(found)["main"]


def _row(jury: Jury, candidate: Candidate) -> dict[str, Any]:
    said = candidate.said
    return {
        "name": author(jury, candidate),
        "code": code(candidate.attempt.id),
        "url": url_for("juries.candidate", jury_id=jury.id, attempt_id=candidate.attempt.id),
        "decision": decision_name(said.decision) if said else None,
        "kind": said.decision if said else None,
        "score": said.score if said else None,
        "decided": candidate.decided,
        "elsewhere": candidate.elsewhere,
        "by": [member.name for member in candidate.confirmed],
    }


def _people(context_id: int) -> list[tuple[int, str]]:
    """The trainers of a course, who may sit."""
    return [
        (person.id, person.display_name or _("Name withheld by the platform"))
        for person in juries.trainers(db.session(), context_id)
    ]


def _places() -> list[dict[str, Any]]:
    """The modules that a jury decides, in each course of the visitor."""
    found = []
    for context, placed in juries.places(db.session(), visitor().person.id):
        for key in sorted(placed or tracks()):
            track = tracks().get(key)
            for module in track.published_modules if track else ():
                if module.quiz and module.quiz.jury:
                    name = f"{course_title(context)}, {module_name(track, module.key)}"
                    found.append({"key": f"{context.id}/{key}/{module.key}", "name": name, "context": context})
    return found


def _why(reason: str) -> str:
    return {
        "not_trainer": _("A member does not train this course any more."),
        "too_few": _("Choose two members at least."),
        "closed": _("The jury is closed: it decides nothing more."),
        "below": _("This score is below the threshold: write another one, or do not admit."),
        "above": _("This score reaches the threshold: write a lower one, or admit."),
        "same": _("You stand by this decision already: another member has to confirm it."),
        "replaced": _("Another decision was written meanwhile: read it before you confirm."),
        "not_member": _("You do not sit in this jury any more."),
        "pending": _("A decision waits for a second member: confirm it or write another one, then close."),
    }.get(reason, _("This work is decided already."))
