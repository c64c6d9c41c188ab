"""Deliveries to the platforms: what waits, what failed and how to put it right, and grades that differ."""

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lms.forms.deliveries import DeliveriesForm
from lms.i18n import capitalized, counted, ngettext
from lms.i18n import gettext as _
from lms.models import db
from lms.security import requires, visitor
from lms.services import audit, deliveries, reconciliation
from lms.services.deliveries import PAGE, Filter, Waiting
from lms.services.platforms import platform_names
from lms.services.reconciliation import Column

blueprint = Blueprint("deliveries", __name__, url_prefix="/admin/deliveries")


@blueprint.get("")
@requires("administrator")
def index() -> ResponseReturnValue:
    """What is not delivered, the oldest first."""
    session, own = db.session(), _own()
    numbers, causes = deliveries.counts(session, own), deliveries.causes(session, own)
    form = DeliveriesForm(
        request.args,
        [(str(number), name) for number, name in platform_names(session) if own in {None, number}],
        [(cause, f"{_first_sentence(why)} ({counted(count)})") for cause, why, count in causes],
    )
    wanted = _filter(form.data)
    words, found = kinds(), deliveries.waiting(session, wanted, _position(request.args.get("after", "")))
    asked = {name: value for name, value in form.data.items() if value}
    failed, pending = numbers.get("failed", 0), numbers.get("pending", 0)
    return render_template(
        "admin/deliveries.html",
        sentence=_sentence(pending, failed),
        facts={"pending": pending, "failed": failed, "sent": numbers.get("done", 0)},
        oldest=deliveries.oldest(session, own),
        silent=deliveries.silent_platforms(session, own),
        form=form,
        index_url=url_for("deliveries.index"),
        admin_url=url_for("admin.index"),
        jobs=[_job(job, words) for job in found[:PAGE]],
        next_url=url_for("deliveries.index", **asked, after=_place(found[PAGE - 1])) if len(found) > PAGE else None,
        first_url=url_for("deliveries.index", **asked) if request.args.get("after") else None,
        replay_url=url_for("deliveries.replay_all", **asked) if causes else None,
        compare_url=url_for("deliveries.compare"),
        columns=[_column(column) for column in reconciliation.columns_to_see(session, own)],
    )


@blueprint.post("/<int:job_id>/replay")
@requires("administrator")
def replay(job_id: int) -> ResponseReturnValue:
    """Try one delivery again now."""
    if not deliveries.replay(db.session(), job_id, _own()):
        abort(404)
    _note("delivery_replay", str(job_id))
    db.session.commit()
    flash(_("The delivery will be tried again within a few seconds."), "ok")
    return redirect(url_for("deliveries.index"), 303)


@blueprint.post("/replay")
@requires("administrator")
def replay_all() -> ResponseReturnValue:
    """Try every failed delivery of the filter again now."""
    wanted = _filter(request.args)
    count = deliveries.replay_failed(db.session(), wanted)
    _note("delivery_replay", "all", count=count)
    db.session.commit()
    flash(ngettext("One delivery will be tried again.", "%(num)s deliveries will be tried again.", count), "ok")
    return redirect(url_for("deliveries.index"), 303)


@blueprint.post("/columns/<int:link_id>/send")
@requires("administrator")
def send_again(link_id: int) -> ResponseReturnValue:
    """Send again the scores of a column whose grades differ, then compare."""
    count = reconciliation.send_again(db.session(), link_id, _own())
    if count is None:
        abort(404)
    _note("column_send", str(link_id), count=count)
    db.session.commit()
    flash(ngettext("One score will be sent again.", "%(num)s scores will be sent again.", count), "ok")
    return redirect(url_for("deliveries.index"), 303)


@blueprint.post("/compare")
@requires("administrator")
def compare() -> ResponseReturnValue:
    """Compare every gradebook column in use with the scores sent, without waiting for the day to pass."""
    count = reconciliation.promise_comparisons(db.session(), None, _own())
    _note("columns_compare", count=count)
    db.session.commit()
    flash(ngettext("One column will be compared.", "%(num)s columns will be compared.", count), "ok")
    return redirect(url_for("deliveries.index"), 303)


def _note(action: str, target: str = "", **details: Any) -> None:
    audit.record(db.session(), action, target, visitor().person.id, **details)


def _sentence(pending: int, failed: int) -> str:
    if not pending and not failed:
        return _("Everything is delivered.")
    parts = []
    if failed:
        parts.append(ngettext("One delivery waits for you.", "%(shown)s deliveries wait for you.", failed,
                              shown=counted(failed)))  # fmt: skip
    if pending:
        parts.append(ngettext("One delivery is on its way.", "%(shown)s deliveries are on their way.", pending,
                              shown=counted(pending)))  # fmt: skip
    return " ".join([*map(capitalized, parts), _("Nothing is lost: each delivery waits here with its original date.")])


def _filter(values: Any) -> Filter:
    platform = values.get("platform") or ""
    number = int(platform) if platform.isascii() and platform.isdigit() and len(platform) < 10 else None
    own = _own()
    return Filter(number if own is None else own, values.get("cause") or None)


def _own() -> int | None:
    """An administrator who comes from a platform sees that one alone; None for the institution's own."""
    return visitor().platform_id


def _place(job: Waiting) -> str:
    return f"{job.created_at.isoformat()}_{job.id}"


def _position(text: str) -> tuple[datetime, int] | None:
    moment, _separator, number = text.partition("_")
    try:
        found = datetime.fromisoformat(moment), int(number)
    except ValueError:
        return None
    return found if found[0].tzinfo is not None and found[1] < 2**31 else None


def _first_sentence(why: str) -> str:
    return _(why).partition(".")[0] if why else _("Another reason")


def kinds() -> dict[str, str]:
    """Kind of job, which is a file of ``lms/jobs`` → what it does, in words."""
    return {
        "ask_notices": _("Notices to ask a platform for"), "check_journal": _("Journal to check"),
        "check_platform": _("Check of a connection"), "close_attempts": _("Attempts to close, their time being over"),
        "close_figures": _("Figures of a month to close"),
        "count_day": _("Day of the past to count"),
        "correct_certificate": _("Name to correct on a certificate"), "export_report": _("Report to export"),
        "find_moved": _("Agents who moved, to find"), "import_file": _("File of HR to take in"),
        "issue_certificate": _("Certificate to issue"), "issue_run": _("Certificates of a course to issue"),
        "keep_words": _("Certificates to be found by name"),
        "match_people": _("Learners to match with agents"), "purge": _("Old data to remove"),
        "read_bank": _("File of questions to read"), "reconcile_scores": _("Gradebook to compare"),
        "refresh_figures": _("Agents to count again"), "regrade": _("Results to mark again"),
        "resolve_lineitem": _("Gradebook column to find"), "send_reminder": _("Reminder to send by e-mail"),
        "send_score": _("Score to the gradebook"), "send_statement": _("Statement to the learning record store"),
        "send_webhook": _("Message to a webhook"), "sign_again": _("Certificates to sign again"),
        "sign_status_lists": _("Status lists to sign"), "sync_roster": _("Members of a course"),
        "wallet_credential": _("Credential to sign for a wallet"),
    }  # fmt: skip


def _job(job: Waiting, words: dict[str, str]) -> dict[str, Any]:
    why, _newline, detail = (job.last_error or "").partition("\n")
    what, _stop, fix = _(why).partition(". ") if why else ("", "", "")
    return {
        "kind": words.get(job.kind, job.kind),
        "platform": job.platform,
        "since": job.created_at,
        "failed": job.status == "failed",
        "attempts": job.tries,
        "what": f"{what.rstrip('.')}." if what else "",
        "fix": fix,
        "detail": detail,
        "next_try": job.due_at if job.status == "pending" else None,
        "replay_url": url_for("deliveries.replay", job_id=job.id),
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "title": column.title or _("Activity without title"),
        "where": " · ".join(filter(None, (column.course, column.platform))),
        "differing": column.differing,
        "note": _(column.note) if column.note else None,
        "compared": column.reconciled_at,
        "send_url": url_for("deliveries.send_again", link_id=column.link_id) if column.differing else None,
    }
