"""Being assessed: the rules, one question a page, a last look, the result."""

import uuid
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from curricula.model import Module, Track
from curricula.progress import ModuleProgress
from lms.attempt_access import mine, permission, writable
from lms.errors import Refused
from lms.forms.answer import TooLong, read_answer
from lms.i18n import clock
from lms.i18n import gettext as _
from lms.models import Enrolment, db
from lms.pages import followed, track_or_404
from lms.questions import notes
from lms.quiz_pages import asked_question, attempt_module, question_page, result_page, review_page, so_far, start_page
from lms.refusals import too_long, why_refused
from lms.security import requires, visitor
from lms.services import attempts, learning
from lms.services.answers import AnswerRefused, Saved, answers, next_open, save_answer
from lms.services.attempts import AttemptRefused
from lms.track_order import waits

blueprint = Blueprint("quiz", __name__, url_prefix="/learn")

#: Answering is protected by the permission signed into each question page, which outlives the session.
OWN_TOKEN = ("quiz.question",)

READERS = ("learner", "trainer", "author")


@blueprint.url_value_preprocessor
def _read_whole(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Read an answer whole, however long, before anything else reads the form: what is too long is shown again."""
    if endpoint == "quiz.question":
        request.max_form_memory_size = request.max_content_length


@blueprint.route("/<track_key>/<module_key>/assessment", methods=["GET", "POST"])
@requires(*READERS)
def start(track_key: str, module_key: str) -> ResponseReturnValue:
    """The rules and what is left; a POST begins an attempt or goes back to the one under way."""
    row = learning.enrolment(db.session(), visitor().person.id, track_or_404(track_key).key)
    if row is None:
        return redirect(url_for("learn.track", track_key=track_key), 303)
    track = followed(row)
    module = track.module(module_key)
    if module is None or module.quiz is None or not module.published:
        abort(404)
    if request.method == "POST":
        try:
            step = _locking(row, track, module)
            attempt = attempts.start(db.session(), row, module, locked=step is not None)
        except AttemptRefused as refusal:
            if refusal.reason == "locked" and step is not None:
                raise Refused(waits(step), _("Its lessons can be read meanwhile."), status=409) from refusal
            raise Refused(
                why_refused(refusal.reason, refusal.opens_at), _("Your earlier results are kept."), status=409
            ) from refusal
        db.session.commit()
        kept = answers(db.session(), attempt.id)
        return redirect(url_for("quiz.question", attempt_id=attempt.id, number=next_open(attempt, kept)), 303)
    return start_page(track, module, row)


@blueprint.route("/attempts/<uuid:attempt_id>/<int:number>", methods=["GET", "POST"])
def question(attempt_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """One question. A POST keeps the answer, even when the session has ended meanwhile, then goes on."""
    if request.method == "POST":
        return _answered(attempt_id, number)
    visitor()
    attempt, _track, module = mine(attempt_id)
    if attempt.submitted_at is not None:
        return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)
    return question_page(attempt, module, number, permission=permission(attempt))


@blueprint.get("/attempts/<uuid:attempt_id>/review")
@requires(*READERS)
def review(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Before submitting: what is answered, what is not."""
    attempt, _track, module = mine(attempt_id)
    if attempt.submitted_at is not None:
        return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)
    return review_page(attempt, module)


@blueprint.post("/attempts/<uuid:attempt_id>/submit")
@requires(*READERS)
def submit(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Close and grade the attempt; done twice, the first result stands."""
    attempt, track, module = mine(attempt_id)
    try:
        attempts.submit(db.session(), attempt, track, module)
    except AttemptRefused as refusal:
        if refusal.reason != "incomplete":
            raise
        db.session.rollback()
        return review_page(attempt, module, refused=True), 409
    db.session.commit()
    return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)


@blueprint.get("/attempts/<uuid:attempt_id>/result")
@requires(*READERS)
def result(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """The score, the way on, and the feedback of every option."""
    attempt, track, module = mine(attempt_id)
    if attempt.submitted_at is None or module.quiz is None:
        return redirect(url_for("quiz.review", attempt_id=attempt.id), 303)
    return result_page(attempt, track, module)


def _answered(attempt_id: uuid.UUID, number: int) -> ResponseReturnValue:
    wants_json = request.accept_mimetypes.best == "application/json"
    attempt = writable(attempt_id)
    module = attempt_module(attempt)
    asked, item = asked_question(attempt, module, number)
    try:
        saved = save_answer(db.session(), attempt, asked, read_answer(request.form, asked, item))
    except TooLong as error:
        what = too_long(error.count, error.most)
        if wants_json:
            return jsonify(message=what), 413
        allowed = permission(attempt)
        return question_page(attempt, module, number, permission=allowed, error=what, unsaved=error.sent), 413
    except AnswerRefused as refusal:
        db.session.commit()  # a late answer is in the record, though it does not count
        if wants_json:
            return jsonify(message=why_refused(refusal.reason)), 409
        return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)
    db.session.commit()
    if wants_json:
        said = " ".join([_saved(saved), *notes(asked, item, saved.response)])
        return jsonify(message=said, so_far=so_far(asked, saved.response))
    go = request.form.get("go", "")
    if go.isdigit() and 1 <= int(go) <= len(attempt.questions):
        stays = "answer" if int(go) == number else None  # what follows is read where one was
        return redirect(url_for("quiz.question", attempt_id=attempt.id, number=int(go), _anchor=stays), 303)
    return redirect(url_for("quiz.review", attempt_id=attempt.id), 303)


def _saved(saved: Saved) -> str:
    when = _("Saved at %(time)s", time=clock(saved.at))
    if not saved.elsewhere:
        return when
    return when + " " + _("Another tab had answered this question: the answer of this page counts now.")


def _locking(row: Enrolment, track: Track, module: Module) -> ModuleProgress | None:
    """How far the learner is in a module that waits for others; None for one that does not."""
    if not module.requires:
        return None
    state = learning.track_progress(db.session(), row, track)
    return next((step for step in state.modules if step.module.key == module.key and step.waits_for), None)
