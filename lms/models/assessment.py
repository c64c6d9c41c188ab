"""Being assessed: attempts, what was answered and when, what it was found to be worth and why. Rows are added.

Beside them what shapes an attempt: sittings, accommodations; and what counts for none: practice, placement.
"""

import uuid
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from lms.models.base import Base, Guid, Id, utcnow
from lms.models.learning import Enrolment
from lms.models.people import Person
from lms.models.platforms import Context


class Attempt(Base):
    """One attempt at a module's assessment, in the revision of the track it began in.

    ``seed``, ``questions`` and ``put_last`` reproduce the draw exactly. ``score`` and ``passed`` are what counts now:
    the last ``Grading`` says why; they are None until a person has marked what only a person marks.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "module_key", "number"),
        CheckConstraint("score is null or submitted_at is not null", name="score_when_submitted"),
        Index(None, "submitted_at", "due_at"),
        Index(None, "module_key", "started_at"),
        # What a purge is still to empty: it must not pass by all that were emptied before.
        Index("ix_attempt_kept", "submitted_at", "id", sqlite_where=text("emptied_at is null"),
              postgresql_where=text("emptied_at is null")),
    )  # fmt: skip

    id: Mapped[Guid]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    module_key: Mapped[str] = mapped_column(String(100))
    #: 1 for the first attempt at this module.
    number: Mapped[int]
    track_version: Mapped[str] = mapped_column(String(50))
    #: SHA-256 of the track's folder: the revision whose questions and rules hold for this attempt.
    track_digest: Mapped[str] = mapped_column(String(64))
    seed: Mapped[str] = mapped_column(String(64))
    #: Drawn questions in order: [{"key", "options": [keys in the order shown], "places": […], "revision"}].
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    #: What the draw put last: {"seen": [keys met in earlier attempts], "exposed": [keys shown to too many]}; and the
    #: parallel form it was made in, {"form": its number from 1}, where there are several.
    put_last: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sitting_id: Mapped[int | None] = mapped_column(ForeignKey("sitting.id", ondelete="SET NULL"), index=True)
    started_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: Minutes allowed, extra time included, and pauses allowed; None without limit.
    minutes: Mapped[int | None]
    pauses: Mapped[int] = mapped_column(default=0)
    #: When the time is up, pauses already made included; None without limit.
    due_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    #: Whether the clock closed it, and not its learner.
    timed_out: Mapped[bool] = mapped_column(default=False)
    score: Mapped[Fraction | None]
    passed: Mapped[bool | None]
    #: Points by question, exact fractions as text, with the reason, as last graded.
    marks: Mapped[dict[str, Any] | None]
    #: Since when what was answered is no longer kept (``lms.services.retention``); the result is.
    emptied_at: Mapped[datetime | None]

    enrolment: Mapped[Enrolment] = relationship()


class Answer(Base):
    """One answer to one drawn question, as it was saved; the last one ``kept`` counts.

    ``page`` and ``turn`` number what one page sent, so that what arrives out of order is known. ``standing`` says what
    became of it: ``kept``, ``outdated`` (a later answer of the same page was there already) or ``late``.
    """

    __tablename__ = "answer"
    __table_args__ = (Index(None, "attempt_id", "question_key", "id"),)

    id: Mapped[Id]
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"))
    question_key: Mapped[str] = mapped_column(String(100))
    #: {field of the question: [values]}.
    response: Mapped[dict[str, Any]]
    flagged: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime] = mapped_column(default=utcnow)
    page: Mapped[str] = mapped_column(String(32), default="")
    turn: Mapped[int] = mapped_column(default=0)
    standing: Mapped[str] = mapped_column(String(10), default="kept")


class Deposit(Base):
    """A file handed in with an attempt; one that is taken back is marked so, and kept."""

    __tablename__ = "deposit"

    id: Mapped[Guid]
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"), index=True)
    question_key: Mapped[str] = mapped_column(String(100))
    field: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(255))
    media: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
    added_at: Mapped[datetime] = mapped_column(default=utcnow)
    removed_at: Mapped[datetime | None]


class Pause(Base):
    """A pause of a timed attempt; it lasts until ``ended_at``."""

    __tablename__ = "pause"

    id: Mapped[Id]
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"), index=True)
    began_at: Mapped[datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[datetime | None]


class Grading(Base):
    """What an attempt was found to be worth, and why: one row each time, the last one being what counts.

    ``cause``: ``submitted`` · ``marked`` by persons · ``regraded`` after a question was mended or withdrawn ·
    ``appeal`` · ``jury``. ``counts`` is false for a result that is kept in the record and changes nothing.
    """

    __tablename__ = "grading"
    __table_args__ = (Index(None, "attempt_id", "id"),)

    id: Mapped[Id]
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"))
    graded_at: Mapped[datetime] = mapped_column(default=utcnow)
    cause: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(2000), default="")
    score: Mapped[Fraction | None]
    passed: Mapped[bool | None]
    #: Points by question, exact fractions as text, with the reason and what was answered.
    marks: Mapped[dict[str, Any]]
    counts: Mapped[bool] = mapped_column(default=True)
    #: The revision of the track that its questions were read in.
    track_digest: Mapped[str] = mapped_column(String(64))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class Sitting(Base):
    """A session at which a supervised assessment may be begun, by those who are there and given its code."""

    __tablename__ = "sitting"
    __table_args__ = (
        CheckConstraint("closes_at > opens_at", name="closes_after_it_opens"),
        Index(None, "context_id", "opens_at"),
    )

    id: Mapped[Id]
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id", ondelete="CASCADE"))
    track_key: Mapped[str] = mapped_column(String(100))
    module_key: Mapped[str] = mapped_column(String(100))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(20))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    cancelled_at: Mapped[datetime | None]

    context: Mapped[Context] = relationship()


class Accommodation(Base):
    """What a person is granted when they are assessed; never why: nothing here can hold a reason."""

    __tablename__ = "accommodation"
    __table_args__ = (CheckConstraint("extra_time between 0 and 300", name="extra_time_percent"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    #: Extra time, in hundredths of the minutes allowed: 33 for a third.
    extra_time: Mapped[int] = mapped_column(default=0)
    #: Pauses beside those everybody has.
    pauses: Mapped[int] = mapped_column(default=0)
    read_aloud: Mapped[bool] = mapped_column(default=False)
    #: Larger letters, wider spacing on the pages of assessments.
    enlarged: Mapped[bool] = mapped_column(default=False)
    spaced: Mapped[bool] = mapped_column(default=False)
    #: Questions that have another form are asked in that form.
    other_forms: Mapped[bool] = mapped_column(default=False)
    until: Mapped[datetime | None]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    granted_at: Mapped[datetime] = mapped_column(default=utcnow)

    person: Mapped[Person] = relationship(foreign_keys=[person_id])


class PracticeRound(Base):
    """Some questions of a module practised, each corrected at once; it counts for nothing."""

    __tablename__ = "practice_round"

    id: Mapped[Guid]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), index=True)
    module_key: Mapped[str] = mapped_column(String(100))
    track_digest: Mapped[str] = mapped_column(String(64))
    seed: Mapped[str] = mapped_column(String(64))
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    #: What was answered, by question: {"response": {field: [values]}, "points": exact fraction as text,
    #: "reason"}; a way of several steps has no points until its end.
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime] = mapped_column(default=utcnow)

    enrolment: Mapped[Enrolment] = relationship()


class Placement(Base):
    """A placement test of a track: what it asked, step by step. There is one for each enrolment."""

    __tablename__ = "placement"

    id: Mapped[Guid]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"), unique=True)
    track_digest: Mapped[str] = mapped_column(String(64))
    seed: Mapped[str] = mapped_column(String(64))
    #: What was asked, in order: [{"module", "key", "options", "places", "revision", "response", "points"}];
    #: "points" is None while the question is being answered.
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    started_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]


class Exemption(Base):
    """A module that somebody need not follow, and the score that shows why."""

    __tablename__ = "exemption"
    __table_args__ = (UniqueConstraint("enrolment_id", "module_key"),)

    id: Mapped[Id]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolment.id", ondelete="CASCADE"))
    module_key: Mapped[str] = mapped_column(String(100))
    placement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("placement.id", ondelete="CASCADE"))
    score: Mapped[Fraction]
    granted_at: Mapped[datetime] = mapped_column(default=utcnow)
