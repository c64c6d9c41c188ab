"""Whether an SVG is a drawing and nothing more: no script, no event, nothing from elsewhere."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

SVG = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}"
XML = "{http://www.w3.org/XML/1998/namespace}"
#: Elements that draw. Others run code, embed pages or change attributes later: they are not taken.
_ELEMENTS = {
    # Structure and text, shapes, paints and filters.
    "svg", "g", "defs", "symbol", "use", "title", "desc", "style", "path", "rect", "circle", "ellipse", "line",
    "polyline", "polygon", "text", "tspan", "textPath", "image", "marker", "linearGradient", "radialGradient", "stop",
    "pattern", "clipPath", "mask", "switch", "filter", "feBlend", "feColorMatrix", "feComponentTransfer", "feComposite",
    "feDropShadow", "feFlood", "feFuncA", "feFuncB", "feFuncG", "feFuncR", "feGaussianBlur", "feMerge", "feMergeNode",
    "feMorphology", "feOffset",
}  # fmt: skip
#: Other instructions than the declaration of XML bring style sheets in.
_INSTRUCTION = re.compile(r"<\?(?!xml\s)")
_ENCODING = re.compile(r"\A\s*<\?xml[^>]*encoding\s*=\s*[\"'](?!utf-8[\"'])", re.IGNORECASE)
#: What leads out of the drawing in a style; an escape could hide that it does.
_OUT = re.compile(r"url\((?!\s*(?:[\"']\s*)?#)|@import|//|\\|javascript:|image-set|expression", re.IGNORECASE)
_EMBEDDED = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")


def is_svg(content: bytes) -> bool:
    """Whether a file means to be SVG: its first words say so."""
    return re.search(rb"<(?:[\w-]+:)?svg[\s>]", content[:4096]) is not None


def harm(content: bytes) -> str | None:
    """The first thing in an SVG that a drawing does without, in the words of XML; None where there is none."""
    try:
        text = content.decode("utf-8-sig")
        if _ENCODING.search(text) or "\x00" in text:
            return "encoding"
        if found := _INSTRUCTION.search(text):
            return found[0]
        root = fromstring(text, forbid_dtd=True)
    except UnicodeDecodeError:
        return "encoding"
    except DefusedXmlException:
        return "<!DOCTYPE"
    except (ParseError, ValueError):
        return "XML"
    if root.tag != SVG + "svg":
        return _name(root.tag)
    return next((bad for element in root.iter() for bad in _harm_of(element)), None)


def _harm_of(element: Element) -> Iterator[str]:
    tag = str(element.tag).removeprefix(SVG)
    if not str(element.tag).startswith(SVG) or tag not in _ELEMENTS:
        yield f"<{_name(str(element.tag))}>"
    if tag == "style" and _OUT.search(element.text or ""):
        yield "<style>"
    for name, value in element.attrib.items():
        if _is_link(name):
            harmless = value.strip().startswith("#") or (tag == "image" and _EMBEDDED.fullmatch(value.strip()))
        elif name.startswith("{"):
            harmless = name in (XML + "space", XML + "lang")
        else:
            harmless = not name.lower().startswith("on") and not _OUT.search(value)
        if not harmless:
            yield f"{_name(name)}={value[:60]!r}"


def _is_link(name: str) -> bool:
    return name in ("href", "src", XLINK + "href")


def _name(qualified: str) -> str:
    return qualified.rpartition("}")[2]
