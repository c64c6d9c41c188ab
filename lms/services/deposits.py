"""Files handed in with an attempt: added, listed, taken back. Each change is an answer of the record.

What a file is told by its content; nothing is written of one that is refused, nor of one that arrived in part.
"""

import hashlib
import uuid
from collections.abc import Sequence
from typing import IO

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from assessments.clock import is_over
from assessments.files import FileRefused, Found, identified
from assessments.model import Field
from assessments.works import file_value
from curricula.model import Question
from curricula.problems import N_
from lms.models import Answer, Attempt, Deposit, utcnow
from lms.services.answers import AnswerRefused, answers, read_response

#: Bytes that an attempt may receive in all, what is taken back included.
EVER = 200_000_000


def add(session: Session, attempt: Attempt, question: Question, field: Field, name: str, stream: IO[bytes]) -> Deposit:
    """Add a file to a field of a question. Raises ``FileRefused`` and ``AnswerRefused``."""
    content = _read(stream, field.megabytes * 1_000_000)
    found = identified(name, content)
    digest = hashlib.sha256(content).hexdigest()
    _hold(session, attempt, question)
    there = [row for row in listed(session, attempt.id) if (row.question_key, row.field) == (question.key, field.name)]
    _room(session, attempt, field, there, digest, len(content))
    row = Deposit(
        id=uuid.uuid4(), attempt_id=attempt.id, question_key=question.key, field=field.name,
        name=_distinct(found, {row.name for row in there}), media=found.media, size=len(content), sha256=digest,
        content=content,
    )  # fmt: skip
    session.add(row)
    _say(session, attempt, question, {field.name: [*_values(there), file_value(str(row.id), row.name)]})
    return row


def take_back(session: Session, attempt: Attempt, question: Question, number: uuid.UUID) -> Deposit | None:
    """Take a file back: it is kept, and counts no more; None where it does not stand. Raises ``AnswerRefused``."""
    _hold(session, attempt, question)
    rows = listed(session, attempt.id)
    row = next((row for row in rows if row.id == number and row.question_key == question.key), None)
    if row is None:
        return None
    row.removed_at = utcnow()
    rest = [each for each in rows if (each.question_key, each.field) == (question.key, row.field) and each is not row]
    _say(session, attempt, question, {row.field: _values(rest)})
    return row


def listed(session: Session, attempt_id: uuid.UUID) -> Sequence[Deposit]:
    """The files that stand in an attempt, in the order they were added, without their content; one query."""
    query = select(Deposit).where(Deposit.attempt_id == attempt_id, Deposit.removed_at.is_(None))
    return session.scalars(query.order_by(Deposit.added_at, Deposit.id)).all()


def readable(session: Session, attempt_id: uuid.UUID, number: uuid.UUID) -> Deposit | None:
    """A file that stands in an attempt, with its content, for whoever may read that attempt; None for another."""
    query = select(Deposit).where(Deposit.id == number, Deposit.attempt_id == attempt_id, Deposit.removed_at.is_(None))
    return session.scalars(query.options(undefer(Deposit.content))).first()


def _read(stream: IO[bytes], most: int) -> bytes:
    """No more than ``most`` bytes are ever held."""
    content = stream.read(most + 1)
    if len(content) > most:
        raise FileRefused(
            N_("This file is larger than %(most)s MB."),
            N_("Make it smaller (fewer or lighter images, a PDF) or hand in its main part."),
            most=most // 1_000_000,
        )
    return content


def _hold(session: Session, attempt: Attempt, question: Question) -> None:
    """Keep the attempt from being submitted meanwhile; what comes after its end is refused."""
    if not any(item["key"] == question.key for item in attempt.questions):
        raise AnswerRefused("not_drawn")
    session.refresh(attempt, with_for_update=True)
    if attempt.submitted_at is not None:
        raise AnswerRefused("closed")
    if is_over(attempt.due_at, utcnow()):
        raise AnswerRefused("late")


def _room(session: Session, attempt: Attempt, field: Field, there: Sequence[Deposit], digest: str, size: int) -> None:
    same = next((row for row in there if row.sha256 == digest), None)
    if same is not None:
        raise FileRefused(
            N_("This file is here already, as « %(name)s »."), N_("There is nothing to do."), name=same.name
        )
    if len(there) >= field.most:
        raise FileRefused(
            N_("Files taken here: %(most)s at most, and as many are there."),
            N_("Take one back first, or gather several in one PDF."),
            most=field.most,
        )
    received = session.scalar(select(func.sum(Deposit.size)).where(Deposit.attempt_id == attempt.id)) or 0
    if received + size > EVER:
        raise FileRefused(
            N_("This attempt has received %(most)s MB of files already, those taken back included."),
            N_("Make this file smaller, or ask your trainer."),
            most=EVER // 1_000_000,
        )


def _distinct(found: Found, taken: set[str]) -> str:
    """The file's name, numbered where another file has it."""
    stem, name, number = found.name.removesuffix(f".{found.kind}"), found.name, 1
    while name in taken:
        number += 1
        name = f"{stem} ({number}).{found.kind}"
    return name


def _values(rows: Sequence[Deposit]) -> list[str]:
    return [file_value(str(row.id), row.name) for row in rows]


def _say(session: Session, attempt: Attempt, question: Question, files: dict[str, list[str]]) -> None:
    """Add to the record the answer as it is with these files."""
    last = answers(session, attempt.id).get(question.key)
    before = read_response(last.response) if last else {}
    response = {name: list(values) for name, values in {**before, **files}.items() if values}
    session.add(
        Answer(
            attempt_id=attempt.id, question_key=question.key, response=response,
            flagged=bool(last and last.flagged), saved_at=utcnow(),
        )
    )  # fmt: skip
    session.flush()
