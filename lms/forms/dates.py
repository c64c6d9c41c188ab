"""Dates as people type them: 30/09/2026, 30 septembre 2026, novembre 2026, 2026, or ISO."""

import re
from datetime import date

from lms.services.words import fold

#: The first letters that tell each month from the others, in French and in English.
_MONTHS = (
    ("jan",), ("fev", "feb"), ("mar",), ("avr", "apr"), ("mai", "may"), ("juin", "jun"), ("juil", "jul"),
    ("aou", "aug"), ("sep",), ("oct",), ("nov",), ("dec",),
)  # fmt: skip
_YEAR = r"(?P<year>[1-9][0-9]{3})"
_FORMS = [
    re.compile(form)
    for form in (
        rf"{_YEAR}(?:-(?P<month>[0-9]{{2}})(?:-(?P<day>[0-9]{{2}}))?)?",
        rf"(?:(?P<day>[0-9]{{1,2}})[/. -])?(?P<month>[0-9]{{1,2}})[/. -]{_YEAR}",
        rf"(?:(?P<day>[0-9]{{1,2}})(?:er|st|nd|rd|th)? )?(?P<name>[a-z]{{3,9}})\.? {_YEAR}",
        rf"(?P<name>[a-z]{{3,9}})\.? (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}",
    )
]


def read_date(text: str) -> str:
    """The ISO year, month or day that a text says; raises ``ValueError`` where it says none."""
    said = fold(text)
    found = next((found for form in _FORMS if (found := form.fullmatch(said))), None)
    if found is None:
        raise ValueError(text)
    parts = found.groupdict()
    year, day = int(parts["year"]), int(parts.get("day") or 0)
    month = _month(parts["name"]) if parts.get("name") else int(parts.get("month") or 0)
    if not parts.get("month") and not parts.get("name"):
        return f"{year}"
    whole = date(year, month, day if parts.get("day") else 1).isoformat()
    return whole if parts.get("day") else whole[:7]


def _month(name: str) -> int:
    for number, beginnings in enumerate(_MONTHS, 1):
        if name.startswith(beginnings):
            return number
    raise ValueError(name)
