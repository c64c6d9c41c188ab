"""A piece of a draft edited through a form: what two people wrote at once is told apart and nothing of it is lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from flask import abort, flash, render_template, request
from flask.typing import ResponseReturnValue

from curricula.collisions import T, marks, merged, parts, take
from lms.forms.parts import PageForm, wrong
from lms.i18n import day, localized
from lms.i18n import gettext as _
from lms.models import Draft, DraftPiece, db
from lms.security import visitor
from lms.services import drafts, outline
from lms.services.outline import Use
from lms.studio import colleague, frozen
from lms.studio_pages import edit_url


@dataclass(frozen=True)
class Collision:
    """One part that two people changed: what it is called, what each wrote. ``name`` says which to take theirs of."""

    name: str
    label: str
    mine: str
    theirs: str


def written(draft: Draft, path: str) -> DraftPiece | None:
    """The piece of that path, None when it is not there; nobody else writes in the draft while something is sent.

    Raises ``Refused`` when the draft is being read.
    """
    if request.method == "POST":
        try:
            drafts.hold(db.session(), draft)
        except drafts.Frozen:
            raise frozen() from None
    elif draft.state != "draft":
        raise frozen()
    return drafts.piece(db.session(), draft, path)


def writable(draft: Draft, path: str) -> DraftPiece:
    """The same, 404 when the piece is not there."""
    return written(draft, path) or abort(404)


def more_rows(form: PageForm) -> bool:
    """Whether the visitor asked for blank rows rather than to save; gives them."""
    rows = form.rows_named(request.form.get("more", ""))
    if rows is not None:
        rows.make_room(3)
    return rows is not None


def reconciled(mine: T, theirs: T, row: DraftPiece | None, form: PageForm) -> tuple[T, list[Collision]]:
    """(what to keep, what two people changed) where ``mine`` was written on the page sent and ``theirs`` is kept now.

    What the visitor chose to take from the other, on the page that asked, is taken.
    """
    chosen = {name.removeprefix("take."): said for name, said in request.form.items() if name.startswith("take.")}
    mine = take(mine, theirs, [name for name, said in chosen.items() if said == "theirs"])
    if not stale(row):
        return mine, []
    value, names = merged(request.form.get("read", ""), mine, theirs)
    ours, others = parts(value), parts(theirs)
    return value, [
        Collision(name, _called(name, form), _shown(ours.get(name)), _shown(others.get(name))) for name in names
    ]


def stale(row: DraftPiece | None) -> bool:
    """Whether somebody saved the piece since the page that was sent was read."""
    return request.form.get("edition") != _edition(row)


def _edition(row: DraftPiece | None) -> str:
    """The edition of what is there, and its mark: a piece removed and written again counts anew."""
    return f"{row.edition}-{sha256(row.content).hexdigest()[:8]}" if row is not None else "0"


def read_now(value: Any, row: DraftPiece | None, *, fresh: bool) -> Mapping[str, Any]:
    """What a form keeps of what it shows: the edition, and a mark of each part.

    Not ``fresh``: the page shows again what was sent, which was read before, and says so.
    """
    if fresh:
        return {"edition": _edition(row), "read": marks(value)}
    return {"edition": request.form.get("edition", ""), "read": request.form.get("read", "")}


def kept(
    draft: Draft, path: str, content: bytes | None, collisions: Sequence[Collision], used: Sequence[Use]
) -> bool:  # fmt: skip
    """Let the piece say what its form does, unless there is something to ask first; whether it is kept.

    No content: the piece goes.
    """
    if collisions or (used and not request.form.get("sure")):
        return False
    session, person_id = db.session(), visitor().person.id
    drafts.put(session, draft, path, content, person_id)
    outline.forget(session, draft, used, person_id)
    db.session.commit()
    flash(_("Saved."), "ok")
    return True


def form_page(
    template: str, form: PageForm, read: Mapping[str, Any], collisions: Sequence[Collision], used: Sequence[Use],
    row: DraftPiece | None, **values: Any,
) -> ResponseReturnValue:  # fmt: skip
    """The page of a form, with what there is to ask."""
    shown = render_template(
        template,
        form=form, opened=request.form.get("more", ""), wrong=list(wrong(form)), read=read,
        collisions=collisions,
        other=colleague(row.edited_by if row is not None else None) if collisions else None,
        used=[_use(use, values["key"]) for use in used], **values,
    )  # fmt: skip
    status = 409 if collisions or used else 400 if form.errors else 200
    return shown, status


def _use(use: Use, track_key: str) -> dict[str, Any]:
    """A lesson, question or module that names what goes, as the page says it."""
    kinds = {"lesson": _("Lesson"), "question": _("Question"), "module": _("Module")}
    module_key, _slash, rest = use.path.partition("/")
    title = localized(use.label) or rest.partition("/")[2] or module_key
    return {"kind": kinds[use.kind], "title": title, "url": edit_url(track_key, use.path)}


def _called(name: str, form: PageForm) -> str:
    field, _dot, part = name.partition(".")
    label = form[field].label.text if field in form else _(form.CALLED.get(field, field))
    if part in ("fr", "en"):
        return f"{label}, {_('in French') if part == 'fr' else _('in English')}"
    return f"{label} {part}".rstrip()


def _shown(said: Any) -> str:
    """A part in words."""
    if said is None or said in ("", ()):
        return _("Nothing")
    if isinstance(said, date):
        return day(said)
    if isinstance(said, Mapping):
        return _joined(said.values())
    if is_dataclass(said):
        return _joined(getattr(said, field.name) for field in fields(said) if field.name != "key")
    if isinstance(said, tuple):
        return ", ".join(map(_shown, said))
    return str(said)


def _joined(values: Iterable[Any]) -> str:
    return " · ".join(_shown(each) for each in values if each not in (None, "", (), {"fr": "", "en": ""}))
