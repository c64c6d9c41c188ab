"""The indicators that the API gives of a part of the organisation: no name, and nothing that tells of a few."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from lms.services.dashboards import tops
from lms.services.figure_facts import FIRST_YEAR
from lms.services.indicator_table import Asked, lines, moment
from lms.services.indicators import INDICATORS_VERSION
from lms.services.organisation import Scope


def years(today: date) -> range:
    """The fiscal years that may be asked for."""
    return range(FIRST_YEAR + 1, today.year + 1)


def indicators(session: Session, reach: Scope, today: date, below: int, year: int | None = None) -> dict[str, Any]:
    """The indicators of that part as a whole, of any track then of each: now, or at the end of a past year.

    No other cut is offered: each would be masked by itself, and one could be subtracted from another.
    """
    day, of_year = moment(today, year)
    asked = Asked(of_year, day, ("track",), tops(reach), apart=True)
    return {
        "version": INDICATORS_VERSION, "year": of_year, "as_on": (day or today).isoformat(),
        "items": [
            {"track": line.track, **line.item(), "masked": line.hidden}
            for line in lines(session, reach, asked, below)
        ],
    }  # fmt: skip
