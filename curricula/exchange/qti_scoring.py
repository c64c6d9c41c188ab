"""Which options are right in a QTI item, and whether its scoring is ours.

Response processing: QTI 3.0 information model, section « Response Processing »; templates ``match_correct`` and
``map_response``. Ours: one right option earns everything; of several, right ones earn and wrong ones cost as much,
never below nothing (``assessments/types``).
"""

import math
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from curricula.exchange.qti_draft import Remarks
from curricula.exchange.qti_text import line
from curricula.problems import N_


def right_options(declaration: Element, several: bool, remarks: Remarks) -> frozenset[str]:
    """The identifiers the file calls correct; without any, those that earn (of one choice, those that earn most)."""
    told = {(value.text or "").strip() for value in declaration.iterfind("correctResponse/value")} - {""}
    if told:
        return frozenset(told)
    points = {name: value for name, value in _points(declaration) if value > 0}
    if points:
        remarks.add(N_("The file says no right option: those that earn points were taken as right."), line(declaration))
    most = max(points.values(), default=0.0)
    return frozenset(name for name, value in points.items() if several or value == most)


def scoring_remark(
    processing: Element | None, declaration: Element, names: Sequence[str], right: frozenset[str], several: bool
) -> str:
    """What to say of a scoring that is not ours; nothing where it is, or where the file has none."""
    if processing is None:
        return ""
    template = processing.get("template", "").strip().rsplit("/", 1)[-1].removesuffix(".xml")
    if template == "map_response" or next(processing.iter("mapResponse"), None) is not None:
        if _earns_as_ours(declaration, names, right, several):
            return ""
        return N_("Options are worth points of their own in the file: here each right one earns the same.")
    if template == "match_correct" or any(match.find("correct") is not None for match in processing.iter("match")):
        return (
            N_("In the file every right option is needed to earn anything: here each earns its part.")
            if several
            else ""
        )
    return N_("The file has scoring rules of its own, which were not taken.")


def _earns_as_ours(declaration: Element, names: Sequence[str], right: frozenset[str], several: bool) -> bool:
    mapping = declaration.find("mapping")
    if mapping is None:
        return False
    usual, least = _number(mapping.get("defaultValue", "0")), mapping.get("lowerBound")
    given = dict(_points(declaration))
    earned = {given.get(name, usual) for name in names if name in right}
    lost = {given.get(name, usual) for name in names if name not in right}
    never_below = least is not None and _number(least) == 0
    if len(earned) != 1 or min(earned) <= 0:
        return False
    if several:
        most = mapping.get("upperBound")
        whole = most is None or _number(most) >= min(earned) * len(right)
        return whole and never_below and lost <= {-min(earned)}
    return lost <= {0.0} or (never_below and max(lost) <= 0)


def _points(declaration: Element) -> Iterator[tuple[str, float]]:
    for entry in declaration.iterfind("mapping/mapEntry"):
        yield entry.get("mapKey", "").strip(), _number(entry.get("mappedValue", "0"))


def _number(said: str) -> float:
    try:
        number = float(said)
    except ValueError:
        return 0.0
    return number if math.isfinite(number) else 0.0
