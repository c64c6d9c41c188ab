"""What the ``resprocessing`` of a QTI 1.2 item says of its options: which are right, and which feedback each shows.

https://www.imsglobal.org/question/qtiv1p2/imsqti_asi_bindv1p2.html, section 3.7.
"""

import math
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml


@dataclass
class Rules:
    """``shown``: options by identifier of the feedback that choosing them shows."""

    right: frozenset[str] = frozenset()
    #: Whether each right option earns on its own.
    in_parts: bool = False
    #: Whether options earn in another measure than ours.
    uneven: bool = False
    shown: dict[str, set[str]] = field(default_factory=dict)


def rules_of(item: Element, names: frozenset[str], several: bool) -> Rules:
    """The rules of a choice item whose options are ``names``."""
    rules, whole, parts = Rules(), list[tuple[float, frozenset[str]]](), dict[str, float]()
    conditions = item.findall("resprocessing/respcondition")
    for condition in conditions:
        points, adds = _points(condition)
        chosen, refused = _wanted(condition)
        if several and adds and len(chosen) == 1 and not refused:
            one = next(iter(chosen))
            parts[one] = parts.get(one, 0.0) + points
        elif points > 0:
            whole.append((points, chosen))
    if parts:
        rules.right, rules.in_parts = frozenset(name for name, points in parts.items() if points > 0), True
        earned = {parts[name] for name in rules.right}
        lost = {parts.get(name, 0.0) for name in names - rules.right}
        rules.uneven = len(earned) != 1 or bool(lost - {-next(iter(earned))})
    elif whole:
        best = max(points for points, _ in whole)
        rules.right = frozenset().union(*(chosen for points, chosen in whole if points == best))
        rules.uneven = any(points != best for points, _ in whole) or (several and len(whole) > 1)
    for condition in conditions:
        for shown in condition.findall("displayfeedback"):
            on = _showing(condition, names, rules.right, several, shown.get("linkrefid", ""))
            rules.shown.setdefault(shown.get("linkrefid", "").strip(), set()).update(on)
    return rules


def _showing(
    condition: Element, names: frozenset[str], right: frozenset[str], several: bool, feedback: str
) -> frozenset[str]:
    chosen, refused = _wanted(condition)
    if chosen:
        return chosen & names if len(chosen) == 1 and not refused else frozenset()
    if condition.find("conditionvar/other") is None or several:
        return frozenset()
    # « Other » comes last, for wrong answers, unless Canvas calls it the feedback of every answer.
    return names if feedback.startswith("general_fb") else names - right


def _wanted(condition: Element) -> tuple[frozenset[str], frozenset[str]]:
    """(options the condition asks for, options it refuses)."""
    refused = {node for no in condition.iterfind("conditionvar//not") for node in no.iter("varequal")}
    asked = {node for node in condition.iterfind("conditionvar//varequal") if node not in refused}
    return frozenset(map(_value, asked)), frozenset(map(_value, refused))


def _points(condition: Element) -> tuple[float, bool]:
    """(points the condition gives, whether they add to others)."""
    setting = condition.find("setvar")
    if setting is None:
        return 0.0, False
    try:
        points = float(setting.text or "")
    except ValueError:
        return 0.0, False
    action = setting.get("action", "Set").lower()
    points = points if math.isfinite(points) else 0.0
    return (-points if action == "subtract" else points), action in {"add", "subtract"}


def _value(node: Element) -> str:
    return (node.text or "").strip()
