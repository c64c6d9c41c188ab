"""ISO 8601 timestamps compared at the precision they were written in."""

import re
from datetime import datetime
from decimal import Decimal

_SHAPE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,18}))?(Z|[+-]\d\d:?\d\d)")


def instant(text: str) -> Decimal:
    """Seconds since 1970 with every digit given; ``datetime`` alone would drop those after the sixth.

    A time zone is required (AGS 2.0, section 3.4.7), else ``ValueError``.
    """
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(f"Not an ISO 8601 timestamp with a time zone: {text!r}")
    whole, fraction, zone = match.groups()
    seconds = datetime.fromisoformat(whole + zone).timestamp()
    return Decimal(int(seconds)) + Decimal(f"0.{fraction or '0'}")
