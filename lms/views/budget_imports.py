"""The file of the budget: checked, taken in, undone."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lms.budget_pages import asked_unit, budget_scope, frame, why_not
from lms.cells import Problem, UnreadableFile
from lms.errors import Refused
from lms.forms.budgets import BudgetImportForm
from lms.i18n import gettext as _
from lms.i18n import number
from lms.models import db
from lms.pages import config
from lms.security import requires, visitor
from lms.services.budget_imports import BudgetImport, import_budget
from lms.services.budget_rows import FRENCH
from lms.services.budget_undo import UndoRefused, undo_last
from lms.services.imports import last_run

blueprint = Blueprint("budget_imports", __name__, url_prefix="/hr/budget/import")
#: Cells to correct of a page.
SHOWN = 200


@blueprint.route("", methods=["GET", "POST"])
@requires("hr")
def index() -> ResponseReturnValue:
    """Send a file; every cell that is refused is shown with its place, its reason and its fix."""
    scope = budget_scope()
    unit = asked_unit(scope)
    form, result, unreadable = BudgetImportForm(), None, None
    if form.validate_on_submit():
        try:
            result = import_budget(
                db.session(), form.file.data.stream, scope, sheet=form.sheet.data or None,
                person_id=visitor().person.id, dry_run=bool(form.dry_run.data),
            )  # fmt: skip
        except UnreadableFile as error:
            unreadable = error.problem
        if result is not None and result.written:
            db.session.commit()
        else:
            db.session.rollback()
    last = last_run(db.session(), "budget")
    page = render_template(
        "hr/budget/import.html",
        **frame(unit, "budget_imports.index", _("File of the budget")),
        form=form,
        columns=list(FRENCH.values()),
        limit=config().upload_limit,
        unreadable=_shown(unreadable) if unreadable else None,
        result=result,
        sentence=_told(result) if result else None,
        problems=[_shown(problem) for problem in result.problems[:SHOWN]] if result else [],
        last={"at": last.created_at, **last.summary}
        if last and (scope.whole or last.person_id == visitor().person.id)
        else None,
    )
    return page, 422 if form.errors or unreadable or (result and result.refused) else 200


@blueprint.post("/undo")
@requires("hr")
def undo() -> ResponseReturnValue:
    """Make the budget as it was before the last file."""
    try:
        undo_last(db.session(), budget_scope(), visitor().person.id)
    except UndoRefused as refused:
        status = 403 if refused.reason == "scope" else 409
        fix = _("Enter the right amounts by hand, or send a corrected file: the history keeps both.")
        raise Refused(why_not(refused.reason), fix, status=status, cause=f"undo_{refused.reason}") from refused
    db.session.commit()
    flash(_("The last file is undone: the budget is as it was before."), "ok")
    return redirect(url_for("budget_imports.index"), 303)


def _told(result: BudgetImport) -> str:
    """What became of the file, in a few sentences."""
    if result.written:
        first = _("The file is taken in.")
    elif result.refused:
        first = _("Nothing was written: the file has rows to correct.")
    elif result.created + result.changed:
        first = _("Nothing was written: the file was only checked.")
    else:
        first = _("Nothing was written: the budget says so already.") if result.rows else _("The file has no row.")
    counts = _(
        "%(rows)s rows: %(created)s new years of a line, %(changed)s changed, %(unchanged)s unchanged, "
        "%(refused)s refused.",
        rows=number(result.rows), created=number(result.created), changed=number(result.changed),
        unchanged=number(result.unchanged), refused=number(result.refused),
    )  # fmt: skip
    return f"{first} {counts}"


def _shown(problem: Problem) -> dict[str, Any]:
    """A problem in the reader's words."""
    return {
        "sheet": problem.sheet,
        "line": problem.line,
        "column": problem.column,
        "what": _(problem.what, **problem.values),
        "fix": _(problem.fix, **problem.values),
    }
