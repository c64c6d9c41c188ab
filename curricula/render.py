"""Lessons and question stems as safe HTML: Markdown with named blocks, sanitised."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from itertools import count

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.container import container_plugin

from curricula.typography import WIDE, typeset

#: The named blocks of docs/curriculum-format.md, with the title shown when the author gives none.
BLOCKS = {
    "situation": {"fr": "La situation", "en": "The situation"},
    "example": {"fr": "Exemple", "en": "Example"},
    "counterexample": {"fr": "Contre-exemple", "en": "Counter-example"},
    "method": {"fr": "Le geste", "en": "The method"},
    "case": {"fr": "Étude de cas", "en": "Case study"},
    "caution": {"fr": "La limite", "en": "The limit"},
    "remember": {"fr": "À retenir", "en": "To remember"},
    "transfer": {"fr": "Dans mon service", "en": "In my department"},
    "plain": {"fr": "L’essentiel en langage clair", "en": "The essentials in plain language"},
}
REVEAL = "reveal"
_FENCE = re.compile(r"\s*(?P<colons>:{3,})\s*(?P<name>\S*)")
_CODE = re.compile(r"\s*(?P<marks>`{3,}|~{3,})")
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


def unknown_blocks(markdown: str) -> Iterator[tuple[int, str, str]]:
    """(line, what, fix) for each block that is unknown, badly nested or never closed."""
    opened: list[tuple[int, int]] = []
    for number, name, colons in _fences(markdown):
        if name:
            if opened and colons >= opened[-1][1]:
                yield number, "A block inside another needs fewer colons.", "Open and close the outer one with ::::."
            if name not in BLOCKS and name != REVEAL:
                known = ", ".join([*BLOCKS, REVEAL])
                yield number, f"Block « {name} » is unknown.", f"Use one of: {known}."
            opened.append((number, colons))
        elif opened:
            begun, needed = opened.pop()
            if colons < needed:
                fix = f"Write {':' * needed}."
                yield number, f"The block of line {begun} closes with as many colons as it opens.", fix
        else:
            yield number, "A block closes that was not opened.", "Remove this line."
    for number, _colons in opened:
        yield number, "This block is never closed.", "End it with ::: on a line of its own."


def _fences(markdown: str) -> Iterator[tuple[int, str, int]]:
    """(line, name or nothing, number of colons) of each line that opens or closes a block, outside code."""
    code = ""
    for number, line in enumerate(markdown.split("\n"), start=1):
        marks, fence = _CODE.match(line), _FENCE.match(line)
        if code:
            code = "" if marks and marks["marks"].startswith(code) else code
        elif marks:
            code = marks["marks"]
        elif fence:
            yield number, fence["name"], len(fence["colons"])


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
