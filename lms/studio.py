"""What every page of the studio shares: who the visitor is there, and the draft they asked for."""

from collections.abc import Iterable

from flask import abort, g

from curricula.model import Module
from curricula.pieces import module_in, module_path
from lms.errors import Refused
from lms.i18n import gettext as _
from lms.i18n import localized
from lms.models import Draft, DraftPiece, Person, db
from lms.pages import issuer_name, tracks
from lms.security import visitor
from lms.services import authors, drafts, studio
from lms.services.studio import Grants


def own_grants() -> Grants:
    """What the visitor may do in the studio; 401 when nobody is signed in."""
    person_id = visitor().person.id
    if "studio_grants" not in g:
        g.studio_grants = studio.grants(db.session(), person_id)
    found: Grants = g.studio_grants
    return found


def own_roles(track_key: str, *needed: str) -> frozenset[str]:
    """What the visitor may do with a track: 404 when it is not theirs to see, 403 when they hold none of ``needed``."""
    roles = own_grants().roles(track_key)
    if not roles:
        abort(404)
    if needed and not roles.intersection(needed):
        abort(403)
    return roles


def own_draft(track_key: str, *needed: str) -> Draft:
    """The open draft of a track, if the visitor may do one of ``needed`` with it (any role without); else as above."""
    own_roles(track_key, *needed)
    draft = drafts.open_draft(db.session(), track_key)
    if draft is None:
        abort(404)
    return draft


def piece_or_404(draft: Draft, path: str) -> DraftPiece:
    """The piece of that path with its content."""
    found = drafts.piece(db.session(), draft, path)
    if found is None:
        abort(404)
    return found


def module_or_404(draft: Draft, module_key: str) -> Module:
    """A module of the draft, without its lessons and questions."""
    return module_in(piece_or_404(draft, module_path(module_key)).content)


def track_title(draft: Draft) -> str:
    """The title of the draft's track in the reader's language; its key where it has none."""
    return localized(drafts.title(db.session(), draft)) or draft.track_key


def published_title(key: str) -> str:
    """The title of a track in the reader's language: as published, else as its draft has it; else its key."""
    published = tracks().get(key)
    if published is not None:
        return localized(published.title)
    draft = drafts.open_draft(db.session(), key)
    return track_title(draft) if draft is not None else key


def module_title(module: Module) -> str:
    """What the studio calls a module: its code and its title, its key where it has none."""
    return f"{module.code} · {localized(module.title) or module.key}"


def may_write(draft: Draft) -> bool:
    """Whether the visitor may change the draft as it stands."""
    return draft.state == "draft" and "author" in own_roles(draft.track_key)


def institution_choices(numbers: Iterable[int | None]) -> list[tuple[str, str]]:
    """Institutions as a form offers them; None is this one."""
    names = {row.id: row.name for row in authors.institutions(db.session())}
    return [(str(number), names[number]) if number else ("", issuer_name()) for number in numbers]


def colleague(person_id: int | None) -> str:
    """Who did something, for those who write with them."""
    person = db.session.get(Person, person_id) if person_id else None
    return (person.display_name if person else "") or _("Somebody")


def frozen() -> Refused:
    """The refusal of whoever writes in a draft that is being read."""
    return Refused(
        _("This draft is being reviewed: it cannot be changed now."),
        _("Take it back from review, on the page of the track, to go on writing."),
        status=409, cause="draft_frozen",
    )  # fmt: skip
