"""The placement test of a track: once, before it is begun; what to follow, what may be skimmed, what is exempted."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from assessments.placement import Placed, modules_of
from curricula.model import Track
from lms import questions
from lms.errors import Refused
from lms.forms.answer import TooLong, read_answer
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Enrolment, Placement, db, utcnow
from lms.pages import followed, track_or_404, tracks
from lms.refusals import too_long
from lms.security import requires, visitor
from lms.services import learning, placement

blueprint = Blueprint("placement", __name__, url_prefix="/learn")

READERS = ("learner", "trainer", "author")


@blueprint.get("/<track_key>/placement")
@requires(*READERS)
def show(track_key: str) -> ResponseReturnValue:
    """What the test is, the question to answer now, or what it found."""
    row = _enrolment(track_key)
    if row is None:
        return redirect(url_for("learn.track", track_key=track_key), 303)
    track = followed(row)
    stand = placement.standing(db.session(), row, track)
    if stand.state == "none":
        abort(404)
    if stand.row is not None and stand.state == "under_way":
        return _question_page(track, stand.row)
    if stand.row is not None and stand.state == "done":
        return _result_page(track, stand.row)
    assert track.placement is not None
    return render_template(
        "learn/placement_start.html",
        track=_track_link(track),
        rules=track.placement,
        modules=len(modules_of(track)),
        begin_url=url_for("placement.begin", track_key=track.key) if stand.state == "open" else None,
    )


@blueprint.post("/<track_key>/placement")
@requires(*READERS)
def begin(track_key: str) -> ResponseReturnValue:
    """Begin the test; it is taken once."""
    row = _enrolment(track_key)
    if row is None:
        return redirect(url_for("learn.track", track_key=track_key), 303)
    track = followed(row)
    try:
        placement.begin(db.session(), row, track, utcnow())
    except PermissionError as error:
        if str(error) == "none":
            abort(404)
        if str(error) == "closed":
            raise _too_late() from error
    db.session.commit()
    return redirect(url_for("placement.show", track_key=track.key), 303)


@blueprint.post("/<track_key>/placement/<int:number>")
@requires(*READERS)
def answer(track_key: str, number: int) -> ResponseReturnValue:
    """Answer the question of that number; one that is answered already stays as it is."""
    row = _enrolment(track_key)
    taken = placement.taken(db.session(), row, to_write=True) if row else None
    if row is None or taken is None:
        abort(404)
    track, here = followed(row), url_for("placement.show", track_key=track_key)
    if placement.standing(db.session(), row, track).state == "closed":
        raise _too_late()
    revision = _revision(track, taken)
    ask = placement.asked(revision, taken) if taken.finished_at is None else None
    if ask is None or ask.number != number:
        return redirect(here, 303)
    try:
        sent = read_answer(request.form, ask.question, ask.drawn)
    except TooLong as error:
        return _question_page(track, taken, too_long(error.count, error.most)), 413
    placement.answer(db.session(), taken, revision, ask, sent.response, utcnow(), track)
    db.session.commit()
    return redirect(here, 303)


def _question_page(track: Track, row: Placement, error: str | None = None) -> str:
    revision = _revision(track, row)
    ask = placement.asked(revision, row)
    if ask is None:
        abort(404)
    places = [module.key for module in modules_of(revision)]
    return render_template(
        "learn/placement_question.html",
        track=_track_link(track),
        module={"code": ask.module.code, "title": localized(ask.module.title)},
        place=places.index(ask.module.key),
        count=len(places),
        question={"number": ask.number, **questions.asked(ask.question, ask.drawn, ask.response)},
        answer_url=url_for("placement.answer", track_key=track.key, number=ask.number),
        error=error,
    )


def _result_page(track: Track, row: Placement) -> str:
    revision = _revision(track, row)
    assert revision.placement is not None
    exempts = revision.placement.exempts
    return render_template(
        "learn/placement_result.html",
        track=_track_link(track),
        rules=revision.placement,
        finished_at=row.finished_at,
        modules=[_placed(track, each, exempts=exempts) for each in placement.outcome(revision, row)],
    )


def _placed(track: Track, each: Placed, *, exempts: bool) -> dict[str, Any]:
    return {
        "code": each.module.code,
        "title": localized(each.module.title),
        "url": url_for("learn.module", track_key=track.key, module_key=each.module.key),
        "advice": ("exempt" if exempts else "skim") if each.reached else "follow",
        "score": each.score,
        "asked": each.asked,
        "minutes": each.module.duration_minutes,
    }


def _enrolment(track_key: str) -> Enrolment | None:
    return learning.enrolment(db.session(), visitor().person.id, track_or_404(track_key).key)


def _revision(track: Track, row: Placement) -> Track:
    """The revision of the track that the test began in; 404 when it is gone, or has no such test."""
    found = track if track.digest == row.track_digest else tracks().followed(track.key, row.track_digest)
    if found is None or found.placement is None:
        abort(404)
    return found


def _too_late() -> Refused:
    return Refused(
        _("The placement test comes before the first assessment, and one is begun."),
        _("Go on with the track: what you know already shows in the assessments."),
        status=409,
        cause="placement_closed",
    )


def _track_link(track: Track) -> dict[str, str]:
    return {"title": localized(track.title), "url": url_for("learn.track", track_key=track.key)}
