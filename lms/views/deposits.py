"""The files of an attempt: added and taken back from the page of their question, given back to their owner."""

import os
import uuid

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.datastructures import FileStorage

from assessments.files import FileRefused
from assessments.model import Field
from assessments.registry import question_types
from curricula.model import Question
from lms.attempt_access import mine, permission, writable
from lms.deposit_pages import as_attachment
from lms.forms.answer import TooLong, read_answer
from lms.i18n import filesize
from lms.i18n import gettext as _
from lms.models import Attempt, db
from lms.quiz_pages import asked_question, attempt_module, question_page
from lms.refusals import too_long
from lms.scanning import examined
from lms.security import requires
from lms.services import deposits
from lms.services.answers import AnswerRefused, save_answer

blueprint = Blueprint("deposits", __name__, url_prefix="/learn")

#: As answers, by the permission of the page.
OWN_TOKEN = ("deposits.change",)
#: More than any field takes, so that one a little too large is refused with its reason and nothing typed is lost.
UPLOADS = {"deposits.change": 40_000_000}


@blueprint.route("/attempts/<uuid:attempt_id>/<int:number>/files", methods=["GET", "POST"])
def change(attempt_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """Keep the answer as it is typed, then add the files chosen (``add``) or take one back (``take``)."""
    if request.method == "GET":
        return redirect(url_for("quiz.question", attempt_id=attempt_id, number=number), 303)
    attempt = writable(attempt_id)
    module = attempt_module(attempt)
    asked, item = asked_question(attempt, module, number)
    fields = [field for field in question_types()[asked.type].fields(asked, item) if field.kind == "files"]
    field = next((each for each in fields if each.name == request.form.get("add")), None)
    errors: list[str] = []
    try:
        save_answer(db.session(), attempt, asked, read_answer(request.form, asked, item))
        if field is not None:
            errors = _add(attempt, asked, field)
        elif "take" in request.form:
            _take_back(attempt, asked, request.form["take"])
    except TooLong as error:
        errors = [too_long(error.count, error.most)]
    except AnswerRefused:
        db.session.commit()  # as for an answer: what is late is in the record
        return redirect(url_for("quiz.result", attempt_id=attempt.id), 303)
    db.session.commit()
    if errors:
        words = Markup("<br>").join(errors)
        return question_page(attempt, module, number, permission=permission(attempt), error=words), 400
    anchor = f"f-{field.name}-files" if field is not None else None
    return redirect(url_for("quiz.question", attempt_id=attempt.id, number=number, _anchor=anchor), 303)


@blueprint.get("/attempts/<uuid:attempt_id>/files/<uuid:deposit_id>")
@requires("learner", "trainer", "author")
def download(attempt_id: uuid.UUID, deposit_id: uuid.UUID) -> ResponseReturnValue:
    """A file of the visitor's own attempt."""
    attempt, _track, _module = mine(attempt_id)
    row = deposits.readable(db.session(), attempt.id, deposit_id)
    if row is None:
        abort(404)
    return as_attachment(row)


def _add(attempt: Attempt, asked: Question, field: Field) -> list[str]:
    """Add every file chosen; gives why some were refused. What was typed is committed before they are examined."""
    chosen = [each for each in request.files.getlist(f"file.{field.name}") if each.filename]
    if not chosen:
        return [_("No file was chosen. Choose one on your device, then add it.")]
    harms = [None if _is_large(each, field) else examined(each.stream) for each in chosen]
    refused = [
        (each.filename or "", harm or _keep(attempt, asked, field, each))
        for each, harm in zip(chosen, harms, strict=True)
    ]
    return [
        _("%(name)s: %(what)s %(fix)s", name=name[-80:], what=why[0], fix=why[1]) for name, why in refused if why
    ]  # fmt: skip


def _is_large(file: FileStorage, field: Field) -> bool:
    """Whether it is refused for its size, without asking the antivirus."""
    size = file.stream.seek(0, os.SEEK_END)
    file.stream.seek(0)
    return size > field.megabytes * 1_000_000


def _keep(attempt: Attempt, asked: Question, field: Field, file: FileStorage) -> tuple[str, str] | None:
    """Add a file; gives what happened and what to do where it is refused."""
    try:
        row = deposits.add(db.session(), attempt, asked, field, file.filename or "", file.stream)
    except FileRefused as refusal:
        return _(refusal.what, **refusal.values), _(refusal.fix, **refusal.values)
    flash(_("« %(name)s » is added (%(size)s).", name=row.name, size=filesize(row.size)), "ok")
    return None


def _take_back(attempt: Attempt, asked: Question, number: str) -> None:
    try:
        row = deposits.take_back(db.session(), attempt, asked, uuid.UUID(number))
    except ValueError:
        abort(400)
    if row is not None:
        flash(_("« %(name)s » is taken back.", name=row.name), "ok")
