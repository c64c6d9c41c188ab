"""Questions brought to a bank from a file: kept as it was sent, read, shown, then added all or none.

Between the page that shows what was read and the one that keeps it, the file waits in the database: a browser cannot
send it again by itself, and the next request may be answered by another process.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, undefer

from curricula.exchange import choose
from curricula.exchange.labels import USUAL_DIFFICULTY
from curricula.exchange.model import Note, NotReadable
from curricula.model import Criterion, CriterionLevel, Option, Question, Spot
from curricula.pieces import piece_of_question
from curricula.problems import N_
from lms.models import BankUpload, Draft, utcnow
from lms.services import bank, drafts, outbox
from lms.services.descriptions import SHOWN

#: Largest file, in bytes; up to AT_ONCE it is read while its sender waits, beyond by a job.
LARGEST, AT_ONCE = 20_000_000, 300_000
#: Most questions taken at once, and longest text of one, in characters.
MOST, LONGEST = 5_000, 20_000
#: Notes that are kept to be read; the others are counted.
NOTES = 1_000
#: How long a file waits for somebody to confirm.
LIFETIME = timedelta(days=1)


class TooMany(ValueError):
    """A file that holds more questions than are taken at once."""


def receive(
    session: Session, draft: Draft, module_key: str, person_id: int, *, name: str, content: bytes, key: str,
    language: str,
) -> BankUpload:  # fmt: skip
    """Keep a file that somebody sent, instead of the one they sent before; read it, or promise that it will be.

    ``key`` is that of its format, empty for what its name says. Raises ``Frozen``.
    """
    drafts.hold(session, draft)
    session.execute(delete(BankUpload).filter_by(draft_id=draft.id, person_id=person_id))
    upload = BankUpload(
        draft_id=draft.id, module_key=module_key, person_id=person_id, name=name[-200:], format=key,
        language=language, content=content, found={},
    )  # fmt: skip
    session.add(upload)
    session.flush()
    if len(content) <= AT_ONCE:
        read(session, upload)
    else:
        outbox.promise(session, "read_bank", f"bank_upload:{upload.id}", {"upload_id": upload.id})
    return upload


def read(session: Session, upload: BankUpload, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Read a file that waits: what it holds takes its place, or why it is refused.

    ``meanwhile`` is called once the file is in memory: a job ends its transaction there, for reading may take long.
    """
    name, content, language, key = upload.name, upload.content, upload.language, upload.format or None
    meanwhile()
    try:
        taken = choose.read(name, content, language, key)
    except NotReadable as refusal:
        found: dict[str, Any] = {"refusal": asdict(refusal.note)}
    else:
        kept = [each for each in taken.questions if _longest(each) <= LONGEST]
        notes = [*taken.notes, *(_too_long(each) for each in taken.questions if _longest(each) > LONGEST)]
        if taken.pages or taken.links:
            message = N_("%(count)s pages and links of the file are not questions: they are left out.")
            notes.append(Note(message, values={"count": str(len(taken.pages) + len(taken.links))}))
        found = {
            "questions": [_kept(each) for each in kept[: MOST + 1]], "count": len(kept), "said": len(notes),
            "notes": [asdict(each) for each in notes[:NOTES]],
        }  # fmt: skip
    # A statement of its own: the row may have gone meanwhile, replaced by another file.
    session.execute(update(BankUpload).filter_by(id=upload.id).values(found=found, content=b"", read_at=utcnow()))


def waiting(session: Session, draft: Draft, module_key: str, upload_id: int) -> BankUpload | None:
    """A file that was sent for this bank and is not confirmed yet, without what it holds; None when it is gone."""
    query = select(BankUpload).filter_by(id=upload_id, draft_id=draft.id, module_key=module_key)
    return session.scalars(query).first()


def found(session: Session, upload: BankUpload) -> dict[str, Any]:
    """What was read: ``refusal``, or ``questions`` with their ``count``, ``notes`` and how many were ``said``."""
    query = select(BankUpload).filter_by(id=upload.id).options(undefer(BankUpload.found))
    kept: dict[str, Any] = session.scalars(query.execution_options(populate_existing=True)).one().found
    if "questions" not in kept:
        return {"refusal": Note(**kept["refusal"])}
    return {**kept, "questions": [_question(each) for each in kept["questions"]],
            "notes": [Note(**each) for each in kept["notes"]]}  # fmt: skip


def about(session: Session, draft: Draft, module_key: str, questions: list[Question]) -> list[Note]:
    """What is to be known of questions before they join a bank: keys that change, words that are there already.

    Of long wordings, the beginning is compared.
    """
    known = bank.stems(session, draft, module_key)
    joined = choose.joining(bank.keys(session, draft, module_key), questions)
    notes = []
    for before, after in zip(questions, joined, strict=True):
        if before.key != after.key:
            message = N_("The bank has such a key already: this question becomes « %(key)s ».")
            notes.append(Note(message, before.key, values={"key": after.key}))
        begins = [stem[:SHOWN] for stem in before.stem.values() if stem]
        same = next((known[stem] for stem in begins if stem in known), None)
        if same is not None:
            notes.append(Note(N_("Its wording is that of « %(key)s »."), after.key, values={"key": same}))
        known.update(dict.fromkeys(begins, after.key))
    return notes


def confirm(
    session: Session, draft: Draft, upload: BankUpload, person_id: int | None, *, objective: str = "",
    source: str = "", difficulty: int = USUAL_DIFFICULTY,
) -> int:  # fmt: skip
    """Add every question of a file at the end of its bank; gives how many. What they do not say is filled in.

    Raises ``Frozen``, ``TooMany``, and ``Taken`` when somebody added a question of the same key at this very moment.
    """
    drafts.hold(session, draft)
    questions = found(session, upload).get("questions", [])
    if len(questions) > MOST:
        raise TooMany
    module_key = upload.module_key
    new = choose.joining(bank.keys(session, draft, module_key), questions, objective, source, difficulty)
    pieces = [piece_of_question(module_key, each) for each in new]
    drafts.add(session, draft, pieces, person_id)
    forget(session, upload)
    return len(pieces)


def forget(session: Session, upload: BankUpload) -> None:
    """A file that was confirmed, or is not wanted after all."""
    session.execute(delete(BankUpload).filter_by(id=upload.id))


def sweep(session: Session) -> None:
    """Forget the files that nobody confirmed in time."""
    session.execute(delete(BankUpload).where(BankUpload.at < utcnow() - LIFETIME))


def _kept(question: Question) -> dict[str, Any]:
    # Not ``asdict``, which copies every text.
    return {
        **vars(question), "options": [vars(option) for option in question.options],
        "places": [vars(place) for place in question.places],
        "criteria": [
            {**vars(each), "levels": [vars(level) for level in each.levels]} for each in question.criteria
        ],
    }  # fmt: skip


def _question(kept: dict[str, Any]) -> Question:
    criteria = (
        Criterion(**{**each, "levels": tuple(CriterionLevel(**level) for level in each["levels"])})
        for each in kept.get("criteria", ())
    )
    return Question(**{
        **kept, "options": tuple(Option(**option) for option in kept["options"]),
        "places": tuple(Spot(**place) for place in kept.get("places", ())), "criteria": tuple(criteria),
        "settings": tuple((name, value) for name, value in kept.get("settings", ())),
    })  # fmt: skip


def _longest(question: Question) -> int:
    return max((len(said) for text in question.texts() for said in text.values()), default=0)


def _too_long(question: Question) -> Note:
    return Note(
        N_("A text of it is longer than %(most)s characters. Not taken."), question.key, values={"most": str(LONGEST)}
    )
