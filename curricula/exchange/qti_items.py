"""Reads items of QTI 3.0 and 2.x: one choice interaction each becomes a question.

https://www.imsglobal.org/spec/qti/v3p0/impl and https://www.imsglobal.org/question/qtiv2p1/imsqti_implv2p1.html. The
two say the same with other spellings (``qti-simple-choice``, ``simpleChoice``): an item is first put in that of 2.x.
"""

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from curricula.exchange.labels import Keys
from curricula.exchange.model import Taken
from curricula.exchange.qti_draft import Choice, Draft, Remarks, language_of, question_of, right_number
from curricula.exchange.qti_feedback import feedback_of
from curricula.exchange.qti_scoring import right_options, scoring_remark
from curricula.exchange.qti_text import inner_html, line
from curricula.problems import N_

_HYPHEN = re.compile(r"-([a-z])")
#: What an item is made of (QTI 3.0 information model, AssessmentItem), and what of it we read.
_READ = {"responseDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing", "modalFeedback"}
#: Blocks of a body that learners see in some cases only.
_ASIDE = ("rubricBlock", "feedbackBlock", "feedbackInline", "templateBlock", "templateInline")


def normalise(root: Element) -> None:
    """Gives a document the spelling of QTI 2.x: ``responseIdentifier`` where 3.0 has ``response-identifier``."""
    for node in root.iter():
        if node.tag.startswith("qti-"):
            node.tag = _camel(node.tag.removeprefix("qti-"))
        for name in [name for name in node.attrib if "-" in name]:
            node.attrib.setdefault(_camel(name), node.attrib[name])


def read_item(root: Element, language: str, tags: Iterable[str], keys: Keys) -> Taken:
    """The question of a normalised ``assessmentItem``, or none; what could not be carried over is noted."""
    name = root.get("identifier", "").strip()
    remarks = Remarks(root.get("title", "").strip() or name, line(root))
    language = language_of(root.get("lang"), language, remarks)
    body = root.find("itemBody")
    interaction = _interaction(root, body, remarks)
    if body is None or interaction is None:
        return Taken(notes=tuple(remarks.notes))
    _remark_rest(root, remarks)
    draft = _draft(root, body, interaction, tuple(tags), remarks)
    question = question_of(draft, language, keys, remarks) if draft else None
    return Taken((question,) if question else (), notes=tuple(remarks.notes))


def _interaction(root: Element, body: Element | None, remarks: Remarks) -> Element | None:
    found = [node for node in body.iter() if node.tag.endswith("Interaction")] if body is not None else []
    if not found:
        remarks.add(N_("This item asks nothing: it was left out."))
    elif len(found) > 1:
        kinds = ", ".join(node.tag for node in found)
        remarks.add(
            N_("This item asks several things at once (%(kinds)s): it was left out."), line(found[1]), kinds=kinds
        )
    elif found[0].tag != "choiceInteraction":
        remarks.add(
            N_("« %(kind)s » has no equal among our questions: the item was left out."),
            line(found[0]),
            kind=found[0].tag,
        )
    elif root.find("templateDeclaration") is not None:
        remarks.add(N_("The item draws its values at random (a template): it was left out."))
    else:
        return found[0]
    return None


def _draft(root: Element, body: Element, interaction: Element, tags: tuple[str, ...], remarks: Remarks) -> Draft | None:
    wanted = interaction.get("responseIdentifier", "")
    declared = [node for node in root.findall("responseDeclaration") if node.get("identifier", "") == wanted]
    if len(declared) != 1:
        remarks.add(N_("The response « %(name)s » is not declared: the item was left out."), name=wanted)
        return None
    choices = interaction.findall("simpleChoice")
    names = [choice.get("identifier", "").strip() for choice in choices]
    if not right_number(names, remarks):
        return None
    cardinality = declared[0].get("cardinality", "")
    if cardinality not in {"single", "multiple"}:
        remarks.add(N_("The order of the answers counts: the item was left out."), line(declared[0]))
        return None
    right = right_options(declared[0], cardinality == "multiple", remarks)
    # Checkboxes of which one alone can be ticked are a single choice.
    several = cardinality == "multiple" and not (interaction.get("maxChoices", "1") == "1" and len(right) == 1)
    said = scoring_remark(root.find("responseProcessing"), declared[0], names, right, several)
    if said:
        remarks.add(said)
    _remark_interaction(interaction, choices, several, remarks)
    feedback = feedback_of(root, dict(zip(names, choices, strict=True)), right, several, remarks)
    prompt, aside = interaction.find("prompt"), {node for node in body.iter() if node.tag in _ASIDE}
    stem = inner_html(body, {interaction, *aside})
    if prompt is not None:
        stem += f"<div>{inner_html(prompt, aside)}</div>"
    texts = tuple(Choice(name, inner_html(node, aside)) for name, node in zip(names, choices, strict=True))
    name = root.get("identifier", "") or root.get("title", "")
    return Draft(name, several, stem, texts, right, feedback, tags)


def _remark_rest(root: Element, remarks: Remarks) -> None:
    for node in root:
        if node.tag not in _READ:
            remarks.add(N_("« %(element)s » of the item was not taken."), line(node), element=node.tag)
    for node in (node for body in root.findall("itemBody") for node in body.iter() if node.tag in _ASIDE):
        if node.tag != "feedbackInline":  # an option's own: see curricula.exchange.qti_feedback
            remarks.add(N_("« %(element)s » of the item was not taken."), line(node), element=node.tag)
    if root.get("adaptive") == "true":
        remarks.add(N_("The item is adaptive: its question was taken, and is answered once."))
    if root.get("timeDependent") == "true":
        remarks.add(N_("The time taken counts in this item: here it does not."))


def _remark_interaction(interaction: Element, choices: list[Element], several: bool, remarks: Remarks) -> None:
    most, fewest = interaction.get("maxChoices", "1").strip(), interaction.get("minChoices", "0").strip()
    if several and most.isascii() and most.isdigit() and 0 < int(most[:9]) < len(choices):
        remarks.add(N_("At most %(most)s options can be chosen in the file: here, any number."), most=most)
    if several and fewest not in {"0", "1"}:
        remarks.add(N_("At least %(fewest)s options are to be chosen in the file: here, any number."), fewest=fewest)
    fixed = [choice for choice in choices if choice.get("fixed") == "true"]
    if interaction.get("shuffle") == "true" and fixed and len(fixed) < len(choices):
        remarks.add(N_("Some options keep their place in the file: here, none does."), line(fixed[0]))
    for node in interaction:
        if node.tag not in {"prompt", "simpleChoice"}:
            remarks.add(N_("« %(element)s » of the item was not taken."), line(node), element=node.tag)


def _camel(name: str) -> str:
    return _HYPHEN.sub(lambda found: found[1].upper(), name)
