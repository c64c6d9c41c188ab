"""Having attempts marked again after a question was mended or withdrawn: the numbers first, then why, then the work."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.forms.analysis import RegradeForm
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.lessons import inline_markup
from lms.models import Regrading, db, utcnow
from lms.pages import tracks
from lms.security import visitor
from lms.services import regrading
from lms.services.regrading import NotRegraded, Wanted
from lms.studio import colleague, own_roles

blueprint = Blueprint("regrade", __name__, url_prefix="/author")

WHERE = "/<track_key>/<module_key>/regrade/<question_key>"


@blueprint.get(WHERE)
def show(track_key: str, module_key: str, question_key: str) -> ResponseReturnValue:
    """What each way of marking again would do, in numbers; what was asked before, and how far it is."""
    return _page(_wanted(track_key, module_key, question_key))


@blueprint.post(WHERE)
def ask(track_key: str, module_key: str, question_key: str) -> ResponseReturnValue:
    """Ask for it, as the numbers said; anything that changed since shows them again."""
    wanted = _wanted(track_key, module_key, question_key)
    form = RegradeForm(_kinds(wanted))
    if not form.validate():
        return _page(wanted, form), 400
    total = int(form.total.data) if (form.total.data or "").isdecimal() else 0
    try:
        regrading.ask(
            db.session(), wanted, form.kind.data, form.reason.data, total, form.digest.data or "",
            visitor().person.id, utcnow(),
        )  # fmt: skip
    except NotRegraded:
        db.session.rollback()
        return _page(wanted, form, moved=True), 409
    db.session.commit()
    flash(_("The attempts are being marked again. Reload the page to see how far it is."), "ok")
    here: dict[str, Any] = {"track_key": track_key, "module_key": module_key, "question_key": question_key}
    return redirect(url_for("regrade.show", **here), 303)


def _wanted(track_key: str, module_key: str, question_key: str) -> Wanted:
    """The question, if the visitor writes or reviews its track; it may be gone from the revision published now."""
    own_roles(track_key, "author", "reviewer")
    track = tracks().get(track_key)
    module = track.module(module_key) if track else None
    if track is None or module is None or module.quiz is None:
        abort(404)
    return Wanted(track, module, question_key)


def _kinds(wanted: Wanted) -> list[tuple[str, str]]:
    kinds = [("withdrawn", _("Withdrawn: everybody has its point"))]
    if wanted.question is not None:
        corrected = _("Mended: answers are marked by the question as it is in version %(version)s",
                      version=wanted.track.version)  # fmt: skip
        kinds.insert(0, ("corrected", corrected))
    return kinds


def _page(wanted: Wanted, form: RegradeForm | None = None, *, moved: bool = False) -> str:
    session = db.session()
    numbers = regrading.preview(session, wanted, tracks(), utcnow())
    labels = dict(_kinds(wanted))
    form = form or RegradeForm(labels.items())
    total = next(iter(numbers.values())).total
    form.digest.data, form.total.data = wanted.track.digest, str(total)
    question = wanted.module.question(wanted.key)
    here: dict[str, Any] = {"track_key": wanted.track.key, "module_key": wanted.module.key}
    return render_template(
        "author/regrade.html",
        key=wanted.track.key,
        track=localized(wanted.track.title),
        module={"key": wanted.module.key, "code": wanted.module.code},
        question={"key": wanted.key, "stem": inline_markup(question.stem) if question else None},
        version=wanted.track.version,
        by_person=question is not None and wanted.question is None,
        numbers=[{"label": labels[kind], "total": each.total, "risen": each.risen, "fallen": each.fallen,
                  "passed": each.passed} for kind, each in numbers.items()],
        total=total,
        waiting=regrading.waiting(session, wanted),
        form=form,
        moved=moved,
        asked=[_row(row) for row in regrading.asked(session, wanted.track.key, wanted.module.key, wanted.key)],
        analysis_url=url_for("analysis.module", **here),
        here_url=request.path,
    )  # fmt: skip


def _row(row: Regrading) -> dict[str, Any]:
    said = _("Mended") if row.kind == "corrected" else _("Withdrawn")
    return {"kind": said, "who": colleague(row.asked_by), "row": row}
