"""The journal as a chain: each line's hash covers the one before it and what the line says.

Whoever acts only writes their line (``lms.services.audit``); a worker chains the new ones every few seconds, in order,
so that launches and answers never wait for one another. Why so, and what it shows: docs/adr/0020.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Set
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from certificates.sign.keys import Keys
from lms.models import AuditEntry, AuditHead, AuditLink, AuditPerson, utcnow
from lms.models.base import table_of
from lms.models.upsert import insert_new
from lms.services.chain_head import signed_head

#: Lines chained in one transaction.
BATCH = 2000
#: No transaction lasts so long: what a round does not look at any more is there for good (an hourly one looks at all).
SETTLED = timedelta(minutes=10)

_ENTRY, _LINK, _PERSON = table_of(AuditEntry), table_of(AuditLink), table_of(AuditPerson)
SAID = (_ENTRY.c.id, _ENTRY.c.at, _ENTRY.c.person_id, _ENTRY.c.action, _ENTRY.c.target, _ENTRY.c.details)
CHAINED = exists().where(_LINK.c.entry_id == _ENTRY.c.id)


def chain(session: Session, keys: Keys, now: datetime | None = None, *, after: int | None = None) -> int | None:
    """Chain the next lines, and sign the new end; gives the number of the last one, or None when nothing was left.

    Those of the last minutes, or with ``after`` every line whose number is above. Commit after each call. Of several
    workers one chains, and the others find nothing to do.
    """
    now = now or utcnow()
    head = _held(session)
    if head is None:
        return None
    recent = _ENTRY.c.at >= now - SETTLED if after is None else _ENTRY.c.id > after
    query = select(*SAID).where(recent, ~CHAINED).order_by(_ENTRY.c.id).limit(BATCH)
    lines = session.execute(query).all()
    if not lines:
        return None
    names = _names(session, {line.person_id for line in lines if line.person_id is not None})
    position, last, links = head.position, head.hash, []
    for line in lines:
        position += 1
        who = names.get(line.person_id)
        last = link_hash(last, position, line, who)
        links.append({"position": position, "entry_id": line.id, "who": who, "hash": last})
    session.connection().execute(insert(_LINK), links)
    head.position, head.hash, head.signed = position, last, signed_head(keys, position, last, now)
    session.flush()
    return int(lines[-1].id)


def link_hash(before: str, position: int, line: Any, who: str | None) -> str:
    """The hash of a line at its position, after the hash ``before`` (empty for the first)."""
    at: datetime = line.at
    said = [before, position, line.id, at.astimezone(UTC).isoformat(), line.action, line.target, line.details, who]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def name_of(token: str, person_id: int) -> str:
    """What the chain calls a person: found again from the number and the token, never without them."""
    return hashlib.sha256(f"{token}:{person_id}".encode()).hexdigest()


def known_names(session: Session, people: Set[int]) -> dict[int, str]:
    """Number of a person → what the chain calls them, made again from their token."""
    query = select(_PERSON.c.person_id, _PERSON.c.token).where(_PERSON.c.person_id.in_(people))
    return {number: name_of(token, number) for number, token in session.execute(query)} if people else {}


def _names(session: Session, people: Set[int]) -> Mapping[int | None, str]:
    """The same, made for those that the chain meets for the first time."""
    known = known_names(session, people)
    new = [_newly_named(number) for number in sorted(people - known.keys())]
    if new:
        session.connection().execute(insert(_PERSON), new)
    return {**known, **{row["person_id"]: row["who"] for row in new}}


def _newly_named(number: int) -> dict[str, Any]:
    token = secrets.token_hex(16)
    return {"person_id": number, "token": token, "who": name_of(token, number)}


def _held(session: Session) -> AuditHead | None:
    """The end of the chain, held until the commit; None while another worker holds it."""
    query = select(AuditHead).with_for_update(skip_locked=True).execution_options(populate_existing=True)
    head = session.scalars(query).first()
    if head is None and insert_new(session, AuditHead, {"id": 1}, {"position": 0, "hash": ""}) is not None:
        head = session.scalars(query).first()
    return head
