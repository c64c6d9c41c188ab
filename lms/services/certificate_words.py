"""What certificates are found by: the words of their holders' names, and their numbers, kept folded in an index.

A word is found by how it begins, whatever its accents and capitals; nobody reads every certificate.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, and_, delete, false, or_, select
from sqlalchemy.orm import Session

from lms.models import Certificate, CertificateWord
from lms.models.base import table_of
from lms.services.outbox import promise
from lms.services.words import fold

#: Certificates whose words are kept in one transaction.
BATCH = 500
#: Longest word kept, in characters; a longer one is found by its beginning.
LONGEST = 120
#: After whatever begins as a word does.
_LAST = "\U0010ffff"
#: Where a word begins within another: after a hyphen, after an apostrophe.
_WITHIN = re.compile(r"(?<=[^\w])(?=\w)")


def words_of(row: Certificate) -> set[str]:
    """The words of a certificate: « Jean-Pierre O’Neil » is found by jean, pierre, o'n and neil."""
    found = {fold(row.number)}
    for word in fold(str(row.record["holder"])).split():
        found |= {word[start:] for start in (0, *(match.start() for match in _WITHIN.finditer(word)))}
    return {word[:LONGEST] for word in found if word}


def keep(session: Session, rows: Iterable[Certificate]) -> None:
    """Keep the words of certificates that have none yet."""
    words = []
    for row in rows:
        row.words_kept = True
        words += [{"word": word, "certificate_id": row.id} for word in sorted(words_of(row))]
    session.flush()
    if words:
        session.execute(table_of(CertificateWord).insert(), words)


def forget(session: Session, rows: Sequence[Certificate]) -> None:
    """Let go of the words of certificates whose holder is erased, for good: they are found by their code alone."""
    for row in rows:
        row.words_kept = True  # none are kept again
    session.execute(delete(CertificateWord).where(CertificateWord.certificate_id.in_([row.id for row in rows])))


def keep_more(session: Session) -> int:
    """Keep the words of some certificates that an earlier release wrote; gives how many. The caller commits."""
    wanted = select(Certificate).where(Certificate.words_kept.is_(None)).order_by(Certificate.id).limit(BATCH)
    rows = session.scalars(wanted.with_for_update(skip_locked=True)).all()
    keep(session, rows)
    return len(rows)


def promise_due(session: Session) -> None:
    """Promise that they be kept, once however many workers ask."""
    if session.scalar(select(Certificate.id).where(Certificate.words_kept.is_(None)).limit(1)) is not None:
        promise(session, "keep_words", "all", {}, every=timedelta(minutes=10))


def found_by(text: str) -> list[Select[UUID]]:
    """Queries that give together the certificates which have, for each word of a text, one that begins so.

    Those whose words are not kept yet are read one by one.
    """
    asked = [word[:LONGEST] for word in fold(text).split()]
    if not asked:
        return [select(Certificate.id).where(false())]
    first, *others = [
        select(CertificateWord.certificate_id).where(CertificateWord.word >= word, CertificateWord.word < word + _LAST)
        for word in asked
    ]
    for other in others:
        first = first.where(CertificateWord.certificate_id.in_(other))
    holder = Certificate.record["holder"].as_string()
    plain = or_(
        and_(*(holder.icontains(word, autoescape=True) for word in text.split())),
        Certificate.number.istartswith(text.strip(), autoescape=True),
    )
    return [first, select(Certificate.id).where(Certificate.words_kept.is_(None), plain)]
