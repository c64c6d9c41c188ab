"""The figures shown to all: the indicators of the whole institution by branch, track and fiscal year.

They stop at the end of the last month, so that looking every day teaches nothing of one person.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from curricula.model import Localized
from lms.models import AgentState
from lms.services.dashboards import today_here
from lms.services.figure_facts import FIRST_YEAR
from lms.services.indicator_table import COUNTS, Asked, Line, lines
from lms.services.library import Library
from lms.services.organisation import Scope

#: All branches, or all tracks: somebody may follow several, so that tracks do not add up.
ALL = "all"


@dataclass(frozen=True)
class OpenRow:
    """A line of the dataset, as on ``day``. ``title`` is the track's."""

    year: int
    day: date
    branch: str
    track: str
    title: Localized
    line: Line


def last_day(today: date) -> date:
    """The last day of the month before: figures stop there."""
    return today.replace(day=1) - timedelta(days=1)


def open_rows(session: Session, today: date, below: int) -> list[OpenRow]:
    """Every line, by year and track, all tracks and all branches last; years and tracks without anybody are left out.

    A year that is over is as on its last day, as kept at its end.
    """
    first, until = session.scalar(select(func.min(AgentState.since))), last_day(today)
    if first is None:
        return []
    titles: dict[str, Localized] = {ALL: {}} | {key: track.title for key, track in Library(session).items()}
    found = []
    for year in range(max(today_here(first).year, FIRST_YEAR + 1), until.year + 1):
        day = min(date(year, 12, 31), until)
        asked = Asked(year, day, ("branch", "track"), apart=True)
        of_year = [line for line in lines(session, Scope(), asked, below) if not line.empty]
        followed = {line.track for line in of_year if any(line.values[name] != 0 for name in COUNTS[1:])}
        of_year = sorted(of_year, key=lambda line: line.track is None)
        for line in of_year:
            track = line.track or ALL
            if line.track is None or line.track in followed:
                title = titles.get(track, {"fr": track, "en": track})
                found.append(OpenRow(year, day, line.branch or ALL, track, title, line))
    return found
