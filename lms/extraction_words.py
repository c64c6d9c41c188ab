"""What an export of somebody is made of: the part of the organisation they see, and the words that say it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.i18n import current_language, number
from lms.i18n import gettext as _
from lms.models import Person, Unit
from lms.services.organisation import Scope, scope_of
from lms.tables import Extraction

#: Units that a scope names; the others are counted.
NAMED = 5


def extraction_of(
    session: Session, person: Person, asked: Mapping[str, str], at: datetime, *, mask_below: int
) -> Extraction:
    """What that person takes out at that moment, in the language in force, narrowed to what they see."""
    scope = scope_of(session, person)
    return Extraction(
        at=at, author=author(person), scope=scope_words(session, scope, person), scope_filter=scope,
        language=current_language(), asked=dict(asked), mask_below=mask_below,
    )  # fmt: skip


def author(person: Person) -> str:
    """Who takes it out."""
    return person.display_name or person.email or _("Human resources")


def scope_words(session: Session, scope: Scope, person: Person) -> str:
    """Whose data these are."""
    if scope.paths is not None:
        names = session.scalars(select(Unit.name).where(Unit.path.in_(scope.paths)).order_by(Unit.path)).all()
        named, others = "\u202f; ".join(names[:NAMED]), len(names) - NAMED
        if others > 0:
            return _("%(names)s and %(count)s other units, with all under them.", names=named, count=number(others))
        return _("%(names)s, with all under it.", names=named)
    if person.platform is None:
        return _("The whole institution: every platform and every account.")
    return _("The people of the platform « %(name)s ».", name=person.platform.name)
