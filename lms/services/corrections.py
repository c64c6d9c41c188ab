"""Another name on a certificate: asked by its holder or by who may decide, then issued as the edition that replaces it.

The decision and the issue are two steps, since only a worker holds the keys: between them the old one stays valid.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, contains_eager

from certificates.model import Facts, Record
from certificates.names import NameRefused, holder_name
from lms.models import Certificate, Correction, Person
from lms.services.audit import record as note
from lms.services.authority import Authority
from lms.services.certificate_life import WORDS, Act, LifeRefused, add_event, hold, promise_lists
from lms.services.certificates import enter, one_at_a_time
from lms.services.events import certificate_changed
from lms.services.outbox import promise

PENDING = ("open", "accepted")


def ask(session: Session, row: Certificate, name: str, words: str, now: datetime) -> Correction:
    """The holder asks for another name. Raises ``LifeRefused``."""
    correction = _begin(session, row, name, words, now)
    add_event(session, row, "correction_asked", Act(row.person_id, "holder"), now)
    session.flush()
    return correction


def correct(session: Session, row: Certificate, name: str, act: Act, now: datetime) -> Correction:
    """Who may decide gives another name by themselves. Raises ``LifeRefused``."""
    correction = _begin(session, row, name, "", now)
    accept(session, correction, act, now)
    return correction


def accept(session: Session, correction: Correction, act: Act, now: datetime) -> None:
    """Accept a name that was asked; a worker issues the new edition. Raises ``LifeRefused``."""
    _decide(session, correction, "accepted", act, now)
    key = f"correction:{correction.id}"
    promise(session, "correct_certificate", key, {"correction_id": correction.id})


def refuse(session: Session, correction: Correction, act: Act, now: datetime) -> None:
    """Refuse a name, and say why to the holder. Raises ``LifeRefused``."""
    if not act.words.strip():
        raise LifeRefused("words")
    _decide(session, correction, "refused", act, now)


def pending(session: Session, row: Certificate) -> Correction | None:
    """The correction of a certificate that waits for an answer or for its issue."""
    query = select(Correction).where(Correction.certificate_id == row.id, Correction.state.in_(PENDING))
    return session.scalars(query).first()


def of_certificate(session: Session, row: Certificate) -> Sequence[Correction]:
    """Every correction asked of a certificate, the last one first."""
    return session.scalars(select(Correction).filter_by(certificate_id=row.id).order_by(Correction.id.desc())).all()


def open_ones(session: Session, allowed: ColumnElement[bool], limit: int = 50) -> Sequence[Correction]:
    """The corrections that wait for an answer, of the certificates that ``allowed`` tells, the oldest first."""
    query = select(Correction).join(Correction.certificate).options(contains_eager(Correction.certificate))
    return session.scalars(
        query.where(Correction.state == "open", allowed).order_by(Correction.asked_at, Correction.id).limit(limit)
    ).all()


def replace(session: Session, authority: Authority, correction_id: int, now: datetime) -> Certificate | None:
    """Issue the edition that an accepted correction asks for; None when there is nothing to do (any more).

    In the caller's transaction, whole or not at all. Raises ``RenderError`` when it cannot be drawn.
    """
    one_at_a_time(session)
    correction = session.get(Correction, correction_id, with_for_update=True, populate_existing=True)
    if correction is None or correction.state != "accepted":
        return None
    old = correction.certificate
    hold(session, old)
    if old.status != "valid" or _over(old, now):
        correction.state = "void"  # it was revoked, suspended or ended meanwhile: that decision stands
        session.flush()
        return None
    record = Record.from_dict(old.record)
    facts = {field.name: getattr(record, field.name) for field in fields(Facts)}
    new = enter(
        session, authority, Facts(**{**facts, "holder": correction.name}), old.person_id, old.award_key, now,
        enrolment_id=old.enrolment_id, cycle=old.cycle, edition=old.edition + 1, previous=old,
    )  # fmt: skip
    old.status, old.status_at, old.status_reason = "replaced", now, "name"
    correction.state = "done"
    token, old.share_token = old.share_token, None
    session.flush()
    # The choices of its holder go with it: a link that was given leads to the right name.
    new.name_public, new.share_token = old.name_public, token
    session.get_one(Person, old.person_id).certificate_name = correction.name
    act = Act(correction.decided_by, "trainer" if correction.capacity == "trainer" else "administrator", "name")
    add_event(session, old, "replaced", act, now)
    note(session, "certificate_replaced", old.number, act.person_id, by=new.number, capacity=act.capacity)
    promise_lists(session, old)
    certificate_changed(session, old, "replaced", now)
    session.flush()
    return new


def _begin(session: Session, row: Certificate, name: str, words: str, now: datetime) -> Correction:
    try:
        name = holder_name(name)
    except NameRefused as error:
        raise LifeRefused(f"name_{error.reason}") from error
    if len(words) > WORDS:
        raise LifeRefused("words")
    hold(session, row)
    if row.status != "valid":
        raise LifeRefused("state")
    if session.get_one(Person, row.person_id).erased:  # a name would lead to them again
        raise LifeRefused("erased")
    if _over(row, now):
        raise LifeRefused("expired")
    if name == row.record["holder"]:
        raise LifeRefused("same")
    if pending(session, row) is not None:
        raise LifeRefused("pending")
    correction = Correction(certificate_id=row.id, name=name, words=words.strip(), asked_at=now, state="open")
    session.add(correction)
    session.flush()
    return correction


def _decide(session: Session, correction: Correction, state: str, act: Act, now: datetime) -> None:
    if len(act.words) > WORDS:
        raise LifeRefused("words")
    session.refresh(correction, with_for_update=True)
    if correction.state != "open":
        raise LifeRefused("answered")
    correction.state, correction.decided_at, correction.answer = state, now, act.words.strip()
    correction.decided_by, correction.capacity = act.person_id, act.capacity
    row = correction.certificate
    add_event(session, row, f"correction_{state}", Act(act.person_id, act.capacity), now)
    note(session, f"certificate_correction_{state}", row.number, act.person_id, capacity=act.capacity)
    session.flush()


def _over(row: Certificate, now: datetime) -> bool:
    return row.valid_until is not None and row.valid_until <= now
