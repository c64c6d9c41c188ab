"""The legal watch: the references of the tracks one writes, what each touches, and the modules to read again."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.forms.law import CloseTaskForm, LawChangedForm
from lms.i18n import checked_on, localized, ngettext
from lms.i18n import gettext as _
from lms.models import ReviewTask, db, utcnow
from lms.pages import tracks
from lms.security import visitor
from lms.services import legal_watch
from lms.services.legal_watch import Citing
from lms.studio import own_grants, own_roles, published_title

blueprint = Blueprint("law", __name__, url_prefix="/author/law")

#: Days after which a check is said to be old.
OLD = 365


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The legal references of the tracks one may write, and the modules to read again."""
    return _index_page(_scope())


@blueprint.get("/<legal_key>")
def show(legal_key: str) -> ResponseReturnValue:
    """What a reference touches: modules, and numbers of cohorts, learners and certificates."""
    return _show_page(legal_key, _touched(legal_key), LawChangedForm(formdata=None))


@blueprint.post("/<legal_key>/changed")
def changed(legal_key: str) -> ResponseReturnValue:
    """Say that the text changed: each module that cites it is to be read again."""
    found, form = _touched(legal_key), LawChangedForm()
    if not form.validate_on_submit():
        return _show_page(legal_key, found, form), 400
    opened = legal_watch.changed(
        db.session(), _scope(), legal_key, form.version.data.strip(), visitor().person.id,
        note=(form.note.data or "").strip(), in_force_from=form.in_force_from.data,
    )  # fmt: skip
    db.session.commit()
    if opened:
        flash(ngettext("One module is to be read again.", "%(num)s modules are to be read again.", opened), "ok")
    else:
        flash(_("It is recorded. No more module is to be read again for this version."), "info")
    return redirect(url_for("law.index"), 303)


@blueprint.post("/tasks/<int:task_id>/close")
def close(task_id: int) -> ResponseReturnValue:
    """Say what came of reading a module again."""
    task = db.session.get(ReviewTask, task_id)
    if task is None:
        abort(404)
    own_roles(task.track_key)
    form = CloseTaskForm()
    if not form.validate_on_submit():
        return _index_page(_scope(), form, task_id), 400
    legal_watch.close(db.session(), task, form.outcome.data.strip(), visitor().person.id)
    db.session.commit()
    flash(_("The review is closed."), "ok")
    return redirect(url_for("law.index"), 303)


@blueprint.app_template_global("law_tasks")
def law_tasks(track_key: str) -> list[dict[str, Any]]:
    """For the page of a track: its modules to read again."""
    return [_task(row) for row in legal_watch.open_tasks(db.session(), [track_key])]


def _scope() -> list[str]:
    """The tracks whose use may be counted; 403 for who writes none."""
    grants = own_grants()
    if not grants:
        abort(403)
    return legal_watch.scope(db.session(), grants)


def _own(scope: list[str]) -> list[str]:
    """Those the visitor has a role for: of the others they see what is published alone."""
    grants = own_grants()
    return [key for key in scope if grants.roles(key)]


def _touched(legal_key: str) -> list[Citing]:
    scope = _scope()
    found = legal_watch.touched(db.session(), scope, legal_key, _own(scope))
    if not found:
        abort(404)
    return found


def _index_page(scope: list[str], form: CloseTaskForm | None = None, closing: int | None = None) -> str:
    own = _own(scope)
    references: dict[str, list[dict[str, Any]]] = {}
    for each in legal_watch.citings(db.session(), own, own):
        references.setdefault(each.reference.key, []).append(_citing(each))
    tasks = [_task(row) for row in legal_watch.open_tasks(db.session(), own)]
    return render_template(
        "author/law.html", references=sorted(references.items()), tasks=tasks, form=form, closing=closing,
        typed=request.form.get("outcome", ""),
    )  # fmt: skip


def _show_page(legal_key: str, found: list[Citing], form: LawChangedForm) -> str:
    rows = [_citing(each) for each in found]
    return render_template(
        "author/law_reference.html", key=legal_key, first=rows[0], rows=rows, form=form,
        learners=sum(each.learners for each in found), certificates=sum(each.certificates for each in found),
        modules=_modules(found),
    )  # fmt: skip


def _modules(found: Iterable[Citing]) -> int:
    """How many modules cite it, each counted once whatever its revisions."""
    return len({(each.track.key, module.key) for each in found for module in each.modules})


def _citing(each: Citing) -> dict[str, Any]:
    reference = each.reference
    return {
        "track": published_title(each.track.key), "version": each.track.version, "draft": each.draft,
        "current": each.current,
        "reference": reference.reference, "title": localized(reference.title), "text_version": reference.version,
        "in_force_from": reference.in_force_from, "source": reference.source,
        "checked": _checked(reference.checked_on), "age": _age(reference.checked_on),
        "old": (_days(reference.checked_on) or 0) > OLD,
        "modules": [f"{module.code} {localized(module.title)}" for module in each.modules],
        "learners": each.learners, "cohorts": each.cohorts, "certificates": each.certificates,
    }  # fmt: skip


def _task(row: ReviewTask) -> dict[str, Any]:
    track = tracks().get(row.track_key)
    module = track.module(row.module_key) if track else None
    named = next((each.reference for each in (track.legal if track else ()) if each.key == row.legal_key), "")
    return {
        "id": row.id, "track": published_title(row.track_key),
        "track_url": url_for("author.track", track_key=row.track_key),
        "module": f"{module.code} {localized(module.title)}" if module else row.module_key,
        "law": named or row.legal_key,
        "version": row.legal_version, "in_force_from": row.in_force_from, "note": row.note, "since": row.opened_at,
        "url": url_for("law.show", legal_key=row.legal_key),
    }  # fmt: skip


def _days(checked: str) -> int | None:
    """How many days ago a year, a month or a day began; None for what is no date."""
    with suppress(ValueError):
        year, month, day = [*(int(part) for part in checked.split("-")), 1, 1][:3]
        return max(0, (utcnow().date() - date(year, month, day)).days)
    return None


def _age(checked: str) -> str:
    days = _days(checked)
    if days is None:
        return _("Still to be checked")
    months = days // 30
    return ngettext("one month ago", "%(num)s months ago", months) if months else _("less than a month ago")


def _checked(checked: str) -> str:
    return (checked_on(checked) or "") if _days(checked) is not None else checked
