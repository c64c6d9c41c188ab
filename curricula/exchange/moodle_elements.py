"""Elements of Moodle XML: their texts, their formats, the weight of an answer."""

from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from curricula.exchange.moodle_text import FORMATS, Texts


def weight_of(answer: Element) -> float:
    """Share of the points, from percents; nothing where it is not a number."""
    try:
        weight = float(answer.get("fraction", "0")) / 100
    except ValueError:
        return 0.0
    return weight if -1 <= weight <= 1 else 0.0


def read_text(element: Element | None, texts: Texts, kind: str) -> dict[str, str]:
    return texts.read(said_in(element), kind_of(element, kind)) if element is not None else {}


def kind_of(element: Element | None, kind: str) -> str:
    """The format of a text; ``kind`` where it does not say, or says one that is unknown."""
    return FORMATS.get(element.get("format", ""), kind) if element is not None else kind


def said_in(element: Element | None) -> str:
    """The words of an element: of its ``text`` if it has one, or its own."""
    if element is None:
        return ""
    text = element.find("text")
    return "".join((element if text is None else text).itertext()).strip()
