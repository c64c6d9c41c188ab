"""Reads QTI 1.2 as Canvas and Common Cartridge write it: ``questestinterop``.

https://www.imsglobal.org/question/qtiv1p2/imsqti_asi_bindv1p2.html, and the profile of Common Cartridge
(https://www.imsglobal.org/cc/ccv1p3/imscc_profilev1p3-Implementation.html, « QTI Assessment »). Canvas adds
``question_type`` to an item's metadata where Common Cartridge has ``cc_profile``.
"""

from collections.abc import Iterable, Iterator, Mapping
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from curricula.exchange.labels import Keys, labels_of
from curricula.exchange.model import Note, NotReadable, Taken
from curricula.exchange.qti12_rules import Rules, rules_of
from curricula.exchange.qti_draft import Choice, Draft, Remarks, joined, language_of, question_of, right_number
from curricula.exchange.qti_text import inner_html, line, xml_text
from curricula.problems import N_

#: Where the answer is typed, placed or uploaded: no equal among our questions (ASI binding, section 3.6).
_RESPONSES = ("response_lid", "response_str", "response_num", "response_grp", "response_xy", "response_extension")
_MEDIA = ("matimage", "mataudio", "matvideo", "matapplet", "matapplication", "matref")


def read_items(root: Element, language: str, keys: Keys) -> Taken:
    """The choice questions of a ``questestinterop``, in its order; ``language`` is that of texts that say none.

    All documents of a package share ``keys``. Raises ``NotReadable`` where the root is another element.
    """
    if root.tag != "questestinterop":
        raise NotReadable(N_("« %(element)s » is not a QTI 1.2 document."), line(root), element=str(root.tag))
    told = root.find("assessment")
    usual = root.get("lang") or (told.get("lang") if told is not None else None)
    items = [_item(item, usual, language, keys) for item in root.iter("item")]
    return joined([Taken(notes=tuple(_draws(root))), *items])


def _draws(root: Element) -> Iterator[Note]:
    for section in root.iter("section"):
        if section.find("selection_ordering/selection") is not None:
            name = section.get("title", "") or section.get("ident", "")
            yield Note(
                N_("The file draws some questions of this section: all of them were taken."), name, line(section)
            )


def _item(item: Element, usual: str | None, language: str, keys: Keys) -> Taken:
    name = item.get("ident", "").strip()
    remarks, fields = Remarks(item.get("title", "").strip() or name, line(item)), _fields(item)
    language = language_of(item.get("lang") or usual, language, remarks)
    draft = _draft(item, name, fields, remarks)
    question = question_of(draft, language, keys, remarks) if draft else None
    return Taken((question,) if question else (), notes=tuple(remarks.notes))


def _fields(item: Element) -> dict[str, str]:
    """The item's metadata, by label."""
    pairs = ((one.findtext("fieldlabel", ""), one.findtext("fieldentry", "")) for one in item.iter("qtimetadatafield"))
    return {label.strip(): entry.strip() for label, entry in pairs if label.strip()}


def _draft(item: Element, name: str, fields: Mapping[str, str], remarks: Remarks) -> Draft | None:
    shown = item.find("presentation")
    responses = [node for node in shown.iter() if node.tag in _RESPONSES] if shown is not None else []
    kind = fields.get("question_type") or fields.get("cc_profile") or ", ".join(node.tag for node in responses)
    rendered = responses[0].find("render_choice") if len(responses) == 1 else None
    if shown is None or not kind:
        remarks.add(N_("This item asks nothing: it was left out."))
        return None
    if rendered is None or responses[0].tag != "response_lid":
        remarks.add(N_("« %(kind)s » has no equal among our questions: the item was left out."), kind=kind)
        return None
    several = responses[0].get("rcardinality", "Single").lower() == "multiple"
    if responses[0].get("rcardinality", "").lower() == "ordered":
        remarks.add(N_("The order of the answers counts: the item was left out."))
        return None
    labels = list(rendered.iter("response_label"))
    names = [label.get("ident", "").strip() for label in labels]
    if not right_number(names, remarks):
        return None
    rules = rules_of(item, frozenset(names), several)
    _remark_scoring(rules, several, fields, remarks)
    stem = _html(_outside(shown, responses[0]), remarks) + _html(responses[0].findall("material"), remarks)
    choices = [Choice(one, _html([label], remarks)) for one, label in zip(names, labels, strict=True)]
    # Fields that say what our tags say: see curricula.exchange.labels.
    tags = tuple(f"{label}:{entry}" for label, entry in fields.items() if not labels_of([f"{label}:{entry}"]).others)
    return Draft(name, several, stem, tuple(choices), rules.right, _feedback(item, rules, names, remarks), tags)


def _remark_scoring(rules: Rules, several: bool, fields: Mapping[str, str], remarks: Remarks) -> None:
    # Canvas counts its « multiple answers » as we do, whatever the condition written says.
    whole = several and not rules.in_parts and fields.get("question_type") != "multiple_answers_question"
    if whole and rules.right:
        remarks.add(N_("In the file every right option is needed to earn anything: here each earns its part."))
    if rules.uneven:
        remarks.add(N_("Options are worth points of their own in the file: here each right one earns the same."))


def _feedback(item: Element, rules: Rules, names: Iterable[str], remarks: Remarks) -> dict[str, str]:
    told: dict[str, list[str]] = {name: [] for name in names}
    for node in item.findall("itemfeedback"):
        name = node.get("ident", "").strip()
        chosen = rules.shown.get(name)
        if not chosen:
            remarks.add(N_("Feedback « %(name)s » belongs to no option: it was not taken."), line(node), name=name)
        for choice in chosen or ():
            told[choice].append(_html([node], remarks))
    return {name: "".join(parts) for name, parts in told.items() if parts}


def _outside(shown: Element, response: Element) -> Iterator[Element]:
    """What a presentation says outside its response."""
    for node in shown:
        if node.tag == "material":
            yield node
        elif node is not response:
            yield from _outside(node, response)


def _html(nodes: Iterable[Element], remarks: Remarks) -> str:
    """The texts of the materials, as HTML; images and sounds are noted."""
    parts = list[str]()
    for node in (inner for one in nodes for inner in one.iter()):
        if node.tag in {"mattext", "matemtext"}:
            said = "".join(node.itertext())
            if len(node):  # XHTML that is not escaped
                parts.append(f"<div>{inner_html(node)}</div>")
            elif "html" in node.get("texttype", "").lower():
                parts.append(f"<div>{said}</div>")
            else:
                parts.append(f"<p>{xml_text(said.strip())}</p>")
        elif node.tag in _MEDIA:
            remarks.add(N_("« %(element)s » of the item was not taken."), line(node), element=node.tag)
    return "".join(parts)
