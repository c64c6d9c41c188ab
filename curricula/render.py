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

from curricula.typography import typeset

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
_FENCE = re.compile(r"^(:{3,})\s*(?P<name>\S*)(?P<title>.*)$")
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


def render(markdown: str, language: str) -> str:
    """A lesson's Markdown as sanitised HTML, with the typography of its language.

    No raw HTML passes: the parser escapes it and nh3 keeps known tags, classes and https links only.
    """
    html = _parser().render(markdown, {"language": language, "ids": count(1)})
    safe = nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"https", "mailto"}, link_rel="noopener"
    )
    return typeset_html(safe, language)


def render_inline(markdown: str, language: str) -> str:
    """A stem or an option (one or more paragraphs, emphasis, lists) as sanitised HTML, without blocks."""
    html = _plain_parser().render(markdown)
    safe = nh3.clean(
        html, tags=_TAGS - {"section", "div", "details", "summary", "h2"}, attributes={"a": {"href"}}
    )
    return typeset_html(safe, language)


def typeset_html(html: str, language: str) -> str:
    """Typography applied between tags only, so that no attribute changes."""
    parts = re.split(r"(<[^>]*>)", html)
    return "".join(part if part.startswith("<") else typeset(part, language) for part in parts)


def unknown_blocks(markdown: str) -> Iterator[tuple[int, str, str]]:
    """(line, what, fix) for each block that is unknown or never closed."""
    opened: list[int] = []
    for number, line in enumerate(markdown.splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence is None:
            continue
        if fence["name"]:
            opened.append(number)
            if fence["name"] not in BLOCKS and fence["name"] != REVEAL:
                known = ", ".join([*BLOCKS, REVEAL])
                yield number, f"Block « {fence['name']} » is unknown.", f"Use one of: {known}."
        elif opened:
            opened.pop()
        else:
            yield number, "A block closes that was not opened.", "Remove this line."
    for number in opened:
        yield number, "This block is never closed.", "End it with ::: on a line of its own."


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


def _block(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
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


def _reveal(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    del renderer, options, env
    token = tokens[index]
    if token.nesting != 1:
        return "</div></details>\n"
    question = token.info.strip().removeprefix(REVEAL).strip()
    return f'<details class="reveal"><summary>{escape(question)}</summary><div>\n'


def _table_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    # A table wider than a phone scrolls in its own named, focusable region (WCAG 2.1.1).
    del renderer, tokens, index, options
    label = {"fr": "Tableau", "en": "Table"}[env["language"]]
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{label} {next(env["ids"])}"><table>\n'


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
