"""A piece of a draft edited through a form: what two people wrote at once is told apart and nothing of it is lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Any, TypeVar

from flask import request

from curricula.collisions import marks, merged, parts, take
from curricula.model import Module, Track
from lms.forms.parts import PageForm, Rows
from lms.i18n import day
from lms.i18n import gettext as _
from lms.models import Draft, DraftPiece, db
from lms.services import drafts
from lms.studio import frozen, piece_or_404

T = TypeVar("T", Track, Module)


@dataclass(frozen=True)
class Collision:
    """One part that two people changed: what it is called, what each wrote. ``name`` says which to take theirs of."""

    name: str
    label: str
    mine: str
    theirs: str


def writable(draft: Draft, path: str) -> DraftPiece:
    """The piece of that path, nobody else writing in the draft meanwhile when something is sent.

    Raises ``Refused`` when the draft is being read; 404 when the piece is not there.
    """
    if request.method == "POST":
        try:
            drafts.hold(db.session(), draft)
        except drafts.Frozen:
            raise frozen() from None
    elif draft.state != "draft":
        raise frozen()
    return piece_or_404(draft, path)


def more_rows(form: PageForm) -> bool:
    """Whether the visitor asked for blank rows rather than to save; gives them."""
    asked = request.form.get("more", "")
    if asked not in form or not isinstance(form[asked], Rows):
        return False
    form[asked].make_room(3)
    return True


def reconciled(mine: T, theirs: T, row: DraftPiece, form: PageForm) -> tuple[T, list[Collision]]:
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


def stale(row: DraftPiece) -> bool:
    """Whether somebody saved the piece since the page that was sent was read."""
    return request.form.get("edition") != str(row.edition)


def read_now(value: Track | Module, row: DraftPiece, *, fresh: bool) -> Mapping[str, Any]:
    """What a form keeps of what it shows: the edition, and a mark of each part.

    Not ``fresh``: the page shows again what was sent, which was read before, and says so.
    """
    if fresh:
        return {"edition": row.edition, "read": marks(value)}
    return {"edition": request.form.get("edition", ""), "read": request.form.get("read", "")}


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
        return ", ".join(map(str, said))
    return str(said)


def _joined(values: Iterable[Any]) -> str:
    return " · ".join(_shown(each) for each in values if each not in (None, "", (), {"fr": "", "en": ""}))
