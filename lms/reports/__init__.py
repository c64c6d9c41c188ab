"""Reports, one module each: ``reports()`` finds them."""

import sys
from functools import cache

from lms.plugins import discover
from lms.tables import Report


@cache
def reports() -> dict[str, Report]:
    """Every report by key; a key used twice stops the start."""
    found: dict[str, Report] = {}
    for report in discover(sys.modules[__name__], "REPORT").values():
        if report.key in found:
            raise ValueError(f"Report « {report.key} » is defined twice.")
        found[report.key] = report
    return found
