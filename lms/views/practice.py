"""Practising a module: rounds of questions, each corrected at once. Nothing counts, nothing is told to the LMS."""

import uuid
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from assessments.model import DrawnQuestion
from assessments.practice import practised
from curricula.model import Module, Question, Track
from lms import questions
from lms.errors import Refused
from lms.forms.answer import TooLong, read_answer
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Attempt, PracticeRound, db, utcnow
from lms.pages import followed, track_or_404, tracks
from lms.refusals import too_long
from lms.security import requires, visitor
from lms.services import learning, practice
from lms.services.answers import drawn_questions

blueprint = Blueprint("practice", __name__, url_prefix="/learn")

READERS = ("learner", "trainer", "author")


@blueprint.route("/<track_key>/<module_key>/practice", methods=["GET", "POST"])
@requires(*READERS)
def start(track_key: str, module_key: str) -> ResponseReturnValue:
    """What practice is and what was practised; a POST begins a round or goes on with the one under way."""
    row = learning.enrolment(db.session(), visitor().person.id, track_or_404(track_key).key)
    if row is None:
        return redirect(url_for("learn.track", track_key=track_key), 303)
    track = followed(row)
    module = track.module(module_key)
    if module is None or not module.published or not practised(module):
        abort(404)
    hindered = practice.hindrance(db.session(), row, module)
    if request.method == "POST":
        if hindered is not None:
            raise _refused(hindered)
        found = practice.begin(db.session(), row, module, utcnow())
        db.session.commit()
        return redirect(_url(found, practice.first_left(found) or 1), 303)
    stand = practice.standing(db.session(), row, module)
    return render_template(
        "learn/practice_start.html",
        **_place(track, module),
        stand=stand,
        under_way=(practice.first_left(stand.open) if stand.open else None),
        attempt_url=_attempt_url(hindered) if hindered else None,
        start_url=url_for("practice.start", track_key=track.key, module_key=module.key),
    )


@blueprint.route("/practice/<uuid:round_id>/<int:number>", methods=["GET", "POST"])
@requires(*READERS)
def question(round_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """One question; once answered, its correction. A POST keeps the answer."""
    found = practice.owned(db.session(), round_id, visitor().person.id, to_write=request.method == "POST")
    if found is None:
        abort(404)
    module = _module(found)
    asked, item = _asked(found, module, number)
    hindered = practice.hindrance(db.session(), found.enrolment, module)
    if hindered is not None:
        raise _refused(hindered)
    if request.method == "GET":
        return _question_page(found, module, number)
    try:
        sent = read_answer(request.form, asked, item)
    except TooLong as error:
        return _question_page(found, module, number, too_long(error.count, error.most)), 413
    practice.answer(db.session(), found, asked, number, sent.response)
    db.session.commit()
    return redirect(_url(found, number), 303)


@blueprint.get("/practice/<uuid:round_id>")
@requires(*READERS)
def end(round_id: uuid.UUID) -> ResponseReturnValue:
    """What a round was: each question with what its answer earned, and one more round."""
    found = practice.owned(db.session(), round_id, visitor().person.id)
    if found is None:
        abort(404)
    left = practice.first_left(found)
    if left is not None:
        return redirect(_url(found, left), 303)
    module = _module(found)
    rows: list[dict[str, Any]] = []
    for number, item in enumerate(drawn_questions(found), start=1):
        asked, mark = module.question(item.key), practice.practised_answer(found, item.key).mark
        if asked is not None and mark is not None:
            stem = questions.asked(asked, item, {})["stem"]
            rows.append({"number": number, "stem": stem, "points": mark.points, "url": _url(found, number)})
    track = followed(found.enrolment)
    return render_template(
        "learn/practice_end.html",
        **_place(track, module),
        rows=rows,
        right=sum(row["points"] == 1 for row in rows),
        again_url=url_for("practice.start", track_key=track.key, module_key=module.key),
    )


def _question_page(found: PracticeRound, module: Module, number: int, error: str | None = None) -> str:
    asked, item = _asked(found, module, number)
    known = practice.practised_answer(found, asked.key)
    count = len(found.questions)
    left = practice.first_left(found)
    following = number + 1 if number < count else left
    place = _place(followed(found.enrolment), module)
    shown = {"number": number, "count": count}
    if known.mark is not None:
        source = module.source(asked.source)
        return render_template(
            "learn/practice_corrected.html",
            **place,
            question=shown | questions.corrected(asked, item, known.response, known.mark),
            source=localized(source.title) if source else None,
            next_url=_url(found, following) if left and following else url_for("practice.end", round_id=found.id),
            last=left is None,
        )
    return render_template(
        "learn/practice_question.html",
        **place,
        question=shown | questions.asked(asked, item, known.response),
        answer_url=_url(found, number),
        error=error,
    )


def _asked(found: PracticeRound, module: Module, number: int) -> tuple[Question, DrawnQuestion]:
    """The question of that number, as drawn; 404 when there is none."""
    drawn = drawn_questions(found)
    asked = module.question(drawn[number - 1].key) if 1 <= number <= len(drawn) else None
    if asked is None:
        abort(404)
    return asked, drawn[number - 1]


def _module(found: PracticeRound) -> Module:
    """The module of a round, in the revision it began in; 404 when it is gone."""
    track = tracks().followed(found.enrolment.track_key, found.track_digest)
    module = track.module(found.module_key) if track else None
    if module is None:
        abort(404)
    return module


def _refused(attempt: Attempt) -> Refused:
    refusal = Refused(
        _("This module cannot be practised while its assessment is under way."),
        _("The same questions are practised and assessed: practice opens again once the assessment is submitted."),
        status=409, cause="practice_hindered",
    )  # fmt: skip
    refusal.actions.append((_("Resume the assessment"), _attempt_url(attempt)))
    return refusal


def _attempt_url(attempt: Attempt) -> str:
    return url_for("quiz.question", attempt_id=attempt.id, number=1)


def _url(found: PracticeRound, number: int) -> str:
    return url_for("practice.question", round_id=found.id, number=number)


def _place(track: Track, module: Module) -> dict[str, Any]:
    """The track and the module, with their addresses."""
    return {
        "track": {"title": localized(track.title), "url": url_for("learn.track", track_key=track.key)},
        "module": {
            "code": module.code,
            "title": localized(module.title),
            "url": url_for("learn.module", track_key=track.key, module_key=module.key),
        },
    }
