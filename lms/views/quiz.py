"""Being assessed: the rules, one question a page, a last look, the result."""

import uuid
from math import ceil
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from assessments.clock import is_over, is_up
from curricula.model import Module, Track
from curricula.progress import ModuleProgress
from lms.attempt_access import mine, permission, writable
from lms.errors import Refused
from lms.exam_pages import paused_page
from lms.forms.answer import TooLong, read_answer
from lms.i18n import clock
from lms.i18n import gettext as _
from lms.models import Attempt, Enrolment, Sitting, db, utcnow, writing
from lms.models.clock import surely_now
from lms.pages import followed, track_or_404, wants_json
from lms.questions import notes
from lms.quiz_pages import asked_question, attempt_module, question_page, result_page, review_page, so_far, start_page
from lms.refusals import too_long, why_no_pause, why_no_sitting, why_refused
from lms.security import may_try, requires, visitor, was_right
from lms.services import attempts, awards, learning, pauses, sittings
from lms.services.answers import AnswerRefused, Saved, answers, next_open, save_answer
from lms.services.attempts import AttemptRefused
from lms.services.pauses import PauseRefused
from lms.services.sittings import SittingRefused
from lms.track_order import waits

blueprint = Blueprint("quiz", __name__, url_prefix="/learn")

#: Answering is protected by the permission signed into each question page, which outlives the session.
OWN_TOKEN = ("quiz.question",)

#: How many wrong codes of sittings one person may type.
CODES = "10 per 10 minute"
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
    since = awards.renewing_since(db.session(), row.person_id, track, module)
    stand = attempts.standing(db.session(), row, module, since)
    if stand.open is not None and _closed(stand.open, track, attempt_module(stand.open)):
        since = awards.renewing_since(db.session(), row.person_id, track, module)
        stand = attempts.standing(db.session(), row, module, since)
    if request.method == "POST":
        begins, code = stand.open is None and stand.refusal(utcnow()) is None, request.form.get("code")
        if module.quiz.supervised and begins and code is None:
            return redirect(url_for("quiz.start", track_key=track_key, module_key=module_key), 303)
        code = code or ""
        try:
            step = _locking(row, track, module)
            sitting = _sitting(row, module, code) if module.quiz.supervised and begins and not step else None
            attempt = attempts.start(db.session(), row, module, locked=step is not None, sitting=sitting, since=since)
        except SittingRefused as refusal:
            error = why_no_sitting(refusal.reason, refusal.at)
            return start_page(track, module, row, stand, typed=code[:50], error=error), 409
        except AttemptRefused as refusal:
            if refusal.reason == "locked" and step is not None:
                raise Refused(waits(step), _("Its lessons can be read meanwhile."), status=409) from refusal
            raise Refused(
                why_refused(refusal.reason, refusal.opens_at), _("Your earlier results are kept."), status=409
            ) from refusal
        db.session.commit()
        kept = answers(db.session(), attempt.id)
        return redirect(url_for("quiz.question", attempt_id=attempt.id, number=next_open(attempt, kept)), 303)
    return start_page(track, module, row, stand)


@blueprint.route("/attempts/<uuid:attempt_id>/<int:number>", methods=["GET", "POST"])
def question(attempt_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """One question. A POST keeps the answer, even when the session has ended meanwhile, then goes on."""
    if request.method == "POST":
        return _answered(attempt_id, number)
    visitor()
    attempt, track, module = mine(attempt_id)
    elsewhere = _leads_on(attempt, track, module, number)
    if elsewhere is not None:
        return redirect(elsewhere, 303)
    if is_up(attempt.due_at, utcnow()):
        return redirect(url_for("quiz.review", attempt_id=attempt.id), 303)
    return question_page(attempt, module, number, permission=permission(attempt))


@blueprint.get("/attempts/<uuid:attempt_id>/review")
@requires(*READERS)
def review(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Before submitting: what is answered, what is not."""
    attempt, track, module = mine(attempt_id)
    elsewhere = _leads_on(attempt, track, module)
    return redirect(elsewhere, 303) if elsewhere is not None else review_page(attempt, module)


@blueprint.get("/attempts/<uuid:attempt_id>/pause")
@requires(*READERS)
def paused(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """A pause under way: the questions are hidden, the clock is stopped."""
    attempt, track, module = mine(attempt_id)
    at = request.args.get("at", 1, type=int)
    closed = _closed(attempt, track, module)
    pause = None if closed else pauses.under_way(db.session(), attempt)
    if pause is None:
        return redirect(_question_url(attempt, at), 303)
    return paused_page(attempt, module, pause, at)


@blueprint.post("/attempts/<uuid:attempt_id>/pause")
@requires(*READERS)
def resume(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """End a pause: the clock runs again."""
    attempt, _track, _module = mine(attempt_id)
    pauses.end(db.session(), attempt, utcnow())
    db.session.commit()
    return redirect(_question_url(attempt, request.form.get("at", 1, type=int)), 303)


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
    _closed(attempt, track, module)
    if attempt.submitted_at is None or module.quiz is None:
        return redirect(url_for("quiz.review", attempt_id=attempt.id), 303)
    return result_page(attempt, track, module)


def _answered(attempt_id: uuid.UUID, number: int) -> ResponseReturnValue:
    script = wants_json()
    attempt = writable(attempt_id)
    module = attempt_module(attempt)
    asked, item = asked_question(attempt, module, number)
    try:
        saved = save_answer(db.session(), attempt, asked, read_answer(request.form, asked, item))
    except TooLong as error:
        what = too_long(error.count, error.most)
        if script:
            return jsonify(message=what), 413
        allowed = permission(attempt)
        return question_page(attempt, module, number, permission=allowed, error=what, unsaved=error.sent), 413
    except AnswerRefused as refusal:
        db.session.commit()  # a late answer is in the record, though it does not count
        _closed(attempt, followed(attempt.enrolment), module)
        if script:
            return jsonify(message=why_refused(refusal.reason), left=0), 409
        return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)
    db.session.commit()
    if script:
        left = None if saved.left is None else ceil(saved.left.total_seconds())
        said = " ".join([_saved(saved), *notes(asked, item, saved.response)])
        return jsonify(message=said, so_far=so_far(asked, saved.response), left=left)
    go = request.form.get("go", "")
    if go == "pause":
        return _pause(attempt, number)
    if go.isdigit() and 1 <= int(go) <= len(attempt.questions):
        stays = "answer" if int(go) == number else None  # what follows is read where one was
        return redirect(url_for("quiz.question", attempt_id=attempt.id, number=int(go), _anchor=stays), 303)
    return redirect(url_for("quiz.review", attempt_id=attempt.id), 303)


def _pause(attempt: Attempt, number: int) -> ResponseReturnValue:
    try:
        pauses.begin(db.session(), attempt, utcnow())
    except PauseRefused as refusal:
        flash(why_no_pause(refusal.reason), "warm")
        return redirect(_question_url(attempt, number), 303)
    db.session.commit()
    return redirect(url_for("quiz.paused", attempt_id=attempt.id, at=number), 303)


def _closed(attempt: Attempt, track: Track, module: Module) -> bool:
    """Close an attempt whose time is over; whether it was closed now."""
    if attempt.submitted_at is not None or not is_over(attempt.due_at, surely_now()):
        return False
    with writing(db.session()):
        done = attempts.close_if_over(db.session(), attempt, track, module, surely_now())
        db.session.commit()
    return done


def _leads_on(attempt: Attempt, track: Track, module: Module, at: int = 1) -> str | None:
    """Where to go instead of answering: the result of a closed attempt, the pause that is under way; or None."""
    if _closed(attempt, track, module) or attempt.submitted_at is not None:
        return url_for("quiz.result", attempt_id=attempt.id)
    if pauses.under_way(db.session(), attempt) is not None:
        return url_for("quiz.paused", attempt_id=attempt.id, at=at)
    return None


def _question_url(attempt: Attempt, number: int) -> str:
    number = number if 1 <= number <= len(attempt.questions) else 1
    return url_for("quiz.question", attempt_id=attempt.id, number=number)


def _sitting(row: Enrolment, module: Module, code: str) -> Sitting:
    """The sitting whose code was typed. Raises ``SittingRefused``; 429 after too many wrong ones."""
    who = str(row.person_id)
    if not may_try(CODES, "sitting", who):
        abort(429)
    try:
        found = sittings.for_code(db.session(), row.person_id, row.track_key, module.key, code, utcnow())
    except SittingRefused as refusal:
        if refusal.reason != "unknown":
            was_right(CODES, "sitting", who)
        raise
    was_right(CODES, "sitting", who)
    return found


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
