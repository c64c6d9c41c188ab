"""Is the journal as it was written? Every line is read again, in bounded memory, and each fault told with its place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.models import AuditEntry, AuditHead, AuditLink, AuditPerson, utcnow
from lms.models.base import table_of
from lms.services.chain import CHAINED, SAID, SETTLED, known_names, link_hash
from lms.services.chain_head import NotAHead, read_head, read_start
from lms.services.outbox import promise

#: Lines read at once.
PIECE = 5000
#: How often the whole chain is checked.
EVERY = timedelta(days=1)
#: Faults told; all are counted.
SHOWN = 50
#: A line dated so long before the one chained just before it was not written when it says.
_EARLIER = timedelta(days=1)

_ENTRY, _LINK, _PERSON = table_of(AuditEntry), table_of(AuditLink), table_of(AuditPerson)


@dataclass(frozen=True)
class Fault:
    """Something wrong at a position of the chain (0: none in particular).

    ``start`` the place where it is said to begin is signed by none of our keys.
    ``altered`` the line, or its place, is not what was chained · ``removed`` · ``unchained`` a line that should long
    have been in the chain · ``backdated`` · ``cut`` the chain ends before a signed head · ``rewritten`` it is another
    one there than was signed · ``head`` the signed head is missing, or is no head of ours.
    """

    kind: str
    position: int
    entry_id: int | None = None


@dataclass
class Report:
    """What a check found. ``waiting`` lines are to be chained when the worker comes to them."""

    lines: int = 0
    last: str = ""
    waiting: int = 0
    count: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return self.count == 0

    def add(self, kind: str, position: int, entry_id: int | None = None) -> None:
        """One more fault."""
        self.count += 1
        if len(self.faults) < SHOWN:
            self.faults.append(Fault(kind, position, entry_id))


def check(
    session: Session,
    did_document: Mapping[str, Any],
    heads: Sequence[Any] = (),
    now: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> Report:
    """Check the whole chain, in a session that sees one state of the data (``extractions.still_picture``).

    ``heads`` are signed heads kept elsewhere; the database's own is always one more. ``progress`` is told the position.
    """
    report = Report()
    wanted = _heads(session, did_document, heads, report)
    begin = _start(session, did_document, report)
    # Heads of before it speak of lines that were purged since.
    wanted = {position: last for position, last in wanted.items() if begin is None or position >= begin.position}
    found = {begin.position: begin.hash} if begin is not None else dict[int, str]()
    before: Any = begin
    report.lines, report.last = (begin.position, begin.hash) if begin is not None else (0, "")
    piece_after = -(2**31)
    while rows := _piece(session, piece_after):
        names = known_names(session, {row.person_id for row in rows if row.person_id is not None})
        erased = {row.who for row in rows if row.id is not None and row.person_id is None and row.who is not None}
        alive = set(session.scalars(select(_PERSON.c.who).where(_PERSON.c.who.in_(erased)))) if erased else set()
        for row in rows:
            _judge(row, before, names, alive, report)
            if row.position in wanted:
                found[row.position] = row.hash
            before, report.lines, report.last = row, row.position, row.hash
        piece_after = before.position
        if progress:
            progress(report.lines)
    for position, last in wanted.items():
        if position > report.lines:
            report.add("cut", position)
        elif position and found.get(position) != last:
            report.add("rewritten", position)
    _outside(session, before, now or utcnow(), report)
    return report


@dataclass(frozen=True)
class _Begin:
    """Where the chain begins once its first lines were purged: what stands for the line before the first."""

    position: int
    hash: str
    id: int | None = None
    at: datetime | None = None


def _start(session: Session, did_document: Mapping[str, Any], report: Report) -> _Begin | None:
    signed = session.scalar(select(AuditHead.start))
    if signed is None:
        return None
    try:
        return _Begin(*read_start(signed, did_document))
    except NotAHead:
        report.add("start", 0)
        return None


def promise_due(session: Session, now: datetime | None = None) -> None:
    """Ask for the daily check of the chain."""
    now = now or utcnow()
    head = session.scalars(select(AuditHead)).first()
    if head is not None and head.position and (head.checked_at is None or head.checked_at < now - EVERY):
        promise(session, "check_journal", "journal", {}, every=EVERY / 2)


def _piece(session: Session, after: int) -> Sequence[Any]:
    query = select(_LINK.c.position, _LINK.c.entry_id, _LINK.c.who, _LINK.c.hash, *SAID)
    query = query.outerjoin(_ENTRY, _ENTRY.c.id == _LINK.c.entry_id).where(_LINK.c.position > after)
    return session.execute(query.order_by(_LINK.c.position).limit(PIECE)).all()


def _judge(row: Any, before: Any, names: Mapping[int, str], alive: set[str], report: Report) -> None:
    """One line beside the one before it. ``alive`` are names of people who are still there."""
    expected = before.position + 1 if before is not None else 1
    if row.position != expected:
        report.add("removed", expected)
        return
    if row.id is None:
        report.add("removed", row.position, row.entry_id)
        return
    # Whoever is erased leaves the name the chain gave them, which is then nobody's.
    named = row.who not in alive if row.person_id is None else row.who == names.get(row.person_id)
    said = link_hash(before.hash if before is not None else "", row.position, row, row.who)
    if said != row.hash or not named:
        report.add("altered", row.position, row.entry_id)
    elif before is not None and before.at is not None and row.at < before.at - _EARLIER:
        report.add("backdated", row.position, row.entry_id)


def _heads(session: Session, did_document: Mapping[str, Any], given: Sequence[Any], report: Report) -> dict[int, str]:
    """Position → hash of what was signed, here or elsewhere."""
    own = session.scalars(select(AuditHead)).first()
    chained = session.scalar(select(func.max(_LINK.c.position))) or 0
    if own is None or own.signed is None:
        heads = list(given)
        if chained:
            report.add("head", chained)
    else:
        heads = [own.signed, *given]
    wanted: dict[int, str] = {}
    for value in heads:
        try:
            position, last = read_head(value, did_document)
        except NotAHead:
            report.add("head", 0)
            continue
        if wanted.setdefault(position, last) != last:
            report.add("rewritten", position)
    return wanted


def _outside(session: Session, last: Any, now: datetime, report: Report) -> None:
    """Lines that are not in the chain. Those written since its ``last`` one wait for it, as do the youngest of all."""
    query = select(_ENTRY.c.id, _ENTRY.c.at).where(~CHAINED).order_by(_ENTRY.c.id)
    for row in session.execute(query.execution_options(yield_per=PIECE)):
        since = last is None or last.id is None or (row.id > last.id and row.at > last.at)
        if since or row.at >= now - SETTLED:
            report.waiting += 1
        else:
            report.add("unchained", 0, row.id)
