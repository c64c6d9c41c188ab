"""The figures shown to all: people enrolled, trained, certified by branch of the civil service, track and year.

They stop at the first of the month, so that looking every day teaches nothing of one person. A figure of a few people
is masked, and others with it, so that no difference of what is shown gives it back.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import String, cast, func, literal, select
from sqlalchemy.orm import Session

from curricula.model import Localized
from lms.i18n import ZONE
from lms.models import Agent, Certificate, Enrolment, Person
from lms.models.agents import BRANCHES
from lms.services.library import Library

#: Fewer people than this are not shown.
BELOW = 5
#: People whom no file of HR declares are of no known branch; « all » adds branches up, or takes tracks together.
UNKNOWN, ALL = "unknown", "all"
CELLS = (*BRANCHES, UNKNOWN)
MEASURES = ("enrolled", "trained", "certified")

Figures = list[int | None]


@dataclass(frozen=True)
class OpenRow:
    """A line of the dataset; a figure that is None is masked. ``title`` is the track's."""

    year: int
    branch: str
    track: str
    title: Localized
    enrolled: int | None
    trained: int | None
    certified: int | None

    @property
    def masked(self) -> list[str]:
        """The figures that are not shown."""
        return [name for name in MEASURES if getattr(self, name) is None]


def open_rows(session: Session, today: date, below: int = BELOW) -> list[OpenRow]:
    """Every line, by year, track and branch; years without anybody are left out."""
    until = today.replace(day=1)
    first = session.scalar(select(func.min(Enrolment.enrolled_at)))
    if first is None:
        return []
    titles = {key: track.title for key, track in Library(session).items()}
    found = []
    for year in range(first.astimezone(ZONE).year, until.year + 1):
        begin, end = date(year, 1, 1), min(date(year + 1, 1, 1), until)
        if begin < end:
            found += _year(session, year, _midnight(begin), _midnight(end), titles, below)
    return found


def mask_small(table: Sequence[Sequence[int]], below: int) -> list[Figures]:
    """The lines of a table, each with its total after its cells, without what would tell of fewer than ``below``."""
    return [mask_line(line, below) for line in table]


def mask_line(cells: Sequence[int], below: int, hidden: Collection[int] = ()) -> Figures:
    """The cells, then their total: None for those masked. ``hidden`` are those masked for another reason.

    One masked cell alone is the total less the others, and few people in several are hardly better: the smallest
    other cells are masked with them, or the total where that is not enough. Nobody is not masked: it tells of no one.
    """
    small = {place for place, value in enumerate(cells) if 0 < value < below} | set(hidden)
    masked, total = set(small), True
    while total and masked and (len(masked) < 2 or sum(cells[place] for place in masked) < 2 * below):
        others = [place for place, value in enumerate(cells) if value and place not in masked]
        if others:
            masked.add(min(others, key=lambda place: (cells[place], place)))
        else:
            masked, total = small, False
    shown: Figures = [None if place in masked else value for place, value in enumerate(cells)]
    return [*shown, sum(cells) if total else None]


def _year(
    session: Session, year: int, begin: datetime, end: datetime, titles: dict[str, Localized], below: int
) -> list[OpenRow]:
    counts = {name: _counted(session, name, begin, end) for name in MEASURES}
    tracks = sorted({track for found in counts.values() for _branch, track in found} - {ALL})
    columns = {name: _columns(found, tracks, below) for name, found in counts.items()}
    return [
        OpenRow(
            year, branch, track, titles.get(track, {"fr": track, "en": track}) if track != ALL else {},
            *(columns[name][track][place] for name in MEASURES),
        )
        for track in (*tracks, ALL)
        if tracks
        for place, branch in enumerate((*CELLS, ALL))
    ]  # fmt: skip


def _columns(found: Counter[tuple[str, str]], tracks: list[str], below: int) -> dict[str, Figures]:
    """One measure by track. Somebody may follow two tracks: all of them together are counted apart.

    They are masked where one of them is, for what is masked would else be bounded from both sides.
    """
    lines = mask_small([[found[branch, track] for branch in CELLS] for track in tracks], below)
    masked = {place for line in lines for place, value in enumerate(line) if value is None}
    together = mask_line([found[branch, ALL] for branch in CELLS], below, masked - {len(CELLS)})
    if len(CELLS) in masked:
        together[-1] = None
    return dict(zip(tracks, lines, strict=True)) | {ALL: together}


def _counted(session: Session, measure: str, begin: datetime, end: datetime) -> Counter[tuple[str, str]]:
    """Distinct people by (branch, track), and by (branch, ``ALL``)."""
    at: Any
    if measure == "certified":
        at, track, whose = Certificate.issued_at, Certificate.award_key, Certificate.person_id
    else:
        at = Enrolment.enrolled_at if measure == "enrolled" else Enrolment.completed_at
        track, whose = Enrolment.track_key, Enrolment.person_id
    # Somebody known by two platforms is one agent.
    who = func.coalesce(literal("agent ") + cast(Agent.id, String), literal("person ") + cast(Person.id, String))
    branch = func.coalesce(Agent.branch, UNKNOWN)
    people = (
        select(branch.label("branch"), track.label("track"), who.label("who"))
        .join(Person, Person.id == whose)
        .outerjoin(Agent, Agent.number == Person.sourced_id)
        .where(at >= begin, at < end)
    )
    if measure == "certified":
        people = people.where(Certificate.status != "revoked", Certificate.award_key.not_like("%/%"))
    of = people.subquery()
    number = func.count(of.c.who.distinct())
    by_track = session.execute(select(of.c.branch, of.c.track, number).group_by(of.c.branch, of.c.track))
    found = Counter({(row[0], row[1]): row[2] for row in by_track})
    together = session.execute(select(of.c.branch, number).group_by(of.c.branch))
    found.update({(row[0], ALL): row[1] for row in together})
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE)
