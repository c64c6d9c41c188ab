"""Feedback of a QTI item as that of its options.

Inline feedback stands in its option. Modal feedback is tied to an option by its identifier, where ``FEEDBACK`` takes
the response's value, or by the rules that set it (QTI 3.0 implementation guide, « Feedback »).
"""

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from curricula.exchange.qti_draft import Remarks
from curricula.exchange.qti_text import inner_html, line, xml_text
from curricula.problems import N_

_BRANCHES = ("responseIf", "responseElseIf", "responseElse")


def feedback_of(
    root: Element, choices: Mapping[str, Element], right: frozenset[str], several: bool, remarks: Remarks
) -> dict[str, str]:
    """HTML by the choice's identifier; feedback that belongs to no option is noted."""
    told: dict[str, list[str]] = {name: [] for name in choices}
    own = {id(node): name for name, choice in choices.items() for node in choice.iter("feedbackInline")}
    rules = _rules(root, choices, right, several)
    for node in [*root.iter("feedbackInline"), *root.findall("modalFeedback")]:
        name = node.get("identifier", "").strip()
        found = {own[id(node)]} if id(node) in own else {name} if name in choices else rules.get(_variable(node, name))
        if not found or node.get("showHide", "show") != "show":
            remarks.add(N_("Feedback « %(name)s » belongs to no option: it was not taken."), line(node), name=name)
            continue
        for choice in found:
            told[choice].append(f"<div>{_html(node)}</div>")
    return {name: "".join(parts) for name, parts in told.items() if parts}


def _html(node: Element) -> str:
    title = node.get("title", "").strip()
    heading = f"<p><strong>{xml_text(title)}</strong></p>" if title else ""
    content = node.find("contentBody")  # 3.0 alone has it
    return heading + inner_html(node if content is None else content)


def _variable(node: Element, name: str) -> tuple[str, str]:
    return node.get("outcomeIdentifier", "").strip(), name


def _rules(
    root: Element, choices: Mapping[str, Element], right: frozenset[str], several: bool
) -> dict[tuple[str, str], set[str]]:
    """Choices by (outcome variable, value) that a condition on the response sets."""
    found: dict[tuple[str, str], set[str]] = {}
    for condition in root.iterfind("responseProcessing//responseCondition"):
        for chosen, branch in _branches(condition, frozenset(choices), right, several):
            for setting in branch.findall("setOutcomeValue"):
                for value in setting.iter("baseValue"):
                    key = setting.get("identifier", "").strip(), (value.text or "").strip()
                    found.setdefault(key, set()).update(chosen)
    return found


def _branches(
    condition: Element, names: frozenset[str], right: frozenset[str], several: bool
) -> Iterator[tuple[frozenset[str], Element]]:
    # What is left for « else » once the choices of the conditions before it are taken; None when one is not understood.
    left: frozenset[str] | None = names
    for branch in (node for node in condition if node.tag in _BRANCHES):
        chosen = left if branch.tag == "responseElse" else _chosen(branch, names, right, several)
        if chosen:
            yield chosen, branch
        left = left - chosen if left is not None and chosen is not None and not several else None


def _chosen(branch: Element, names: frozenset[str], right: frozenset[str], several: bool) -> frozenset[str] | None:
    test = branch[0] if len(branch) else None
    if test is None or test.tag not in {"match", "member"} or test.find("variable") is None:
        return None
    if test.find("correct") is not None:
        return None if several else right & names
    value = test.find("baseValue")
    return frozenset({(value.text or "").strip()}) & names if value is not None else None
