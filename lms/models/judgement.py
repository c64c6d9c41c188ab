"""What people judge: works on their pile, markings, juries, appeals. Once done, a row no longer changes."""

import uuid
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.models.assessment import Attempt
from lms.models.base import Base, Id, utcnow
from lms.models.people import Person
from lms.models.platforms import Context


class Work(Base):
    """A submitted attempt that persons judge, from the day it is handed in; it stays when they are done.

    ``state``: ``marking`` · ``reconciling`` two markings that differ too much · ``jury`` marked, a jury decides ·
    ``done``. ``sampled`` works are looked at a second time once they are done.
    """

    __tablename__ = "work"
    __table_args__ = (Index(None, "state", "due_at"),)

    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"), primary_key=True)
    #: How many persons mark it, each without seeing the other's marks: 1 or 2.
    markers: Mapped[int]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20), default="marking")
    done_at: Mapped[datetime | None]
    sampled: Mapped[bool] = mapped_column(default=False)

    attempt: Mapped[Attempt] = relationship()


class Marking(Base):
    """What one person found one answer to be worth, criterion by criterion; a draft until ``done_at``.

    ``part``: ``first`` · ``second`` · ``reconciliation`` of both · ``moderation``, a second look once done ·
    ``appeal``.
    """

    __tablename__ = "marking"
    __table_args__ = (
        # Whoever takes a part first has it.
        UniqueConstraint("attempt_id", "question_key", "part"),
        CheckConstraint("done_at is null or points is not null", name="points_when_done"),
        Index(None, "marker_id", "done_at"),
    )

    id: Mapped[Id]
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"))
    question_key: Mapped[str] = mapped_column(String(100))
    part: Mapped[str] = mapped_column(String(20))
    marker_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    #: {criterion: level}; none for a question that the rules mark, whose point an appeal gave.
    levels: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: For the learner.
    comment: Mapped[str] = mapped_column(Text, default="")
    #: Why it differs from the markings before it.
    reason: Mapped[str] = mapped_column(Text, default="")
    points: Mapped[Fraction | None]
    assigned_at: Mapped[datetime] = mapped_column(default=utcnow)
    done_at: Mapped[datetime | None]


class Jury(Base):
    """Two trainers of a course at least, who decide in the end what works of a module are worth."""

    __tablename__ = "jury"
    __table_args__ = (Index(None, "context_id", "meets_on"),)

    id: Mapped[Id]
    context_id: Mapped[int] = mapped_column(ForeignKey("context.id", ondelete="CASCADE"))
    track_key: Mapped[str] = mapped_column(String(100))
    module_key: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(200))
    meets_on: Mapped[date]
    #: Whether its members see copies and not names.
    anonymous: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: Since when it decides nothing more; its minutes are final.
    closed_at: Mapped[datetime | None]

    context: Mapped[Context] = relationship()


class JuryMember(Base):
    """Somebody who sits in a jury, under the name they had then: the minutes outlive them."""

    __tablename__ = "jury_member"
    __table_args__ = (UniqueConstraint("jury_id", "person_id"),)

    id: Mapped[Id]
    jury_id: Mapped[int] = mapped_column(ForeignKey("jury.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(400))
    president: Mapped[bool] = mapped_column(default=False)


class Deliberation(Base):
    """What a member proposes that the jury decides about a work; it is decided once another member confirms it.

    ``decision``: ``admitted`` · ``refused`` · ``deferred``. A later proposal takes the place of one not yet decided.
    """

    __tablename__ = "deliberation"
    __table_args__ = (
        CheckConstraint("decision = 'deferred' or score is not null", name="score_when_decided"),
        Index(None, "jury_id", "attempt_id", "id"),
        Index(None, "attempt_id"),
    )

    id: Mapped[Id]
    jury_id: Mapped[int] = mapped_column(ForeignKey("jury.id", ondelete="CASCADE"))
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"))
    decision: Mapped[str] = mapped_column(String(20))
    #: What the marks come to, and what the jury says.
    proposed: Mapped[Fraction]
    score: Mapped[Fraction | None]
    reason: Mapped[str] = mapped_column(Text)
    member_id: Mapped[int] = mapped_column(ForeignKey("jury_member.id", ondelete="CASCADE"))
    proposed_at: Mapped[datetime] = mapped_column(default=utcnow)
    decided_at: Mapped[datetime | None]


class Confirmation(Base):
    """A member of a jury who stands by a deliberation; whoever proposed it is the first."""

    __tablename__ = "confirmation"

    deliberation_id: Mapped[int] = mapped_column(ForeignKey("deliberation.id", ondelete="CASCADE"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("jury_member.id", ondelete="CASCADE"), primary_key=True)
    confirmed_at: Mapped[datetime] = mapped_column(default=utcnow)


class Appeal(Base):
    """A learner who asks for a result to be looked at again, once, and what they are answered.

    ``state``: ``open`` · ``accepted`` · ``rejected``.
    """

    __tablename__ = "appeal"

    id: Mapped[Id]
    attempt_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("attempt.id", ondelete="CASCADE"), unique=True)
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(default=utcnow)
    state: Mapped[str] = mapped_column(String(20), default="open", index=True)
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    decided_at: Mapped[datetime | None]

    attempt: Mapped[Attempt] = relationship()
    decider: Mapped[Person | None] = relationship()
