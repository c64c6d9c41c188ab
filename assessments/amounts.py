"""Numbers, amounts and days as people type them, in French or in English; nothing is guessed."""

import re
from datetime import date
from fractions import Fraction

_GROUPS = r"(?P<whole>[0-9]{1,12}|[0-9]{1,3}(?: [0-9]{3}){1,3}|[0-9]{1,3}(?:%s[0-9]{3}){1,3}(?=%s))"
#: « 12 500,50 », « 12500.50 »; « 12,500.50 » and « 12.500,50 », where both signs tell which is which.
_WRITTEN = tuple(
    re.compile(r"(?P<minus>-?) ?" + _GROUPS % (apart, point) + rf"(?:{point}(?P<rest>[0-9]{{1,6}}))?")
    for apart, point in ((",", r"\."), (r"\.", ","))
)
_EUROS = re.compile(r" ?(?:€|eur|euros?)$", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")


def quantity(typed: str) -> Fraction | None:
    """The number typed; None where it is none, or where it may be two: « 12,500 » is 12.5 to some, 12 500 to others."""
    text = " ".join(typed.replace("−", "-").split())
    for form in _WRITTEN:
        found = form.fullmatch(text)
        if found is None:
            continue
        whole, rest = re.sub("[ .,]", "", found["whole"]), found["rest"] or ""
        if len(rest) == 3 and whole.strip("0") and whole == found["whole"]:
            return None
        number = Fraction(int(whole + rest), 10 ** len(rest))
        return -number if found["minus"] else number
    return None


def cents(typed: str) -> int | None:
    """The amount typed, in cents, with or without its « € »; None where it is none."""
    number = quantity(_EUROS.sub("", " ".join(typed.split())))
    if number is None or (number * 100).denominator != 1:
        return None
    return int(number * 100)


def day(typed: str) -> date | None:
    """The day typed or picked: 2026-11-20 or 20/11/2026; None where it is none."""
    text = typed.strip()
    found = _DAY.fullmatch(text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(text)
    except ValueError:
        return None
