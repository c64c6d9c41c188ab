"""The indicators that the API gives of a part of the organisation: no name, and nothing that tells of a few."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from lms.services.dashboards import tops
from lms.services.figure_facts import FIRST_YEAR
from lms.services.indicator_table import Asked, lines, moment
from lms.services.indicators import INDICATORS_VERSION
from lms.services.organisation import Scope

#: What each figure says.
SAYS = {
    "population": "Agents of the declared population P.",
    "enrolled": "Those who follow the track, or one at least.",
    "trained": "Those who completed it.",
    "presented": "Those who submitted an assessment.",
    "certified": "Those who obtained its certificate, expired or not, neither revoked nor replaced.",
    "trained_in_year": "Those who first completed it in the fiscal year.",
    "certified_in_year": "Those who first obtained its certificate in the fiscal year.",
    "hours": "Hours of training followed: declared durations of what they did.",
    "coverage": "Trained / population.",
    "completion": "Trained / enrolled.",
    "success": "Certified / presented.",
    "certification": "Certified / trained.",
    "hours_per_trained": "Hours / trained.",
    "hours_per_agent": "Hours / population.",
    "ai_cp": "CP that train to AI, paid in the year.",
    "cost_per_trained": "Those CP / trained in the year.",
    "cost_per_certified": "Those CP / certified in the year.",
    "payment_rate": "CP paid / AE committed, of what trains to AI.",
    "ae_opened": "AE opened in the year (B).",
    "target": "Target of the year on the path chosen.",
    "final_target": "Target of year 3: the double of the baseline (B0).",
    "growth": "(B - B0) / B0.",
    "gap": "B - target of the year; negative below the path.",
    "earmarking": "(AI's AE - those of the baseline) / (B - B0); null where B does not rise.",
    "shortfall": "What AI lacks of that rise.",
}


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
