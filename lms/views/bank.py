"""A module's bank of questions in the studio: found, written, ordered."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from curricula.model import Module, Question
from curricula.pieces import module_path, question_in, question_path, question_piece
from lms.bank_changes import arranged, differences
from lms.bank_pages import known, lacks, preview, row_of, table
from lms.forms.bank import QuestionForm
from lms.forms.bank_search import SearchForm
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Draft, DraftPiece, db
from lms.security import visitor
from lms.services import bank, drafts
from lms.services.drafts import Conflict, Frozen, Taken
from lms.studio import colleague, frozen, may_write, module_or_404, own_draft, piece_or_404, track_title
from lms.studio_review import said_of

blueprint = Blueprint("bank", __name__, url_prefix="/author")

#: A question nobody wrote yet.
EMPTY = Question("", "single", "", 2, "", {}, ())


@blueprint.get("/<track_key>/<module_key>/bank")
def index(track_key: str, module_key: str) -> ResponseReturnValue:
    """The questions of a module in order, a page at a time, narrowed by words and facts."""
    draft = own_draft(track_key)
    module = module_or_404(draft, module_key)
    form = SearchForm(request.args, module)
    page = request.args.get("page", "1")
    search = form.search()
    number = int(page) if page.isdecimal() and len(page) < 7 else 1
    found = bank.find(db.session(), draft, module_key, search, known(module), number)
    return render_template(
        "author/bank.html",
        **_place(draft, module), form=form, found=found, rows=[row_of(row, module) for row in found.rows],
        table=table(module, bank.counts(db.session(), draft, module_key)), narrowed=bool(form.asked()),
        first=(found.page - 1) * bank.PAGE,
        previous_url=_list_url(draft, module, form.asked(), found.page - 1) if found.page > 1 else None,
        next_url=_list_url(draft, module, form.asked(), found.page + 1) if found.page < found.pages else None,
    )  # fmt: skip


@blueprint.route("/<track_key>/<module_key>/bank/new", methods=["GET", "POST"])
def new(track_key: str, module_key: str) -> ResponseReturnValue:
    """Write a new question: its key is proposed, and can be another while it is new."""
    draft = own_draft(track_key, "author")
    module = module_or_404(draft, module_key)
    if request.method == "GET":
        objective = request.args.get("objective", "")
        begun = Question(bank.next_key(db.session(), draft, module_key), "single", objective, 2, "", {}, ())
        return _page(draft, module, _form(draft, module, begun, 0, new=True), begun, None)
    form = QuestionForm(module, others=_instead(draft, module), new=True)
    valid, question = form.validate(), form.kept_question(form.key.data or "")
    if not valid or _only_shown():
        return _again(draft, module, form, form.question(question.key), None, valid=valid)
    try:
        bank.add(db.session(), draft, module_key, question, visitor().person.id)
    except Taken:
        form.key.errors = [_("« %(key)s » names a question already. Choose another key.", key=question.key)]
        return _again(draft, module, form, form.question(question.key), None, valid=False)
    except Frozen as refusal:
        raise frozen() from refusal
    return _saved(track_key, module_key, question.key)


@blueprint.route("/<track_key>/<module_key>/bank/questions/<question_key>", methods=["GET", "POST"])
def question(track_key: str, module_key: str, question_key: str) -> ResponseReturnValue:
    """One question: written by authors, read by the others; what it lacks is said beside each field."""
    draft = own_draft(track_key, *(["author"] if request.method == "POST" else []))
    module = module_or_404(draft, module_key)
    path = question_path(module_key, question_key)
    if request.method == "GET":
        row = piece_or_404(draft, path)
        kept = question_in(row.content)
        return _page(draft, module, _form(draft, module, kept, row.edition), kept, row)
    form = QuestionForm(module, others=_instead(draft, module, question_key))
    valid, written = form.validate(), form.kept_question(question_key)
    present = drafts.piece(db.session(), draft, path)
    if not valid or _only_shown():
        return _again(draft, module, form, form.question(question_key), present, valid=valid)
    try:
        if form.read_edition() == 0 and present is None:
            bank.add(db.session(), draft, module_key, written, visitor().person.id)
        else:
            content = question_piece(written)
            drafts.save(db.session(), draft, path, content, form.read_edition(), visitor().person.id)
    except (Conflict, Taken):
        return _conflict(draft, module, form, written, drafts.piece(db.session(), draft, path))
    except Frozen as refusal:
        raise frozen() from refusal
    return _saved(track_key, module_key, question_key)


@blueprint.post("/<track_key>/<module_key>/bank/preview")
def seen(track_key: str, module_key: str) -> ResponseReturnValue:
    """How learners would see what is being written: a part of the page, for its script. Keeps nothing."""
    draft = own_draft(track_key)
    form = QuestionForm(module_or_404(draft, module_key))
    return render_template("author/bank_preview.html", preview=preview(form.kept_question("preview")))


@blueprint.post("/<track_key>/<module_key>/bank/questions/<question_key>/move")
def move(track_key: str, module_key: str, question_key: str) -> ResponseReturnValue:
    """Let a question change places with its neighbour."""
    draft = own_draft(track_key, "author")
    by = -1 if request.form.get("by") == "-1" else 1
    try:
        drafts.move(db.session(), draft, question_path(module_key, question_key), by, visitor().person.id)
    except Conflict:
        flash(_("Somebody removed this question meanwhile."), "warm")
    except Frozen as refusal:
        raise frozen() from refusal
    db.session.commit()
    page = request.form.get("page", "")
    here = url_for(
        "bank.index", track_key=track_key, module_key=module_key, page=page if page.isdecimal() else None,
        _anchor=question_key,
    )  # fmt: skip
    return redirect(here, 303)


@blueprint.post("/<track_key>/<module_key>/bank/questions/<question_key>/copy")
def copy(track_key: str, module_key: str, question_key: str) -> ResponseReturnValue:
    """Add the same question again, to write another from it."""
    draft = own_draft(track_key, "author")
    try:
        made = bank.copy(db.session(), draft, module_key, question_key, visitor().person.id)
    except Conflict:
        abort(404)
    except Frozen as refusal:
        raise frozen() from refusal
    db.session.commit()
    flash(_("This is the copy, at the end of the bank: « %(key)s ». Change its wording.", key=made), "ok")
    return redirect(_url("bank.question", track_key, module_key, made), 303)


@blueprint.post("/<track_key>/<module_key>/bank/questions/<question_key>/transfer")
def transfer(track_key: str, module_key: str, question_key: str) -> ResponseReturnValue:
    """Move a question to the bank of another module."""
    draft = own_draft(track_key, "author")
    other = request.form.get("module", "")
    if other == module_key or drafts.piece(db.session(), draft, module_path(other)) is None:
        flash(_("Choose the module to move the question to."), "warm")
        return redirect(_url("bank.question", track_key, module_key, question_key), 303)
    try:
        made = bank.transfer(db.session(), draft, module_key, question_key, other, visitor().person.id)
    except Conflict:
        abort(404)
    except Frozen as refusal:
        raise frozen() from refusal
    db.session.commit()
    flash(_("The question is in this module now. Choose its objective and its source here."), "ok")
    return redirect(_url("bank.question", track_key, other, made), 303)


@blueprint.route("/<track_key>/<module_key>/bank/questions/<question_key>/remove", methods=["GET", "POST"])
def remove(track_key: str, module_key: str, question_key: str) -> ResponseReturnValue:
    """Ask, then remove a question; what somebody changed since it was shown is shown again first."""
    draft = own_draft(track_key, "author")
    module = module_or_404(draft, module_key)
    if request.method == "POST":
        try:
            drafts.hold(db.session(), draft)
        except Frozen as refusal:
            raise frozen() from refusal
    row = piece_or_404(draft, question_path(module_key, question_key))
    changed = request.method == "POST" and request.form.get("edition") != str(row.edition)
    if request.method == "POST" and not changed:
        drafts.remove(db.session(), draft, row.path, visitor().person.id)
        db.session.commit()
        flash(_("« %(key)s » is removed. The history of the draft can bring it back.", key=question_key), "ok")
        return redirect(url_for("bank.index", track_key=track_key, module_key=module_key), 303)
    page = render_template(
        "author/bank_remove.html", **_place(draft, module), row=row, question_key=question_key, changed=changed,
        preview=preview(question_in(row.content)),
    )  # fmt: skip
    return page, 409 if changed else 200


def _only_shown() -> bool:
    """Whether the form is sent to be seen again otherwise: preview, another type, parts moved or removed."""
    return request.form.get("do", "save") != "save"


def _saved(track_key: str, module_key: str, question_key: str) -> ResponseReturnValue:
    db.session.commit()
    if request.form.get("next") == "new":
        flash(_("« %(key)s » is saved.", key=question_key), "ok")
        return redirect(url_for("bank.new", track_key=track_key, module_key=module_key), 303)
    flash(_("The question is saved."), "ok")
    return redirect(_url("bank.question", track_key, module_key, question_key), 303)


def _again(
    draft: Draft, module: Module, form: QuestionForm, written: Question, row: DraftPiece | None, *, valid: bool
) -> ResponseReturnValue:
    """The page as it was sent: with what is refused, or its parts in their new order, as its type asks for them."""
    if not valid:
        return _page(draft, module, form, written, row, status=400, unsaved=True)
    moved, new = arranged(written, request.form["do"]), "key" in form
    again = _form(draft, module, moved, form.read_edition(), new=new)
    return _page(draft, module, again, moved, row, unsaved=True)


def _conflict(
    draft: Draft, module: Module, form: QuestionForm, written: Question, theirs: DraftPiece | None
) -> ResponseReturnValue:  # fmt: skip
    """Somebody else saved meanwhile: what each wrote, and the choice between them. Nothing was kept."""
    db.session.rollback()
    sent = form.question(written.key)
    again = _form(draft, module, sent, theirs.edition if theirs else 0)
    conflict: dict[str, Any] = {"gone": theirs is None}
    if theirs is not None:
        conflict |= {
            "who": colleague(theirs.edited_by), "at": theirs.edited_at,
            "differences": differences(written, question_in(theirs.content)),
        }  # fmt: skip
    return _page(draft, module, again, sent, theirs, status=409, unsaved=True, conflict=conflict)


def _form(draft: Draft, module: Module, shown: Question, edition: int, *, new: bool = False) -> QuestionForm:
    """The form that shows a question of the bank."""
    return QuestionForm.of(module, shown, edition, others=_instead(draft, module, shown.key), new=new)


def _instead(draft: Draft, module: Module, key: str = "") -> list[tuple[str, str]]:
    """The questions that another may be asked instead of, as their list names them."""
    rows = bank.others(db.session(), draft, module.key, key)
    return [(name, f"{name} · {localized({'fr': '', **label}) or label.get('en', '')}"[:100]) for name, label in rows]


def _page(
    draft: Draft, module: Module, form: QuestionForm, shown: Question, row: DraftPiece | None, *, status: int = 200,
    unsaved: bool = False, conflict: dict[str, Any] | None = None,
) -> ResponseReturnValue:  # fmt: skip
    place = _place(draft, module)
    before, after = bank.neighbours(db.session(), row) if row else ("", "")
    new, fitted = "key" in form, form.fitted(shown) if unsaved else shown
    found = lacks(fitted, module, bank.keys(db.session(), draft, module.key) if fitted.instead else ())
    page = render_template(
        "author/bank_question.html",
        **place, form=form, anatomy=form.anatomy, question=shown, row=row, new=new, unsaved=unsaved, conflict=conflict,
        preview=preview(fitted), edited_by=colleague(row.edited_by) if row and row.edited_by else None,
        lacks={} if status == 400 or (new and not unsaved) else found,
        unfinished=any(each["blocking"] for some in found.values() for each in some),
        before_url=_url("bank.question", draft.track_key, module.key, before) if before else None,
        after_url=_url("bank.question", draft.track_key, module.key, after) if after else None,
        said=said_of(draft, row.path) if row else None,
        modules=[] if new or not place["may_write"] else _others(draft, module),
    )  # fmt: skip
    return page, status


def _place(draft: Draft, module: Module) -> dict[str, Any]:
    """What every page of a bank says of where it is, and whether the visitor may write there."""
    return {
        "key": draft.track_key, "track_title": track_title(draft), "draft": draft,
        "module": {"key": module.key, "code": module.code, "title": localized(module.title) or module.key},
        "may_write": may_write(draft),
    }  # fmt: skip


def _others(draft: Draft, module: Module) -> list[tuple[str, str]]:
    labels = bank.modules(db.session(), draft)
    return [(key, localized({"fr": key, **label})) for key, label in labels.items() if key != module.key]


def _list_url(draft: Draft, module: Module, asked: dict[str, Any], page: int) -> str:
    return url_for("bank.index", track_key=draft.track_key, module_key=module.key, **asked, page=page)


def _url(endpoint: str, track_key: str, module_key: str, question_key: str) -> str:
    return url_for(endpoint, track_key=track_key, module_key=module_key, question_key=question_key)
