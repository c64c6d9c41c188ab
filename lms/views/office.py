"""The certificates of others: the administration's register, and for trainers that of their learners.

Two rooms of the same pages. Whoever opens somebody's certificate here is written in the journal.
"""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, true

from lms.certificate_pages import fields, history, linked, reason_words, refusal_words, state_tag, states, summary
from lms.forms.certificates import ActForm, AnswerNameForm, CorrectionForm, SearchForm
from lms.i18n import capitalized, counted, localized, ngettext
from lms.i18n import gettext as _
from lms.models import Certificate, Correction, db, utcnow, writing
from lms.pages import tracks
from lms.security import requires, visitor
from lms.services import certificate_life as life
from lms.services import certificate_search, corrections, verification
from lms.services.audit import record_all
from lms.services.certificate_life import REASONS, Act, Action, LifeRefused

blueprint = Blueprint("office", __name__)

#: What each room may do to a certificate, beside correcting its name.
ACTIONS: dict[str, tuple[Action, ...]] = {"admin": ("suspended", "reinstated", "revoked"), "teach": ("suspended",)}
ROOM = "/<any(admin, teach):room>/certificates"


@blueprint.get(f"{ROOM}/")
@requires("administrator", "trainer")
def index(room: str) -> ResponseReturnValue:
    """The register: searched, narrowed; first the names that wait for an answer."""
    allowed, now = _allowed(room), utcnow()
    form = SearchForm(
        request.args,
        tracks=[(key, localized(track.title)) for key, track in tracks().items()],
        states=[*states().items(), ("ending", _("Ends within six months"))],
    )
    asked = certificate_search.Asked(form.q.data or "", form.track.data or "", form.state.data or "")
    found, count = certificate_search.search(db.session(), allowed, asked, now)
    waiting = corrections.open_ones(db.session(), allowed)
    _seen(list({row.id: row for row in [*found, *(each.certificate for each in waiting)]}.values()), room)
    return render_template(
        "office/index.html",
        room=room,
        form=form,
        count=count,
        shown_count=capitalized(ngettext("One certificate.", "%(shown)s certificates.", count, shown=counted(count))),
        certificates=[
            {
                **summary(each),
                "tag": state_tag(each.state),
                "url": _address(room, each.row),
            }
            for each in (verification.listed(row, now) for row in found)
        ],
        waiting=[
            {
                "number": each.certificate.number,
                "holder": each.certificate.record["holder"],
                "name": each.name,
                "asked_at": each.asked_at,
                "url": url_for("office.answer", room=room, correction_id=each.id),
            }
            for each in waiting
        ],
    )


@blueprint.get(f"{ROOM}/<uuid:identity>")
@requires("administrator", "trainer")
def show(room: str, identity: UUID) -> ResponseReturnValue:
    """One certificate, what happened to it, what can be done."""
    row = _one(room, identity)
    _seen([row], room)
    session = db.session()
    found = verification.standing_of(session, row)
    waiting = corrections.pending(session, row)
    can = [action for action in ACTIONS[room] if life.possible(row, action)]
    return render_template(
        "office/show.html",
        room=room,
        certificate=summary(found),
        tag=state_tag(found.state),
        why=reason_words(row.status_reason),
        fields=fields(found),
        follows=linked(found),
        history=history(found, list(life.events(session, row))),
        acts=[(_act(action), url_for("office.act", room=room, identity=row.id, change=action)) for action in can],
        correct_url=url_for("office.correct", room=room, identity=row.id)
        if found.state == "valid" and waiting is None
        else None,
        answer_url=url_for("office.answer", room=room, correction_id=waiting.id)
        if waiting and waiting.state == "open"
        else None,
    )


@blueprint.route(f"{ROOM}/<uuid:identity>/<any(suspended, reinstated, revoked):change>", methods=["GET", "POST"])
@requires("administrator", "trainer")
def act(room: str, identity: UUID, change: Action) -> ResponseReturnValue:
    """Suspend, reinstate or revoke: asked on a page of its own, with a reason."""
    if change not in ACTIONS[room]:
        abort(403)
    row = _one(room, identity)
    form = ActForm([(key, reason_words(key) or key) for key in REASONS[change]], final=change == "revoked")
    status = 200
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                life.change(db.session(), row, change, _by(room, form.reason.data, form.words.data), utcnow())
            except LifeRefused as refused:
                db.session.rollback()
                form.reason.errors, status = [refusal_words(refused.reason)], 409
            else:
                db.session.commit()
                flash(_("It is done. The public page says so now, the signed lists within five minutes."), "ok")
                return redirect(_address(room, row), 303)
    page = render_template(
        "office/act.html", room=room, form=form, action=change, label=_act(change),
        certificate=summary(verification.standing_of(db.session(), _one(room, identity))), back_url=_address(room, row),
    )  # fmt: skip
    return page, status


@blueprint.route(f"{ROOM}/<uuid:identity>/name", methods=["GET", "POST"])
@requires("administrator", "trainer")
def correct(room: str, identity: UUID) -> ResponseReturnValue:
    """Give another name: a new edition takes the place of the certificate."""
    row = _one(room, identity)
    form, status = CorrectionForm(needed=True), 200
    if form.is_submitted():
        status = 400
        if form.validate():
            try:
                corrections.correct(db.session(), row, form.name.data, _by(room, "", form.words.data), utcnow())
            except LifeRefused as refused:
                db.session.rollback()
                form.name.errors, status = [refusal_words(refused.reason)], 409
            else:
                db.session.commit()
                flash(_("The new edition is being issued. It takes less than a minute."), "ok")
                return redirect(_address(room, row), 303)
    page = render_template(
        "office/act.html", room=room, form=form, action="correct", label=_("Correct the name"),
        certificate=summary(verification.standing_of(db.session(), _one(room, identity))), back_url=_address(room, row),
    )  # fmt: skip
    return page, status


@blueprint.route(f"{ROOM}/corrections/<int:correction_id>", methods=["GET", "POST"])
@requires("administrator", "trainer")
def answer(room: str, correction_id: int) -> ResponseReturnValue:
    """A name asked by a holder: to accept, or to refuse with a reason (``go`` is accept or refuse)."""
    correction = db.session.get(Correction, correction_id)
    if correction is None:
        abort(404)
    row = _one(room, correction.certificate_id)
    form, status = AnswerNameForm(), 200
    if form.is_submitted():
        status = 400
        decide = {"accept": corrections.accept, "refuse": corrections.refuse}.get(request.form.get("go", ""))
        if decide is None:
            abort(400)
        if form.validate():
            try:
                decide(db.session(), correction, _by(room, "", form.words.data or ""), utcnow())
            except LifeRefused as refused:
                db.session.rollback()
                form.words.errors, status = [refusal_words(refused.reason)], 409
            else:
                db.session.commit()
                flash(_("The holder reads the answer on their page of certificates."), "ok")
                return redirect(_address(room, row), 303)
    else:
        _seen([row], room)
    page = render_template(
        "office/correction.html", room=room, form=form, correction=db.session.get(Correction, correction_id),
        certificate=summary(verification.standing_of(db.session(), _one(room, row.id))), back_url=_address(room, row),
    )  # fmt: skip
    return page, status


def _allowed(room: str) -> ColumnElement[bool]:
    """The certificates of a room: every one for the institution's administration, their learners' for a trainer.

    An administrator by a platform's word has no power over the institution's register.
    """
    me = visitor()
    if room == "admin":
        if "administrator" not in me.roles or me.platform_id is not None:
            abort(403)
        return true()
    if "trainer" not in me.roles:
        abort(403)
    return life.trained_by(me.person.id)


def _one(room: str, identity: UUID) -> Certificate:
    """A certificate of the room; 404 for another, 403 for one's own: nobody decides about themselves."""
    row = certificate_search.one(db.session(), _allowed(room), identity)
    if row is None:
        abort(404)
    if row.person_id == visitor().person.id:
        abort(403)
    return row


def _seen(rows: list[Certificate], room: str) -> None:
    """Write in the journal that the visitor saw whose certificates these are."""
    me = visitor().person.id
    with writing(db.session()):
        lines = [(row.number, me, {"room": room}) for row in rows if row.person_id != me]
        record_all(db.session(), "certificate_viewed", lines)
        db.session.commit()


def _by(room: str, reason: str, words: str) -> Act:
    return Act(visitor().person.id, "administrator" if room == "admin" else "trainer", reason, words)


def _address(room: str, row: Certificate) -> str:
    return url_for("office.show", room=room, identity=row.id)


def _act(action: Action) -> str:
    return {"suspended": _("Suspend"), "reinstated": _("Make valid again"), "revoked": _("Revoke for good")}[action]
