"""Lessons and question stems as safe HTML: Markdown with named blocks, sanitised."""

import re
from collections.abc import Sequence
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
    "sup", "table", "thead", "tbody", "tr", "th", "td", "section", "div", "details", "summary",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href"},
    "ol": {"start"},
    "th": {"scope"},
    "section": {"class", "aria-labelledby"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "details": {"class"},
    "h2": {"id"},
    "p": {"class", "id"},
}
#: What a stem or an option may hold.
_INLINE_TAGS = _TAGS - {"section", "div", "details", "summary", "h2"}
_INLINE_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
#: Where a link may lead: a web page, or an address to write to.
LINKS = ("https://", "mailto:")


def render(markdown: str, language: str) -> str:
    """A lesson's Markdown as sanitised HTML, with the typography of its language.

    No raw HTML passes: the parser escapes it and nh3 keeps known tags, classes and https links only.
    """
    html = _parser().render(markdown, {"language": language, "ids": count(1), "tables": count(1)})
    return typeset_html(_clean(html, _TAGS, _ATTRIBUTES), language)


def render_inline(markdown: str, language: str) -> str:
    """A stem or an option (one or more paragraphs, emphasis, lists) as sanitised HTML, without blocks."""
    html = _plain_parser().render(markdown)
    return typeset_html(_clean(html, _INLINE_TAGS, _INLINE_ATTRIBUTES), language)


def _clean(html: str, tags: set[str], attributes: dict[str, set[str]]) -> str:
    return nh3.clean(html, tags=tags, attributes=attributes, attribute_filter=_safe_link, link_rel="noopener")


def _safe_link(tag: str, attribute: str, value: str) -> str | None:
    """The attribute as it is, unless it leads elsewhere than to a web page or an address: then none."""
    del tag
    return value if attribute != "href" or value.lower().startswith(LINKS) else None


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
