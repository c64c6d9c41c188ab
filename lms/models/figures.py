"""Figures of training kept beside the facts they come from, so that no page has to count a million rows.

The facts are elsewhere and alone are true: everything here can be computed from them again. Only closings are kept
for good: what was said at the end of a month. Other days are counted when somebody asks, and kept for a day.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.models.base import Base, Id, utcnow


class FigureDirty(Base):
    """Something changed for an agent: what they count for is to be computed again.

    Rows are only added and taken: one row an event, so that none waits for another nor is lost to a computation that
    began before the event was committed.
    """

    __tablename__ = "figure_dirty"

    id: Mapped[Id]
    #: No foreign key: an agent that an undone import took away is still to be taken out of the sums.
    agent_id: Mapped[int]


class Counts:
    """What is counted. An agent counts once in each, in the year it first happened; minutes in the year they were done.

    ``agents`` is only counted where track and year are none in particular.
    """

    agents: Mapped[int] = mapped_column(default=0)
    enrolled: Mapped[int] = mapped_column(default=0)
    #: Of a track: its completion. Of any track: trained.
    completed: Mapped[int] = mapped_column(default=0)
    #: Submitted an assessment.
    presented: Mapped[int] = mapped_column(default=0)
    #: Holds a certificate (not a statement of attendance) that was neither revoked nor replaced.
    certified: Mapped[int] = mapped_column(default=0)
    minutes: Mapped[int] = mapped_column(default=0)


class AgentFigure(Counts, Base):
    """What one agent counts for as last computed, and in which cell of the sums it was counted."""

    __tablename__ = "agent_figure"

    agent_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Empty for any track: an agent in two tracks counts once there.
    track_key: Mapped[str] = mapped_column(String(100), primary_key=True)
    #: The fiscal year; 0 where none in particular.
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: ``Unit.path`` of where they were counted; empty without unit.
    path: Mapped[str] = mapped_column(String(500))
    branch: Mapped[str] = mapped_column(String(3))
    category: Mapped[str] = mapped_column(String(20))
    population: Mapped[bool]


class Figure(Counts, Base):
    """Sums over a unit and all under it. Unit 0 is the whole institution, agents without unit included."""

    __tablename__ = "figure"

    unit_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    track_key: Mapped[str] = mapped_column(String(100), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    branch: Mapped[str] = mapped_column(String(3), primary_key=True)
    category: Mapped[str] = mapped_column(String(20), primary_key=True)
    population: Mapped[bool] = mapped_column(primary_key=True)


class TrackDuration(Base):
    """Minutes declared by a revision of a track, so that the database can add them up: of a module, of each lesson."""

    __tablename__ = "track_duration"
    __table_args__ = (UniqueConstraint("track_key", "track_digest", "module_key", "lesson_key"),)

    id: Mapped[Id]
    track_key: Mapped[str] = mapped_column(String(100))
    track_digest: Mapped[str] = mapped_column(String(64))
    #: Empty for the revision itself: it is known, whatever modules it has.
    module_key: Mapped[str] = mapped_column(String(100))
    #: Empty for the whole module.
    lesson_key: Mapped[str] = mapped_column(String(100))
    minutes: Mapped[int]


class Closing(Base):
    """The figures as they were at the end of a month: computed once, never rewritten."""

    __tablename__ = "closing"

    id: Mapped[Id]
    #: The last day of the month, as lived in France.
    day: Mapped[date] = mapped_column(unique=True)
    #: ``INDICATORS_VERSION`` of then.
    version: Mapped[str] = mapped_column(String(20))
    computed_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: The budget of then: what ``lms.services.budget_table.BudgetTable.as_kept`` gives.
    money: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Place:
    """A unit as it was at a moment."""

    unit_id: Mapped[int]
    parent_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(300))


class Sum:
    """Which sum of a moment it is; the columns of ``Figure``."""

    unit_id: Mapped[int]
    track_key: Mapped[str] = mapped_column(String(100))
    year: Mapped[int]
    branch: Mapped[str] = mapped_column(String(3))
    category: Mapped[str] = mapped_column(String(20))
    population: Mapped[bool]


class ClosingUnit(Place, Base):
    """The organisation as a closing saw it: names and places of then."""

    __tablename__ = "closing_unit"
    __table_args__ = (UniqueConstraint("closing_id", "unit_id"),)

    id: Mapped[Id]
    closing_id: Mapped[int] = mapped_column(ForeignKey("closing.id", ondelete="CASCADE"))


class ClosingFigure(Sum, Counts, Base):
    """A sum as a closing keeps it."""

    __tablename__ = "closing_figure"
    __table_args__ = (Index(None, "closing_id", "unit_id", "track_key"),)

    id: Mapped[Id]
    closing_id: Mapped[int] = mapped_column(ForeignKey("closing.id", ondelete="CASCADE"))


class CountedDay(Base):
    """A day of the past that somebody asked for, and that no closing keeps: counted from the facts, then kept a while.

    It is there while it is being counted; whatever withdraws a fact of the past takes it away, counted or not.
    """

    __tablename__ = "counted_day"

    id: Mapped[Id]
    #: As lived in France.
    day: Mapped[date] = mapped_column(unique=True)
    begun_at: Mapped[datetime] = mapped_column(default=utcnow)
    #: When its figures were there; None while they are being counted.
    counted_at: Mapped[datetime | None]
    #: ``INDICATORS_VERSION`` of then.
    version: Mapped[str] = mapped_column(String(20))
    #: As that of a closing.
    money: Mapped[dict[str, Any]] = mapped_column(default=dict)


class CountedUnit(Place, Base):
    """The organisation on a counted day."""

    __tablename__ = "counted_unit"
    __table_args__ = (UniqueConstraint("counted_id", "unit_id"),)

    id: Mapped[Id]
    counted_id: Mapped[int] = mapped_column(ForeignKey("counted_day.id", ondelete="CASCADE"))


class CountedFigure(Sum, Counts, Base):
    """A sum of a counted day."""

    __tablename__ = "counted_figure"
    __table_args__ = (Index(None, "counted_id", "unit_id", "track_key"),)

    id: Mapped[Id]
    counted_id: Mapped[int] = mapped_column(ForeignKey("counted_day.id", ondelete="CASCADE"))
