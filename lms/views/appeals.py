"""Appeals: a learner asks for a result to be looked at again; a trainer who did not mark it answers."""

import uuid

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.model import Module, Track
from lms.errors import Refused
from lms.forms.marking import WORDS, AnswerForm, AppealForm, read_judged
from lms.i18n import gettext as _
from lms.i18n import localized, moment
from lms.marking_pages import answers_shown, markings_shown, module_name, rubric, to_judge
from lms.models import Appeal, db, utcnow
from lms.pages import config, followed
from lms.quiz_pages import attempt_module
from lms.security import requires, visitor
from lms.services import appeals, attempts, works
from lms.services.appeals import AppealRefused
from lms.services.settling import asked_of_persons, settled_by_question

blueprint = Blueprint("appeals", __name__)


@blueprint.route("/learn/attempts/<uuid:attempt_id>/appeal", methods=["GET", "POST"])
@requires("learner", "trainer", "author")
def ask(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """One's own appeal: to make, or made, with its answer."""
    session, now, days = db.session(), utcnow(), config().appeal_days
    attempt = attempts.owned(session, attempt_id, visitor().person.id)
    if attempt is None or attempt.submitted_at is None:
        abort(404)
    module, form = attempt_module(attempt), AppealForm()
    made, until = appeals.appeal_of(session, attempt), appeals.open_until(session, attempt, days)
    status = 200
    if form.is_submitted() and made is None:
        status = 400
        if form.validate():
            try:
                appeals.ask(session, attempt, form.text.data, days, now)
            except AppealRefused as refusal:
                if refusal.reason == "already":  # at the same moment, in another tab: the page shows what stands
                    session.rollback()
                    return redirect(url_for("appeals.ask", attempt_id=attempt_id), 303)
                raise Refused(_not_now(refusal.reason), _("Your trainer can tell you more."), status=409) from refusal
            session.commit()
            flash(_("Your appeal is sent. A trainer who did not mark your work answers it here."), "ok")
            return redirect(url_for("appeals.ask", attempt_id=attempt_id), 303)
    page = render_template(
        "learn/appeal.html",
        module={"code": module.code, "title": localized(module.title)},
        attempt=attempt,
        result_url=url_for("quiz.result", attempt_id=attempt_id),
        made=made,
        until=moment(until) if until and now <= until else None,
        days=days,
        form=form,
    )
    return page, status


@blueprint.route("/teach/marking/appeals/<int:number>", methods=["GET", "POST"])
@requires("trainer")
def decide(number: int) -> ResponseReturnValue:
    """An appeal, the work it is about and its marks; a POST answers it."""
    session, me = db.session(), visitor().person.id
    appeal = appeals.appeal_to_judge(session, number, me)
    if appeal is None:
        abort(404)
    attempt, track, module = to_judge(appeal.attempt_id)
    form = AnswerForm()
    if not form.is_submitted():
        return _page(appeal, track, module, form)
    if not form.validate():
        return _page(appeal, track, module, form), 400
    said = read_judged(request.form, asked_of_persons(attempt, module))
    if any(len(each.comment) > WORDS for each in said.values()):
        form.answer.errors = [_("This is too long: %(count)s characters at most.", count=WORDS)]
        return _page(appeal, track, module, form), 400
    try:
        if request.form.get("go") == "accept":
            given = [key.removeprefix("give.") for key in request.form if key.startswith("give.")]
            now_on = followed(attempt.enrolment)
            appeals.accept(session, appeal, now_on, module, me, form.answer.data, said, given, utcnow())
        else:
            appeals.reject(session, appeal, me, form.answer.data, utcnow())
    except AppealRefused as refusal:
        session.rollback()
        form.answer.errors = [_not_so(refusal.reason)]
        return _page(appeal, track, module, form), 409
    session.commit()
    flash(_("The appeal is answered. The learner reads the answer with their result."), "ok")
    return redirect(url_for("marking.index"), 303)


def _page(appeal: Appeal, track: Track, module: Module, form: AnswerForm) -> str:
    session, attempt = db.session(), appeal.attempt
    assert module.quiz is not None
    before = settled_by_question(session, attempt, module, module.quiz.markers)
    rows = works.markings_of(session, [attempt.id])[attempt.id]
    typed = read_judged(request.form, asked_of_persons(attempt, module)) if form.is_submitted() else {}
    questions = []
    for answer in answers_shown(attempt, module):
        asked, found = answer["question"], before.get(answer["key"])
        said = typed.get(answer["key"])
        levels = said.levels if said else found.rows[-1].levels if found else {}
        questions.append(
            {
                **answer,
                "markings": markings_shown(asked, rows),
                "criteria": rubric(asked, levels) if found and asked.criteria else [],
                "comment": said.comment if said else "",
                "given": f"give.{answer['key']}" in request.form,
            }
        )
    return render_template(
        "teach/appeal.html",
        appeal=appeal,
        name=attempt.enrolment.person.display_name or _("Name withheld by the platform"),
        module=module_name(track, module.key),
        jury=module.quiz.jury,
        score=attempt.score,
        marked_it=appeals.marked_by(session, attempt, visitor().person.id),
        questions=questions,
        form=form,
        most=WORDS,
    )


def _not_now(reason: str) -> str:
    return {
        "already": _("You made an appeal about this result already."),
        "no_result": _("There is no result yet: an appeal is about a result."),
    }.get(reason, _("The time to make an appeal about this result is over."))


def _not_so(reason: str) -> str:
    return {
        "marked_it": _("You marked this work: a colleague has to answer."),
        "unchanged": _("No point would change: raise a level or give a point, or reject the appeal and say why."),
        "incomplete": _("Choose a level of each criterion."),
    }.get(reason, _("A colleague has answered meanwhile."))
