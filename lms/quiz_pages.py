"""What the pages of an assessment show: its rules, a question, a last look, the result."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from flask import abort, get_template_attribute, render_template, url_for

from assessments.clock import is_up
from assessments.model import DrawnQuestion, Mark, Response
from assessments.registry import question_types
from curricula.model import Module, Question, Track
from curricula.question import GAP
from lms import exam_pages, questions
from lms.after_result import delivery, onward
from lms.deposit_pages import with_files
from lms.exam_pages import module_link, place, track_link
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.marking_pages import came_late, told
from lms.models import Answer, Attempt, Enrolment, db, utcnow
from lms.pages import config, tracks
from lms.refusals import why_refused
from lms.services import accommodations, appeals, attempts, learning, pauses, sittings
from lms.services.answers import Recorded, Sent, answered, answers, drawn_questions, next_open, read_response, recorded
from lms.services.gradings import gradings, seen_again, told_marks
from lms.track_order import waits


def start_page(
    track: Track, module: Module, row: Enrolment, stand: attempts.Standing, *, typed: str = "", error: str | None = None
) -> str:
    """The rules for this learner, what is left, one button; ``error`` is about the code that was ``typed``."""
    own = accommodations.granted(db.session(), row.person_id, utcnow())
    state = learning.track_progress(db.session(), row, track)
    step = next(step for step in state.modules if step.module.key == module.key)
    refusal = None if stand.open else "locked" if step.waits_for else stand.refusal(utcnow())
    reason = waits(step) if refusal == "locked" else why_refused(refusal, stand.opens_at) if refusal else None
    kept: Mapping[str, Answer] = answers(db.session(), stand.open.id) if stand.open else {}
    assert module.quiz is not None
    return render_template(
        "learn/quiz_start.html",
        track=track_link(track),
        module=module_link(track, module),
        quiz={
            "questions": module.quiz.questions,
            "threshold": module.quiz.threshold,
            "attempts_allowed": module.quiz.attempts,
            "attempts_left": stand.left,
            "cooldown_minutes": module.quiz.cooldown_minutes,
            "best": stand.best,
            "passed": stand.passed,
        },
        rules=exam_pages.rules(module.quiz, own),
        correction=exam_pages.correction_rule(module.quiz),
        granted=exam_pages.accommodation_words(own),
        reading=exam_pages.reading_values(row.person, own),
        code={"typed": typed, "error": error} if module.quiz.supervised and not stand.open and not refusal else None,
        attempt={
            "number": stand.open.number,
            "answered": sum(map(answered, kept.values())),
            "count": len(stand.open.questions),
            "started_at": stand.open.started_at,
            "due_at": stand.open.due_at,
            "url": url_for("quiz.question", attempt_id=stand.open.id, number=next_open(stand.open, kept)),
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


def question_page(
    attempt: Attempt, module: Module, number: int, *, permission: str, error: str | None = None,
    unsaved: Sent | None = None,
) -> str:  # fmt: skip
    """One question, with what was answered so far, or with what was sent and could not be saved."""
    asked, item = asked_question(attempt, module, number)
    session, now = db.session(), utcnow()
    record = recorded(session, attempt.id)
    kept, heard = record.kept, record.heard
    answer, count = kept.get(asked.key), len(attempt.questions)
    own = accommodations.granted(session, attempt.enrolment.person_id, now)
    response = unsaved.response if unsaved else read_response(answer.response) if answer else {}
    url = url_for("quiz.question", attempt_id=attempt.id, number=number)
    return render_template(
        "learn/question.html",
        **place(attempt, module),
        attempt={"key": str(attempt.id), "number": attempt.number},
        question={
            "number": number,
            "count": count,
            "flagged": unsaved.flagged if unsaved else bool(answer and answer.flagged),
            **with_files(questions.asked(asked, item, response), attempt.id, asked.key, number),
        },
        strip=[
            {
                "number": place,
                "answered": answered(kept.get(each["key"])),
                "flagged": bool((row := kept.get(each["key"])) and row.flagged),
                "current": place == number,
            }
            for place, each in enumerate(attempt.questions, start=1)
        ],
        answered=sum(map(answered, kept.values())),
        saved_at=answer.saved_at if answer else None,
        shown=answer.id if answer else 0,
        heard=heard,
        time=exam_pages.time_values(attempt, now, pauses.pauses_left(session, attempt)),
        know=exam_pages.good_to_know(attempt),
        read_aloud=own.read_aloud,
        reading=exam_pages.reading_values(attempt.enrolment.person, own),
        answer_url=url,
        save_url=url,
        permission=permission,
        previous=number - 1 if number > 1 else None,
        next=number + 1 if number < count else None,
        error=error,
    )


def so_far(asked: Question, response: Response) -> str | None:
    """What follows from a work being written and what it lacks, as HTML; None for what no person marks."""
    state = questions.so_far(asked, response)
    return str(get_template_attribute("learn/asked.html", "so_far")(state)) if state else None


def review_page(attempt: Attempt, module: Module, *, refused: bool = False) -> str:
    """Before submitting: what is answered, what is not, what a work lacks; ``refused``: submitting it just was."""
    record, keys = recorded(db.session(), attempt.id), {each["key"] for each in attempt.questions}
    items = []
    for number, each in enumerate(attempt.questions, start=1):
        asked, answer = module.question(each["key"]), record.kept.get(each["key"])
        items.append(
            {
                "number": number,
                "stem": _short(localized(asked.stem)) if asked else "",
                "answered": answered(answer),
                "flagged": bool(answer and answer.flagged),
                "missing": questions.lacks(asked, read_response(answer.response) if answer else {}) if asked else [],
                "url": url_for("quiz.question", attempt_id=attempt.id, number=number),
            }
        )
    stand = attempts.standing(db.session(), attempt.enrolment, module)
    now = utcnow()
    assert module.quiz is not None
    return render_template(
        "learn/quiz_review.html",
        **place(attempt, module),
        attempt=attempt,
        heard=record.heard,
        items=items,
        incomplete=any(item["missing"] for item in items),
        by_person=any(question_types()[each.type].by_person for each in module.questions if each.key in keys),
        refused=refused,
        unanswered=sum(not item["answered"] for item in items),
        flagged=sum(bool(item["flagged"]) for item in items),
        quiz={
            "threshold": module.quiz.threshold,
            "attempts_left": None if stand.left is None else max(0, stand.left - 1),
        },
        correction=exam_pages.correction_rule(module.quiz),
        time=exam_pages.time_values(attempt, now, 0),
        up=is_up(attempt.due_at, now),
        reading=exam_pages.reading_of(attempt, now),
        submit_url=url_for("quiz.submit", attempt_id=attempt.id),
    )


def result_page(attempt: Attempt, track: Track, module: Module) -> str:
    """The score, the way on, and the feedback of every option."""
    assert module.quiz is not None
    marks = told_marks(attempt)
    record = recorded(db.session(), attempt.id)
    stand = attempts.standing(db.session(), attempt.enrolment, module)
    refusal = stand.refusal(utcnow())
    score = attempt.score
    shown = sittings.answers_shown(db.session(), attempt, module.quiz, utcnow())
    missing = max(Fraction(0), module.quiz.threshold - score) if score is not None else Fraction(0)
    return render_template(
        "learn/quiz_result.html",
        **place(attempt, module),
        attempt=attempt,
        heard=record.heard,
        reading=exam_pages.reading_of(attempt, utcnow()),
        result={
            "score": score,
            "threshold": module.quiz.threshold,
            "passed": attempt.passed,
            "correct": sum(mark.points == 1 for mark in marks.values()),
            "partly": sum(0 < mark.points < 1 for mark in marks.values()),
            "total": len(attempt.questions),
            "missing_points": ceil(missing * 100),
            "delivery": delivery(attempt.enrolment.person_id, track),
        },
        retry=None
        if refusal
        else {
            "url": url_for("quiz.start", track_key=track.key, module_key=module.key),
            "attempts_left": stand.left,
        },
        refusal=why_refused(refusal, stand.opens_at) if refusal and refusal != "passed" else None,
        next=onward(attempt.enrolment, track, module) if attempt.passed else None,
        seen_again=seen_again(db.session(), [attempt.id]).get(attempt.id, []),
        objectives=_by_objective(module, marks),
        emptied=attempt.emptied_at,
        questions=_corrected(attempt, module, marks, record) if shown and attempt.emptied_at is None else [],
        awaited=None if shown else exam_pages.correction_awaited(module.quiz, sittings.of(db.session(), attempt)),
        reasons=_reasons(attempt),
        appeal=_appeal(attempt),
    )


def asked_question(attempt: Attempt, module: Module, number: int) -> tuple[Question, DrawnQuestion]:
    """The question of that number, as drawn; 404 when there is none."""
    drawn = drawn_questions(attempt)
    found = module.question(drawn[number - 1].key) if 1 <= number <= len(drawn) else None
    if found is None:
        abort(404)
    return found, drawn[number - 1]


def attempt_module(attempt: Attempt) -> Module:
    """The module of an attempt, in the revision the attempt began in; 404 when it is gone."""
    track = tracks().followed(attempt.enrolment.track_key, attempt.track_digest)
    module = track.module(attempt.module_key) if track else None
    if module is None:
        abort(404)
    return module


def _by_objective(module: Module, marks: dict[str, Mark]) -> list[dict[str, Any]]:
    rows = []
    for objective in module.objectives:
        keys = [q.key for q in module.questions if q.objective == objective.key and q.key in marks]
        if keys:
            right = sum(marks[key].points == 1 for key in keys)
            rows.append({"text": localized(objective.text), "correct": right, "total": len(keys)})
    return rows


def _corrected(attempt: Attempt, module: Module, marks: dict[str, Mark], record: Recorded) -> list[dict[str, Any]]:
    objectives = {objective.key: localized(objective.text) for objective in module.objectives}
    judged = told(attempt, module)
    rows = []
    for number, item in enumerate(drawn_questions(attempt), start=1):
        asked, answer, mark = module.question(item.key), record.kept.get(item.key), marks.get(item.key)
        if asked is None:
            continue
        source = module.source(asked.source)
        response = read_response(answer.response) if answer else {}
        rows.append(
            {
                "number": number,
                "right": mark.points == 1 if mark else None,
                "objective": objectives.get(asked.objective),
                "source": localized(source.title) if source else None,
                "judged": judged.get(item.key, ()),
                "late": came_late(asked, item, record.late.get(item.key)),
                **questions.corrected(asked, item, response, mark),
            }
        )
    return rows


def _reasons(attempt: Attempt) -> list[dict[str, Any]]:
    """The results of an attempt that somebody gave a reason for."""
    causes = {"marked": _("Marked again"), "jury": _("Decision of the jury"), "appeal": _("Appeal accepted")}
    return [
        {"when": row.graded_at, "what": causes[row.cause], "score": row.score, "reason": row.reason}
        for row in gradings(db.session(), attempt)
        if row.reason and row.cause in causes
    ]


def _appeal(attempt: Attempt) -> dict[str, Any] | None:
    """Where an appeal can be made, or was; None where there is nothing to appeal from, or no time left."""
    made = appeals.appeal_of(db.session(), attempt)
    until = None if made else appeals.open_until(db.session(), attempt, config().appeal_days)
    if made is None and (until is None or utcnow() > until):
        return None
    return {"url": url_for("appeals.ask", attempt_id=attempt.id), "state": made.state if made else None}


def _short(stem: str) -> str:
    plain = GAP.sub("[…]", stem).replace("*", "").replace("`", "")
    return plain if len(plain) <= 120 else plain[:117].rsplit(" ", 1)[0] + "…"
