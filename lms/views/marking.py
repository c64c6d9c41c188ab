"""Marking: the pile of a trainer's courses, one work with its rubric, its files."""

import uuid
from io import BytesIO
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from assessments.rubric import undecided
from lms.errors import Refused
from lms.forms.marking import WORDS, plain, read_judged
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.marking_pages import (
    answers_shown,
    bare_code,
    began_in,
    code,
    markings_shown,
    module_name,
    part_name,
    rubric,
    to_judge,
    work_state,
)
from lms.models import Attempt, Marking, Work, db, utcnow
from lms.pages import followed, tracks
from lms.scanning import examined_again
from lms.security import requires, visitor
from lms.services import deposits, marking, works
from lms.services.marking import Judged, MarkingRefused
from lms.services.settling import asked_of_persons
from lms.services.works import PAGE, SHOWN, Chosen, Page, Show

blueprint = Blueprint("marking", __name__, url_prefix="/teach/marking")


@blueprint.get("")
@requires("trainer")
def index() -> ResponseReturnValue:
    """The works waiting in every course the visitor trains, how much there is to do, the appeals."""
    session, me, now = db.session(), visitor().person.id, utcnow()
    chosen = _chosen()
    page, load = works.works(session, me, chosen), works.load(session, me, now)
    return render_template(
        "teach/marking.html",
        load=load,
        works=[_row(work, page.markings[work.attempt_id], me) for work in page.works],
        total=page.total,
        chosen=chosen,
        now=now,
        modules=[
            {"key": f"{track}/{module}", "name": module_name(tracks().get(track), module)}
            for track, module in works.modules_judged(session, me)
        ],
        courses=[
            {"id": number, "title": title or _("Course without title")} for number, title in works.courses(session, me)
        ],
        appeals=[
            {
                "name": appeal.attempt.enrolment.person.display_name or _("Name withheld by the platform"),
                "module": module_name(began_in(appeal.attempt.enrolment, appeal.attempt), appeal.attempt.module_key),
                "asked_at": appeal.asked_at,
                "url": url_for("appeals.decide", number=appeal.id),
            }
            for appeal in works.open_appeals(session, me)
        ],
        pages=_pages(page, chosen),
    )  # fmt: skip


@blueprint.get("/<uuid:attempt_id>")
@requires("trainer")
def show(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """One work: to be taken, being marked by the visitor, or done."""
    return _page(attempt_id)


@blueprint.post("/<uuid:attempt_id>/take")
@requires("trainer")
def take(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Begin to mark a work; it is nobody else's meanwhile."""
    attempt, _track, module = to_judge(attempt_id)
    try:
        marking.take(db.session(), attempt, module, visitor().person.id, utcnow())
    except MarkingRefused as refusal:
        db.session.rollback()
        flash(_why(refusal.reason), "warm")
    db.session.commit()
    return redirect(url_for("marking.show", attempt_id=attempt_id), 303)


@blueprint.post("/<uuid:attempt_id>/back")
@requires("trainer")
def give_back(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Leave a work to somebody else."""
    attempt, _track, _module = to_judge(attempt_id)
    marking.give_back(db.session(), attempt, visitor().person.id)
    db.session.commit()
    flash(_("The copy is back on the pile: a colleague can take it."), "ok")
    return redirect(url_for("marking.index"), 303)


@blueprint.post("/<uuid:attempt_id>")
@requires("trainer")
def save(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """Keep what was said so far; finish when asked to, if nothing is missing."""
    attempt, _track, module = to_judge(attempt_id)
    session, me = db.session(), visitor().person.id
    said = read_judged(request.form, asked_of_persons(attempt, module))
    reason = plain(request.form.get("reason"))
    if max(map(len, (reason, *(each.comment for each in said.values())))) > WORDS:
        error = _("This is too long: %(count)s characters at most.", count=WORDS)
        return _page(attempt_id, said, reason, [{"id": "words", "text": error}]), 400
    try:
        marking.save(session, attempt, me, said, reason)
        session.commit()
        if request.form.get("go") != "finish":
            flash(_("The draft is kept. Nobody else sees it."), "ok")
            return redirect(url_for("marking.show", attempt_id=attempt_id), 303)
        marking.finish(session, attempt, followed(attempt.enrolment), module, me, utcnow())
    except MarkingRefused as refusal:
        session.rollback()
        if refusal.reason == "not_held":
            return _not_held(attempt_id)
        return _page(attempt_id, errors=_missing(attempt_id, refusal.reason)), 400
    session.commit()
    flash(_("%(copy)s: your marking is finished.", copy=code(attempt_id)), "ok")
    return redirect(url_for("marking.index"), 303)


@blueprint.get("/<uuid:attempt_id>/files/<uuid:deposit_id>")
@requires("trainer")
def file(attempt_id: uuid.UUID, deposit_id: uuid.UUID) -> ResponseReturnValue:
    """A file handed in with a work, to download, under a name that does not tell whose it is."""
    attempt, _track, _module = to_judge(attempt_id)
    found = deposits.readable(db.session(), attempt.id, deposit_id)
    if found is None:
        abort(404)
    content = BytesIO(found.content)
    examined_again(content, found.id)
    ending = found.name.rpartition(".")[2].lower()
    name = f"{bare_code(attempt.id)}-{str(found.id)[:4]}"
    name += f".{ending}" if ending.isalnum() and len(ending) < 6 else ""
    return send_file(content, "application/octet-stream", as_attachment=True, download_name=name)


def _page(
    attempt_id: uuid.UUID, typed: dict[str, Judged] | None = None, reason: str | None = None,
    errors: list[dict[str, str]] | None = None,
) -> str:  # fmt: skip
    """A work as the visitor may see it; ``typed`` instead of what is kept, where it could not be."""
    attempt, track, module = to_judge(attempt_id)
    session, me, now = db.session(), visitor().person.id, utcnow()
    work = session.get(Work, attempt.id)
    if work is None:
        abort(404)
    rows = works.markings_of(session, [attempt.id])[attempt.id]
    drafts = {row.question_key: row for row in rows if row.marker_id == me and row.done_at is None}
    part = marking.open_part(session, work, attempt, rows, me, now)
    visible = marking.visible(work, rows, me)
    shown = []
    for answer in answers_shown(attempt, module, by_person=True):
        draft = drafts.get(answer["key"])
        kept = (typed or {}).get(answer["key"]) or (Judged(draft.levels, draft.comment) if draft else Judged())
        asked = answer["question"]
        shown.append(
            {
                **answer,
                "criteria": rubric(asked, kept.levels),
                "comment": kept.comment,
                "mine": draft is not None,
                "markings": markings_shown(asked, visible),
            }
        )
    first = next(iter(drafts.values()), None)
    author = attempt.enrolment.person.display_name or _("Name withheld by the platform")
    return render_template(
        "teach/mark.html",
        attempt_id=attempt_id,
        copy=code(attempt_id),
        author=author if work.state == "done" and part is None else None,
        module=module_name(track, module.key),
        track=localized(track.title),
        work=work,
        state=work_state(work, rows, me),
        late=work.due_at < now and work.state in {"marking", "reconciling"},
        part=part,
        part_name=part_name(part) if part else None,
        holding=first is not None,
        questions=shown,
        reason=reason if reason is not None else first.reason if first else "",
        needs_reason=part in {"reconciliation", "moderation"},
        score=attempt.score,
        tolerance=module.quiz.tolerance if module.quiz else None,
        errors=errors or [],
        most=WORDS,
    )


def _missing(attempt_id: uuid.UUID, reason: str) -> list[dict[str, str]]:
    """What stops a marking from being finished, and where."""
    if reason == "no_reason":
        return [{"id": "reason", "text": _("Say why: the reason stays in the record.")}]
    attempt, _track, module = to_judge(attempt_id)
    rows = works.markings_of(db.session(), [attempt.id])[attempt.id]
    me = visitor().person.id
    return [
        {
            "id": f"c-{question.key}-{criterion.key}",
            "text": _("Choose a level: %(criterion)s.", criterion=localized(criterion.title)),
        }
        for row in rows
        if row.marker_id == me and row.done_at is None and (question := module.question(row.question_key))
        for criterion in undecided(question.criteria, row.levels)
    ]  # fmt: skip


def _not_held(attempt_id: uuid.UUID) -> ResponseReturnValue:
    """A page that saves a work which is no longer the visitor's: finished already, or somebody else's."""
    rows: list[Marking] = works.markings_of(db.session(), [attempt_id])[attempt_id]
    if any(row.marker_id == visitor().person.id and row.done_at is not None for row in rows):
        flash(_("You had finished this copy already: what you decided then stands."), "warm")
        return redirect(url_for("marking.show", attempt_id=attempt_id), 303)
    raise Refused(
        _("This copy is no longer yours to mark: it was given back, or a colleague took it over."),
        _("Go back to copy what you wrote, then look at the pile."), status=409,
    )  # fmt: skip


def _why(reason: str) -> str:
    return {
        "taken": _("A colleague took this copy just before you."),
        "both": _("You marked this copy already: another person has to mark it now."),
    }.get(reason, _("Nothing is left to mark in this copy."))


def _row(work: Work, rows: list[Marking], me: int) -> dict[str, Any]:
    attempt: Attempt = work.attempt
    person = attempt.enrolment.person
    state = work_state(work, rows, me)
    unseen = work.sampled and not any(row.part == "moderation" or row.marker_id == me for row in rows)
    known = state == "done" and not unseen
    return {
        "code": code(attempt.id),
        "author": (person.display_name or _("Name withheld by the platform")) if known else None,
        "module": module_name(began_in(attempt.enrolment, attempt), attempt.module_key),
        "due_at": work.due_at,
        "done_at": work.done_at,
        "score": attempt.score,
        "state": state,
        "url": url_for("marking.show", attempt_id=attempt.id),
    }  # fmt: skip


def _chosen() -> Chosen:
    """What the address narrows the list to; what it says wrong says nothing."""
    show: Show = next((show for show in SHOWN if show == request.args.get("show")), "todo")
    track, _slash, module = request.args.get("module", "")[:201].partition("/")
    page = min(max(1, request.args.get("page", 1, type=int)), 1_000_000)
    course = request.args.get("course", type=int)
    return Chosen(show, course if course is not None and 0 < course < 2**31 else None, track, module, page)


def _pages(page: Page, chosen: Chosen) -> dict[str, Any] | None:
    """Where the other pages are; None when one holds everything."""
    if page.pages == 1 and chosen.page == 1:
        return None
    kept: dict[str, Any] = {name: request.args.get(name) for name in ("show", "module", "course")}

    def at(number: int) -> str | None:
        return url_for("marking.index", page=number, **kept) if 1 <= number <= page.pages else None

    first = (chosen.page - 1) * PAGE + 1
    return {
        "first": first, "last": first + len(page.works) - 1,
        "previous": at(min(chosen.page - 1, page.pages)), "next": at(chosen.page + 1),
    }  # fmt: skip
