"""The trainer's pages: my cohorts, and one of them."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.i18n import gettext as _
from lms.i18n import localized, ngettext
from lms.models import Context, CourseGroup, db
from lms.pages import tracks
from lms.security import requires, visitor
from lms.services import cohort_learners, rosters, works
from lms.services.cohort_learners import PAGE, STATES, Chosen, CohortLearner, Figures, Page
from lms.services.cohorts import IDLE, cohort_tracks, cohorts, trains

blueprint = Blueprint("teach", __name__, url_prefix="/teach")


@blueprint.get("/", endpoint="cohorts")
@requires("trainer")
def list_cohorts() -> ResponseReturnValue:
    """The courses the visitor trains."""
    found = cohorts(db.session(), visitor().person.id)
    rows = []
    for cohort in found:
        titles = [localized(tracks()[key].title) for key in cohort.tracks if key in tracks()]
        rows.append(
            {
                "title": _title(cohort.context),
                "track": ", ".join(titles),
                "url": url_for("teach.cohort", context_id=cohort.context.id),
                "people": cohort.learners,
                "certified": cohort.certified,
                "idle": cohort.idle,
                "last_seen": cohort.last_at,
            }
        )
    waiting = works.waiting(db.session(), visitor().person.id)
    return render_template("teach/cohorts.html", cohorts=rows, to_mark=waiting)


@blueprint.get("/<int:context_id>")
@requires("trainer")
def cohort(context_id: int) -> ResponseReturnValue:
    """One cohort, or one group of it: each learner's progress and results, those who never came among them."""
    session, context = db.session(), _own(context_id)
    placed = [key for key in cohort_tracks(session, context.id) if key in tracks()]
    asked = request.args.get("track")
    key = asked if asked in placed else next(iter(placed), None)
    track = tracks().get(key or "") or next(iter(tracks().values()))
    groups = cohort_learners.groups(session, context.id) if context.groups_url else []
    chosen = _chosen(groups)
    figures = cohort_learners.figures(session, context.id, track, chosen.group)
    page = cohort_learners.learners(session, context.id, track, chosen)
    left = cohort_learners.departed(session, context.id, track, chosen.group) if figures.left else None
    return render_template(
        "teach/cohort.html",
        cohorts_url=url_for("teach.cohorts"),
        cohort={"title": _title(context), "track": localized(track.title)},
        facts=_facts(figures),
        to_mark=works.waiting(session, visitor().person.id, context.id),
        marking_url=url_for("marking.index", course=context.id),
        analyses=[
            (part.code, url_for("analysis.module", track_key=track.key, module_key=part.key))
            for part in track.published_modules
            if part.quiz
        ],
        learners=[_row(learner, context.id, track.key) for learner in page.learners],
        total=page.total,
        chosen={"words": chosen.words, "state": chosen.state or "", "group": chosen.group, "track": asked},
        narrowed=bool(chosen.words or chosen.state),
        groups=[{"id": row.id, "name": _group_name(row)} for row in groups],
        pages=_pages(context.id, page, chosen),
        left=[_row(learner, context.id, track.key) for learner in left.learners] if left else [],
        left_count=figures.left,
        left_shown=min(figures.left, PAGE),
        roster=_roster(context),
        sittings_url=url_for("sittings.index", context_id=context.id),
        issuing_url=url_for("bulk_issuing.index", context_id=context.id, track=key),
    )


@blueprint.post("/<int:context_id>/roster")
@requires("trainer")
def roster(context_id: int) -> ResponseReturnValue:
    """Ask for the list of members to be read now."""
    context = _own(context_id)
    if not context.members_url:
        flash(_("The platform gives no list of members. Allow Names and Roles in the platform's settings."), "warm")
    elif rosters.ask(db.session(), context, visitor().person.id):
        flash(_("The list of members will be read within a few seconds. Reload the page to see it."), "ok")
    db.session.commit()
    return redirect(url_for("teach.cohort", context_id=context.id), 303)


def _own(context_id: int) -> Context:
    """The course, if the visitor trains it; 404 otherwise."""
    context = trains(db.session(), visitor().person.id, context_id)
    if context is None:
        abort(404)
    return context


def _chosen(groups: Iterable[CourseGroup]) -> Chosen:
    """What the address narrows the list to; what it says wrong says nothing."""
    group = request.args.get("group", type=int)
    state = next((state for state in STATES if state == request.args.get("state")), None)
    page = min(max(1, request.args.get("page", 1, type=int)), 1_000_000)
    known = {row.id for row in groups}
    return Chosen(group if group in known else None, request.args.get("q", "").strip()[:100], state, page)


def _title(context: Context) -> str:
    return context.title or context.label or _("Course without title")


def _group_name(row: CourseGroup) -> str:
    name = row.name or _("Group without name")
    return _("%(set)s: %(group)s", set=row.set_name, group=name) if row.set_name else name


def _facts(figures: Figures) -> list[dict[str, Any]]:
    idle = ngettext(
        "one without activity for %(days)s days", "%(num)s without activity for %(days)s days", figures.idle,
        days=IDLE.days,
    )  # fmt: skip
    return [
        {"value": figures.enrolled, "label": _("enrolled")},
        {"value": figures.never, "label": _("not opened yet")},
        {"value": figures.in_progress, "label": _("in progress"), "why": idle if figures.idle else None},
        {"value": figures.completed, "label": _("completed")},
        {"value": figures.certified, "label": _("certified")},
    ]


def _pages(context_id: int, page: Page, chosen: Chosen) -> dict[str, Any] | None:
    """Where the other pages are; None when one holds everybody."""
    if page.pages == 1 and chosen.page == 1:
        return None

    def at(number: int) -> str | None:
        kept: dict[str, Any] = {name: request.args.get(name) for name in ("track", "q", "state", "group")}
        return (
            url_for("teach.cohort", context_id=context_id, page=number, **kept) if 1 <= number <= page.pages else None
        )

    first = (chosen.page - 1) * PAGE + 1
    return {
        "first": first, "last": first + len(page.learners) - 1,
        "previous": at(min(chosen.page - 1, page.pages)), "next": at(chosen.page + 1),
    }  # fmt: skip


def _roster(context: Context) -> dict[str, Any] | None:
    """How the list of members stands; None when the platform offers none."""
    if not context.members_url:
        return None
    why, _newline, detail = (context.roster_error or "").partition("\n")
    return {
        "url": url_for("teach.roster", context_id=context.id),
        "read_at": context.roster_at,
        "waits": rosters.reading_awaited(db.session(), context.id),
        "error": _(why) if why else None,
        "detail": detail,
    }


def _row(learner: CohortLearner, context_id: int, track_key: str) -> dict[str, Any]:
    state = learner.progress
    scores = [step.best for step in state.modules if step.best is not None] if state else []
    current = state.current if state else None
    here: dict[str, Any] = {"context_id": context_id, "person_id": learner.person.id}
    return {
        "name": learner.person.display_name or _("Name withheld by the platform"),
        "url": url_for("evidence.learner", **here, track=track_key)
        if learner.came
        else url_for("accommodations.show", **here),
        "detail": learner.person.sourced_id,
        "state": _state(learner),
        "share": state.share if state else Fraction(0),
        "module": current.module.code if current else None,
        "average": sum(scores, Fraction(0)) / len(scores) if scores else None,
        "last_seen": learner.last_at,
    }


def _state(learner: CohortLearner) -> str:
    if learner.never:
        return "never"
    if learner.certified:
        return "certified"
    if learner.completed:
        return "passed"
    if learner.idle:
        return "idle"
    state = learner.progress
    if state is None or learner.last_at is None:
        return "todo"
    return "retry" if any(step.state == "retry" for step in state.modules) else "now"
