"""The register as lists show it: found by number, code or name, narrowed to a track or a state."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, union_all
from sqlalchemy.orm import Session

from certificates.codes import read_code
from lms.models import Certificate
from lms.services.bounded import so_many
from lms.services.certificate_words import found_by
from lms.services.reminders import ending

#: How many a list shows; the search narrows the rest.
PAGE = 50


@dataclass(frozen=True)
class Asked:
    """What a list is narrowed to; empty texts narrow nothing. ``state`` is one of the register's, or ``ending``."""

    words: str = ""
    track: str = ""
    state: str = ""


def search(
    session: Session, allowed: ColumnElement[bool], asked: Asked, now: datetime
) -> tuple[Sequence[Certificate], int]:
    """The last certificates issued among those ``allowed`` that answer, and how many answer; two queries.

    There are ``COUNTED + 1`` where more than ``lms.i18n.COUNTED`` do.
    """
    wanted = [allowed]
    if asked.words.strip():
        wanted.append(_says(asked.words.strip()))
    if asked.track:
        wanted.append(or_(Certificate.award_key == asked.track, Certificate.award_key.startswith(asked.track + "/")))
    if asked.state:
        wanted.append(_in_state(asked.state, now))
    query = select(Certificate).where(*wanted).order_by(Certificate.issued_at.desc(), Certificate.number.desc())
    found = session.scalars(query.limit(PAGE + 1)).all()
    if len(found) <= PAGE:
        return found, len(found)
    return found[:PAGE], session.scalar(select(so_many(select(Certificate.id).where(*wanted)))) or 0


def one(session: Session, allowed: ColumnElement[bool], identity: UUID) -> Certificate | None:
    """The certificate of that identifier, if it is among those ``allowed``."""
    return session.scalars(select(Certificate).where(Certificate.id == identity, allowed)).first()


def _says(words: str) -> ColumnElement[bool]:
    found = found_by(words)
    with suppress(ValueError):
        found.append(select(Certificate.id).where(Certificate.code == read_code(words)))
    return Certificate.id.in_(union_all(*found))


def _in_state(state: str, now: datetime) -> ColumnElement[bool]:
    if state == "ending":
        return ending(now) & (Certificate.valid_until > now)
    over = Certificate.valid_until.is_not(None) & (Certificate.valid_until <= now)
    if state == "expired":
        return (Certificate.status == "valid") & over
    return (Certificate.status == "valid") & ~over if state == "valid" else Certificate.status == state
