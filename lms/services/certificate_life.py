"""What happens to a certificate after its issue: suspended, reinstated, revoked, shown, shared. Nothing is undone.

Each act changes the state, adds an event, writes a line of the journal and promises the status lists, all in the
caller's transaction: the public page tells it at once, the lists as soon as a worker has signed them again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from lms.models import Certificate, CertificateEvent, Membership
from lms.models.secrets import new_token
from lms.services.audit import record as note
from lms.services.cohorts import learns, teaches
from lms.services.events import certificate_changed
from lms.services.figures import touch
from lms.services.outbox import promise

Action = Literal["suspended", "reinstated", "revoked"]
Capacity = Literal["holder", "trainer", "administrator"]

#: Why each act is done: stable keys, which records and files keep.
REASONS: dict[Action, tuple[str, ...]] = {
    "suspended": ("inquiry", "holder_request", "jury_decision"),
    "reinstated": ("cleared", "error", "jury_decision"),
    "revoked": ("fraud", "error", "holder_request", "jury_decision"),
}
#: From which states each act may be done, and the state it leads to.
_WAYS: dict[Action, tuple[tuple[str, ...], str]] = {
    "suspended": (("valid",), "suspended"),
    "reinstated": (("suspended",), "valid"),
    "revoked": (("valid", "suspended"), "revoked"),
}
#: Longest words of who decides.
WORDS = 2000


class LifeRefused(Exception):
    """What was asked of a certificate cannot be done. ``reason`` is a stable key.

    ``state`` it is in no longer allows it · ``reason`` is not one of that act · ``words`` are missing or too long ·
    ``same`` name as it bears · ``pending`` another name waits already · ``expired`` · ``answered`` already ·
    ``erased`` its holder is · ``name_<why>`` the name cannot be printed.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Act:
    """Who acts and in what capacity, why (a key of ``REASONS``), with which words for the record."""

    person_id: int | None
    capacity: Capacity
    reason: str = ""
    words: str = ""


def change(session: Session, row: Certificate, action: Action, act: Act, now: datetime) -> None:
    """Suspend, reinstate or revoke a certificate. Raises ``LifeRefused``: revoked and replaced ones change no more."""
    if act.reason not in REASONS[action]:
        raise LifeRefused("reason")
    if not act.words.strip() or len(act.words) > WORDS:
        raise LifeRefused("words")
    hold(session, row)
    if not possible(row, action):
        raise LifeRefused("state")
    state = _WAYS[action][1]
    row.status, row.status_at = state, now
    row.status_reason = None if state == "valid" else act.reason
    add_event(session, row, action, act, now)
    note(session, f"certificate_{action}", row.number, act.person_id, reason=act.reason, capacity=act.capacity)
    touch(session, person_id=row.person_id)
    promise_lists(session, row)
    certificate_changed(session, row, action, now)
    session.flush()


def possible(row: Certificate, action: Action) -> bool:
    """Whether the state of a certificate allows an act."""
    return row.status in _WAYS[action][0]


def show_name(session: Session, row: Certificate, shown: bool, now: datetime) -> None:
    """Let the public page of one's own certificate show the name, or no longer."""
    hold(session, row)
    if row.name_public != shown:
        row.name_public = shown
        add_event(session, row, "name_shown" if shown else "name_hidden", Act(row.person_id, "holder"), now)
    session.flush()


def share(session: Session, row: Certificate, shared: bool, now: datetime) -> None:
    """Open a sharing link for one's own certificate, or close it for ever: opened again, it is another one."""
    hold(session, row)
    if (row.share_token is not None) != shared:
        row.share_token = new_token() if shared else None
        add_event(session, row, "shared" if shared else "unshared", Act(row.person_id, "holder"), now)
    session.flush()


def shared(session: Session, token: str) -> Certificate | None:
    """The certificate of a sharing link that is open."""
    return session.scalars(select(Certificate).filter_by(share_token=token)).first() if token else None


def of_holder(session: Session, person_id: int) -> Sequence[Certificate]:
    """The certificates of a person, the last one first."""
    query = select(Certificate).filter_by(person_id=person_id)
    return session.scalars(query.order_by(Certificate.issued_at.desc(), Certificate.number.desc())).all()


def one_of_holder(session: Session, person_id: int, identity: UUID) -> Certificate | None:
    """A certificate of that person; None for another's."""
    return session.scalars(select(Certificate).filter_by(person_id=person_id, id=identity)).first()


def trained_by(trainer_id: int) -> ColumnElement[bool]:
    """Whether the holder of a ``Certificate`` learns in a course that person trains now, in a track placed there."""
    me, holder = aliased(Membership), aliased(Membership)
    return exists().where(
        me.person_id == trainer_id, me.role == "trainer", me.left_at.is_(None),
        holder.context_id == me.context_id, learns(holder), holder.left_at.is_(None),
        holder.person_id == Certificate.person_id, teaches(me.context_id, _awarded),
    )  # fmt: skip


def _awarded(track: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a ``Certificate`` was earned in that track, be it a statement of one module or a label."""
    own: ColumnElement[bool] = Certificate.record["track"].as_string() == track
    return own


def events(session: Session, row: Certificate) -> Sequence[CertificateEvent]:
    """What was done to a certificate, in order."""
    return session.scalars(
        select(CertificateEvent).filter_by(certificate_id=row.id).order_by(CertificateEvent.id)
    ).all()


def hold(session: Session, row: Certificate) -> None:
    """Read a certificate again and keep others from changing it until the commit."""
    session.refresh(row, with_for_update=True)


def add_event(session: Session, row: Certificate, action: str, act: Act, now: datetime) -> None:
    """Add what was done to the certificate's history."""
    session.add(
        CertificateEvent(
            certificate_id=row.id, at=now, action=action, reason=act.reason or None, words=act.words.strip() or None,
            person_id=act.person_id, capacity=act.capacity,
        )
    )  # fmt: skip


def promise_lists(session: Session, row: Certificate) -> None:
    """Ask that the lists that tell the state of this certificate be signed again."""
    promise(session, "sign_status_lists", f"status_list:{row.status_list_id}", {"list_id": row.status_list_id})
