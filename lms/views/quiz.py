"""Being assessed: the rules, one question a page, a last look, the result."""

import uuid
from fractions import Fraction
from math import ceil
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeSerializer

from assessments.registry import question_types
from curricula.model import Module, Track
from curricula.progress import ModuleProgress
from lms.errors import Refused
from lms.i18n import clock, localized
from lms.i18n import gettext as _
from lms.lessons import inline_markup
from lms.models import Answer, Attempt, Enrolment, OutboxJob, Participation, ResourceLink, db, utcnow
from lms.pages import config, followed, track_or_404, wants_json
from lms.refusals import why_refused
from lms.security import requires, visitor
from lms.services import attempts, learning
from lms.services.attempts import AttemptRefused, drawn_questions
from lms.services.results import issued_certificate
from lms.track_order import waits

blueprint = Blueprint("quiz", __name__, url_prefix="/learn")

#: Answering is protected by the permission signed into each question page, which outlives the session.
OWN_TOKEN = ("quiz.question",)

READERS = ("learner", "trainer", "author")


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
        kept = attempts.answers(db.session(), attempt.id)
        return redirect(url_for("quiz.question", attempt_id=attempt.id, number=attempts.next_open(attempt, kept)), 303)
    return _start_page(track, module, row)


@blueprint.route("/attempts/<uuid:attempt_id>/<int:number>", methods=["GET", "POST"])
def question(attempt_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """One question. A POST keeps the answer, even when the session has ended meanwhile, then goes on."""
    if request.method == "POST":
        return _answered(attempt_id, number)
    visitor()
    attempt, track, module = _mine(attempt_id)
    if attempt.submitted_at is not None:
        return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)
    return _question_page(attempt, track, module, number)


@blueprint.get("/attempts/<uuid:attempt_id>/review")
@requires(*READERS)
def review(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Before submitting: what is answered, what is not."""
    attempt, track, module = _mine(attempt_id)
    if attempt.submitted_at is not None:
        return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)
    kept = attempts.answers(db.session(), attempt.id)
    items = []
    for number, item in enumerate(drawn_questions(attempt), start=1):
        asked, answer = module.question(item.key), kept.get(item.key)
        stem = localized(asked.stem) if asked else ""
        items.append(
            {
                "number": number,
                "stem": _short(stem),
                "answered": bool(answer and answer.response),
                "flagged": bool(answer and answer.flagged),
                "url": url_for("quiz.question", attempt_id=attempt.id, number=number),
            }
        )
    stand = attempts.standing(db.session(), attempt.enrolment, module)
    assert module.quiz is not None
    return render_template(
        "learn/quiz_review.html",
        track=_track_link(track),
        module=_module_link(track, module),
        attempt=attempt,
        items=items,
        unanswered=sum(not item["answered"] for item in items),
        flagged=sum(bool(item["flagged"]) for item in items),
        quiz={
            "threshold": module.quiz.threshold,
            "attempts_left": None if stand.left is None else max(0, stand.left - 1),
        },
        submit_url=url_for("quiz.submit", attempt_id=attempt.id),
    )


@blueprint.post("/attempts/<uuid:attempt_id>/submit")
@requires(*READERS)
def submit(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Close and grade the attempt; done twice, the first result stands."""
    attempt, track, module = _mine(attempt_id)
    attempts.submit(db.session(), attempt, track, module)
    db.session.commit()
    return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)


@blueprint.get("/attempts/<uuid:attempt_id>/result")
@requires(*READERS)
def result(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """The score, the way on, and the feedback of every option."""
    attempt, track, module = _mine(attempt_id)
    if attempt.submitted_at is None or attempt.score is None or module.quiz is None:
        return redirect(url_for("quiz.review", attempt_id=attempt.id), 303)
    marks = attempts.stored_marks(attempt)
    kept = attempts.answers(db.session(), attempt.id)
    stand = attempts.standing(db.session(), attempt.enrolment, module)
    refusal = stand.refusal(utcnow())
    missing = max(Fraction(0), module.quiz.threshold - attempt.score)
    right = sum(mark.points == 1 for mark in marks.values())
    return render_template(
        "learn/quiz_result.html",
        track=_track_link(track),
        module=_module_link(track, module),
        attempt=attempt,
        result={
            "score": attempt.score,
            "threshold": module.quiz.threshold,
            "passed": attempt.passed,
            "correct": right,
            "total": len(marks),
            "missing_points": ceil(missing * 100),
            "delivery": _delivery(attempt.enrolment.person_id, track),
        },
        retry=None
        if refusal
        else {
            "url": url_for("quiz.start", track_key=track.key, module_key=module.key),
            "attempts_left": stand.left,
        },
        refusal=why_refused(refusal, stand.opens_at) if refusal and refusal != "passed" else None,
        next=_onward(attempt.enrolment, track, module) if attempt.passed else None,
        objectives=_by_objective(module, marks),
        questions=_corrected(attempt, module, marks, kept),
    )


def _answered(attempt_id: uuid.UUID, number: int) -> ResponseReturnValue:
    script = wants_json()
    attempt = _writable(attempt_id)
    drawn = drawn_questions(attempt)
    if not 1 <= number <= len(drawn):
        abort(404)
    try:
        saved = attempts.save_answer(
            db.session(), attempt, drawn[number - 1].key, request.form.getlist("choice"),
            flagged=bool(request.form.get("flag")),
        )  # fmt: skip
    except AttemptRefused as refusal:
        if script:
            return jsonify(message=why_refused(refusal.reason, refusal.opens_at)), 409
        return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)
    db.session.commit()
    if script:
        return jsonify(message=_("Saved at %(time)s", time=clock(saved)))
    go = request.form.get("go", "")
    if go.isdigit() and 1 <= int(go) <= len(drawn):
        return redirect(url_for("quiz.question", attempt_id=attempt.id, number=int(go)), 303)
    return redirect(url_for("quiz.review", attempt_id=attempt.id), 303)


def _writable(attempt_id: uuid.UUID) -> Attempt:
    """The attempt a page may answer: its signed permission names it, and the visitor, if any, owns it.

    An answer given on a page that outlived its session is kept: the permission opens this attempt alone. It also
    stands for the form token, since no other site can know it.
    """
    try:
        allowed = _permissions().loads(request.form.get("permission", ""))
    except BadSignature:
        abort(400)
    if allowed != str(attempt_id):
        abort(400)
    if current_user.is_authenticated:
        return _mine(attempt_id)[0]
    attempt = db.session.get(Attempt, attempt_id)
    if attempt is None:
        abort(404)
    return attempt


def _permissions() -> URLSafeSerializer:
    return URLSafeSerializer(config().secret_key, salt="answer this attempt")


def _mine(attempt_id: uuid.UUID) -> tuple[Attempt, Track, Module]:
    attempt = attempts.owned(db.session(), attempt_id, visitor().person.id)
    if attempt is None:
        abort(404)
    track = followed(attempt.enrolment)
    module = track.module(attempt.module_key)
    if module is None:
        abort(404)
    return attempt, track, module


def _locking(row: Enrolment, track: Track, module: Module) -> ModuleProgress | None:
    """How far the learner is in a module that waits for others; None for one that does not."""
    if not module.requires:
        return None
    state = learning.track_progress(db.session(), row, track)
    return next((step for step in state.modules if step.module.key == module.key and step.waits_for), None)


def _start_page(track: Track, module: Module, row: Enrolment) -> ResponseReturnValue:
    stand = attempts.standing(db.session(), row, module)
    state = learning.track_progress(db.session(), row, track)
    step = next(step for step in state.modules if step.module.key == module.key)
    refusal = None if stand.open else "locked" if step.waits_for else stand.refusal(utcnow())
    reason = waits(step) if refusal == "locked" else why_refused(refusal, stand.opens_at) if refusal else None
    kept: dict[str, Answer] = attempts.answers(db.session(), stand.open.id) if stand.open else {}
    assert module.quiz is not None
    return render_template(
        "learn/quiz_start.html",
        track=_track_link(track),
        module=_module_link(track, module),
        quiz={
            "questions": module.quiz.questions,
            "threshold": module.quiz.threshold,
            "attempts_allowed": module.quiz.attempts,
            "attempts_left": stand.left,
            "cooldown_minutes": module.quiz.cooldown_minutes,
            "best": stand.best,
            "passed": stand.passed,
        },
        attempt={
            "number": stand.open.number,
            "answered": sum(bool(answer.response) for answer in kept.values()),
            "count": len(stand.open.questions),
            "started_at": stand.open.started_at,
            "url": url_for("quiz.question", attempt_id=stand.open.id, number=attempts.next_open(stand.open, kept)),
        }
        if stand.open
        else None,
        start_url=None if refusal else url_for("quiz.start", track_key=track.key, module_key=module.key),
        refusal=reason if refusal != "passed" else None,
        unread=len(module.lessons) - len(step.read),
        history=[
            {
                "number": attempt.number,
                "submitted_at": attempt.submitted_at,
                "score": attempt.score,
                "passed": attempt.passed,
                "url": url_for("quiz.result", attempt_id=attempt.id),
            }
            for attempt in stand.attempts
            if attempt.submitted_at
        ],
    )


def _question_page(attempt: Attempt, track: Track, module: Module, number: int) -> ResponseReturnValue:
    drawn = drawn_questions(attempt)
    if not 1 <= number <= len(drawn):
        abort(404)
    asked = module.question(drawn[number - 1].key)
    if asked is None:
        abort(404)
    kept = attempts.answers(db.session(), attempt.id)
    answer = kept.get(asked.key)
    texts = {option.key: option.text for option in asked.options}
    url = url_for("quiz.question", attempt_id=attempt.id, number=number)
    return render_template(
        "learn/question.html",
        track=_track_link(track),
        module=_module_link(track, module),
        attempt={"key": str(attempt.id), "number": attempt.number},
        question={
            "number": number,
            "count": len(drawn),
            "stem": inline_markup(asked.stem),
            "multiple": question_types()[asked.type].control == "checkbox",
            "flagged": bool(answer and answer.flagged),
            "choices": [
                {"key": key, "text": inline_markup(texts[key]), "chosen": bool(answer and key in answer.response)}
                for key in drawn[number - 1].options
            ],
        },
        strip=[
            {
                "number": place,
                "answered": bool((row := kept.get(item.key)) and row.response),
                "flagged": bool((row := kept.get(item.key)) and row.flagged),
                "current": place == number,
            }
            for place, item in enumerate(drawn, start=1)
        ],
        answered=sum(bool(row.response) for row in kept.values()),
        saved_at=answer.saved_at if answer else None,
        answer_url=url,
        save_url=url,
        permission=_permissions().dumps(str(attempt.id)),
        previous=number - 1 if number > 1 else None,
        next=number + 1 if number < len(drawn) else None,
        error=None,
    )


def _delivery(person_id: int, track: Track) -> str | None:
    """How far the score is on its way to the gradebook: sent, waiting, failed, or None without gradebook."""
    wanted = (
        db.select(Participation.id, Participation.score_sent)
        .join(Participation.resource_link)
        .where(Participation.person_id == person_id)
        .where(ResourceLink.track_key.is_(None) | (ResourceLink.track_key == track.key))
    )
    sent = {f"participation:{number}": score is not None for number, score in db.session.execute(wanted)}
    query = db.select(OutboxJob.key, OutboxJob.status).where(OutboxJob.kind == "send_score", OutboxJob.key.in_(sent))
    states = dict(db.session.execute(query).tuples().all())
    if not states:
        return None
    if "failed" in states.values():
        return "failed"
    # Done without a score sent: its column is being found or made.
    waits = any(status == "pending" or not sent[key] for key, status in states.items())
    return "waiting" if waits else "sent"


def _onward(row: Enrolment, track: Track, module: Module) -> dict[str, Any]:
    state = learning.track_progress(db.session(), row, track)
    step = state.current
    if step is not None and step.module.key != module.key:
        url = url_for("learn.module", track_key=track.key, module_key=step.module.key)
        title = localized(step.module.title)
        return {"label": _("Go on with %(code)s", code=step.module.code), "url": url, "hint": title}
    certificate = issued_certificate(db.session(), row.person_id, track.key)
    if certificate is not None:
        return {
            "label": _("See my certificate"),
            "url": url_for("verify.show", code=certificate.code),
            "hint": None,
        }
    url = url_for("learn.track", track_key=track.key)
    hint = _("Your certificate is being prepared. It takes less than a minute.") if state.completed else None
    return {"label": _("Back to the track"), "url": url, "hint": hint}


def _by_objective(module: Module, marks: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for objective in module.objectives:
        keys = [q.key for q in module.questions if q.objective == objective.key and q.key in marks]
        if keys:
            right = sum(marks[key].points == 1 for key in keys)
            rows.append({"text": localized(objective.text), "correct": right, "total": len(keys)})
    return rows


def _corrected(
    attempt: Attempt, module: Module, marks: dict[str, Any], kept: dict[str, Answer]
) -> list[dict[str, Any]]:
    objectives = {objective.key: localized(objective.text) for objective in module.objectives}
    rows = []
    for number, item in enumerate(drawn_questions(attempt), start=1):
        asked, answer = module.question(item.key), kept.get(item.key)
        if asked is None:
            continue
        options = {option.key: option for option in asked.options}
        source = module.source(asked.source)
        rows.append(
            {
                "number": number,
                "stem": inline_markup(asked.stem),
                "right": marks[item.key].points == 1,
                "objective": objectives.get(asked.objective),
                "source": localized(source.title) if source else None,
                "choices": [
                    {
                        "text": inline_markup(options[key].text),
                        "chosen": bool(answer and key in answer.response),
                        "correct": options[key].correct,
                        "feedback": inline_markup(options[key].feedback),
                    }
                    for key in item.options
                ],
            }
        )
    return rows


def _short(stem: str) -> str:
    plain = stem.replace("*", "").replace("`", "")
    return plain if len(plain) <= 120 else plain[:117].rsplit(" ", 1)[0] + "…"


def _track_link(track: Track) -> dict[str, str]:
    return {"title": localized(track.title), "url": url_for("learn.track", track_key=track.key)}


def _module_link(track: Track, module: Module) -> dict[str, str]:
    url = url_for("learn.module", track_key=track.key, module_key=module.key)
    return {"code": module.code, "title": localized(module.title), "url": url}
