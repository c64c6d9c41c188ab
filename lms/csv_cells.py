"""Cells of French CSV files: texts that no spreadsheet runs, days and moments."""

from datetime import date, datetime
from functools import lru_cache

from lms.i18n import ZONE

#: First characters a spreadsheet may take for a formula, full-width forms included (OWASP, « CSV Injection »).
RISKY = frozenset("=+-@\t\r\n＝＋－＠")


def text(value: str | None) -> str:
    """A text cell; one that could run as a formula begins with an apostrophe."""
    if not value:
        return ""
    return "'" + value if value[0] in RISKY else value


@lru_cache(maxsize=4096)
def day(value: date | None) -> str:
    """A day as JJ/MM/AAAA."""
    return "" if value is None else f"{value.day:02}/{value.month:02}/{value.year:04}"


def moment(value: datetime | None) -> str:
    """A moment as JJ/MM/AAAA HH:MM, in the time of France."""
    if value is None:
        return ""
    local = value.astimezone(ZONE)
    return f"{day(local.date())} {local.hour:02}:{local.minute:02}"
