"""Lessons and question stems as safe HTML: Markdown with named blocks, sanitised."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from itertools import count

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.container import container_plugin

from curricula.blocks import BLOCKS, REVEAL
from curricula.typography import WIDE, typeset

_TAGS = {
    "p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "br", "hr", "a",
    "sup", "table", "thead", "tbody", "tr", "th", "td", "section", "div", "details", "summary", "dl", "dt", "dd",
    "figure", "figcaption", "img",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "class"},
    "img": {"src", "alt"},
    "dt": {"id"},
    "ol": {"start"},
    "th": {"scope"},
    "section": {"class", "aria-labelledby"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "details": {"class"},
    "figure": {"class", "tabindex"},
    "h2": {"id"},
    "p": {"class", "id"},
}
#: What a stem or an option may hold.
_INLINE_TAGS = _TAGS - {
    "section", "div", "details", "summary", "h2", "dl", "dt", "dd", "figure", "figcaption", "img",
}  # fmt: skip
_INLINE_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
#: Where a link may lead: a web page, or an address to write to.
LINKS = ("https://", "mailto:")
#: How a link to a term of the glossary, and the name of an image of the module, begin.
TERM, FILES = "term:", "files/"
_GLOSSARY = {"fr": "Glossaire", "en": "Glossary"}


def render(
    markdown: str,
    language: str,
    terms: Mapping[str, tuple[str, str]] | None = None,
    address: Callable[[str], str | None] = lambda _name: None,
) -> str:
    """A lesson's Markdown as sanitised HTML, with the typography of its language.

    ``terms`` are (term, definition) by key: those the text links to are explained at its end. ``address`` gives where
    an image of the module is, by name; None, and its alternative text stands for it.

    No raw HTML passes: the parser escapes it and nh3 keeps known tags, classes and https links only.
    """
    tokens = parse(markdown)
    used = _link_terms(tokens, terms or {})
    shown = _place_images(tokens, address)
    env = {"language": language, "ids": count(1), "tables": count(1)}
    html = _parser().renderer.render(tokens, _parser().options, env) + _glossary(used, language)
    return typeset_html(_clean(html, _TAGS, _ATTRIBUTES, {*shown, *map(_anchor, used)}), language)


def parse(markdown: str) -> list[Token]:
    """The tokens of a lesson's text."""
    return _parser().parse(markdown)


def _inline(tokens: Iterable[Token]) -> Iterator[Token]:
    return (child for token in tokens for child in token.children or ())


def _link_terms(tokens: Iterable[Token], terms: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Make links to terms lead to where they are explained; gives those used, in their order."""
    used: dict[str, tuple[str, str]] = {}
    for token in _inline(tokens):
        key = str(token.attrs.get("href", "")).removeprefix(TERM)
        if token.type == "link_open" and str(token.attrs["href"]).startswith(TERM) and key in terms:
            used[key] = terms[key]
            token.attrs = {"href": _anchor(key), "class": "term"}
    return used


def _anchor(key: str) -> str:
    return f"#term-{key}"


def _glossary(used: Mapping[str, tuple[str, str]], language: str) -> str:
    """The section that explains the terms used."""
    if not used:
        return ""
    lines = [f'<section class="glossary" aria-labelledby="glossary"><h2 id="glossary">{_GLOSSARY[language]}</h2><dl>']
    for key, (term, definition) in used.items():
        lines.append(f'<div><dt id="term-{key}">{escape(term)}</dt><dd>{escape(definition)}</dd></div>')
    return "\n".join([*lines, "</dl></section>\n"])


def _place_images(tokens: Sequence[Token], address: Callable[[str], str | None]) -> set[str]:
    """Give images their addresses, or their words for them; one alone in its paragraph, with a title, is a figure."""
    shown = set[str]()
    for place, token in enumerate(tokens):
        for image in (child for child in token.children or () if child.type == "image"):
            source = str(image.attrs["src"])
            found = address(source.removeprefix(FILES)) if source.startswith(FILES) else None
            title = str(image.attrs.pop("title", ""))
            if found is None:
                image.type, image.tag, image.content = "text", "", f"{image.content} {title}".strip()
                continue
            image.attrs["src"] = found
            shown.add(found)
            if title and len(token.children or ()) == 1 and tokens[place - 1].type == "paragraph_open":
                _make_figure(tokens[place - 1 : place + 2], title, drawn=source.endswith(".svg"))
    return shown


def _make_figure(paragraph: Sequence[Token], caption: str, *, drawn: bool) -> None:
    opening, inline, closing = paragraph
    opening.tag = closing.tag = "figure"
    if drawn:  # words in a drawing stay large enough on a phone: it scrolls, by keyboard too (WCAG 2.1.1)
        opening.attrs = {"class": "drawing", "tabindex": "0"}
    opening.hidden = closing.hidden = False  # as those of a tight list are
    words = Token("html_inline", "", 0, content=f"<figcaption>{escape(caption)}</figcaption>")
    inline.children = [*(inline.children or ()), words]


def render_inline(markdown: str, language: str) -> str:
    """A stem or an option (one or more paragraphs, emphasis, lists) as sanitised HTML, without blocks."""
    html = _plain_parser().render(markdown)
    return typeset_html(_clean(html, _INLINE_TAGS, _INLINE_ATTRIBUTES), language)


def _clean(html: str, tags: set[str], attributes: dict[str, set[str]], own: Collection[str] = ()) -> str:
    """The HTML with these tags and attributes alone; links lead to web pages, to addresses and to ``own`` places."""

    def safe(_tag: str, attribute: str, value: str) -> str | None:
        if attribute not in ("href", "src") or value in own:
            return value
        return value if attribute == "href" and value.lower().startswith(LINKS) else None

    return nh3.clean(html, tags=tags, attributes=attributes, attribute_filter=safe, link_rel="noopener")


def typeset_html(html: str, language: str) -> str:
    """Typography applied between tags only and outside code, so that no attribute or prompt to copy changes."""
    parts = re.split(r"(<code>.*?</code>|<[^>]*>)", html, flags=re.DOTALL)
    return "".join(part if part.startswith("<") else typeset(part.replace("&nbsp;", WIDE), language) for part in parts)


@cache
def _plain_parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False})


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    for name in (*BLOCKS, REVEAL):
        # A shorter fence must not open a block inside another of the same name: three colons or more.
        container_plugin(parser, name=name, render=_reveal if name == REVEAL else _block)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    parser.add_render_rule("th_open", _header_cell)
    return parser


def _block(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    del renderer, options
    token = tokens[index]
    if token.nesting != 1:
        return "</section>\n"
    name, _, title = token.info.strip().partition(" ")
    shown = title.strip() or BLOCKS[name][env["language"]]
    identity = f"block-{next(env['ids'])}"
    return (
        f'<section class="block block-{name}" aria-labelledby="{identity}">'
        f'<p class="block-title" id="{identity}">{escape(shown)}</p>\n'
    )


def _reveal(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    del renderer, options, env
    token = tokens[index]
    if token.nesting != 1:
        return "</div></details>\n"
    question = token.info.strip().removeprefix(REVEAL).strip()
    return f'<details class="reveal"><summary>{escape(question)}</summary><div>\n'


def _table_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    # A table wider than a phone scrolls in its own named, focusable region (WCAG 2.1.1).
    del renderer, tokens, index, options
    label = {"fr": "Tableau", "en": "Table"}[env["language"]]
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{label} {next(env["tables"])}"><table>\n'


def _table_close(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    del renderer, tokens, index, options, env
    return "</table></div>\n"


def _header_cell(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    del renderer, tokens, index, options, env
    return '<th scope="col">'
