"""Texts between our Markdown and the XHTML that QTI items hold."""

import re
from collections.abc import Collection, Sequence
from functools import cache
from html import escape
from xml.etree.ElementTree import Element  # nosec B405 # a type and a constructor: what is parsed goes through defusedxml

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from curricula.exchange.html import to_markdown
from curricula.exchange.safe import Node
from curricula.render import LINKS

#: What XML 1.0 cannot hold (section 2.2, Characters), escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Escapes of Markdown, but those of what would look like a tag.
_ESCAPED = re.compile(r"\\(?!<[A-Za-z/!?])([!-/:-@\[-`{-~])")


def xml_text(text: str) -> str:
    """A text as XML says it, in an element or in an attribute."""
    return escape(_NOT_XML.sub("", text))


def to_xhtml(markdown: str) -> str:
    """A stem, an option or feedback as XHTML: no raw HTML, image nor link elsewhere than the web passes."""
    return _NOT_XML.sub("", _parser().render(markdown)).strip()


def inner_html(node: Element, leave_out: Collection[Element] = frozenset()) -> str:
    """What an element holds, as HTML; the elements of ``leave_out`` are passed over, not the text after them."""
    parts = [escape(node.text or "", quote=False)]
    for child in node:
        if child not in leave_out:
            attributes = "".join(f' {name}="{escape(child.attrib[name])}"' for name in _said(child))
            inside = inner_html(child, leave_out)
            parts.append(f"<{child.tag}{attributes}>{inside}" + ("" if _void(child) else f"</{child.tag}>"))
        parts.append(escape(child.tail or "", quote=False))
    return "".join(parts)


def markdown_of(html: str) -> tuple[str, tuple[str, ...]]:
    """(Markdown, names of the elements that were lost), without the escapes that change nothing."""
    text, lost = to_markdown(html)
    plainer = "\n\n".join(_plainer(part) for part in text.split("\n\n"))
    same = plainer == text or _parser().render(plainer) == _parser().render(text)
    # Links are told by whoever asks, each by its address.
    return (plainer if same else text), tuple(name for name in lost if name != "a")


def line(node: Element) -> int:
    """Where an element stands in its file, from 1."""
    return node.line if isinstance(node, Node) else 0


def _plainer(part: str) -> str:
    # « 5 \- 3 » shows the same without its escape, and authors read it better.
    plain = _ESCAPED.sub(r"\1", part)
    return plain if plain != part and _parser().render(plain) == _parser().render(part) else part


def _said(node: Element) -> list[str]:
    return [name for name in ("href", "start") if name in node.attrib]


def _void(node: Element) -> bool:
    return node.tag in {"br", "hr", "img"}


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})  # the preset closes empty elements as XHTML does
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link)
    parser.add_render_rule("link_close", _link)
    parser.add_render_rule("fence", _fence)
    return parser


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    # Our pages show no image either: what it says instead is kept.
    return escape(renderer.renderInlineAsText(tokens[index].children or [], options, env))


def _link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    del renderer, options, env
    opening = next(token for token in reversed(tokens[: index + 1]) if token.type == "link_open")
    address = str(opening.attrGet("href") or "")
    name = "a" if address.lower().startswith(LINKS) else "span"
    if tokens[index].nesting == -1:
        return f"</{name}>"
    return f'<a href="{escape(address)}">' if name == "a" else "<span>"


def _fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    del renderer, options, env
    return f"<pre><code>{escape(tokens[index].content)}</code></pre>\n"
