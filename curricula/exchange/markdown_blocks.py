"""The blocks of a Markdown document by line, its header, and what our pages do not show."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from curricula.blocks import unknown_blocks
from curricula.exchange.model import Note, NotReadable
from curricula.fields import parse
from curricula.problems import N_, Place
from curricula.render import LINKS

#: Most characters of a document, of one of its paragraphs and of its header: what is longer takes too long to read.
LONGEST, PARAGRAPH, HEADER = 500_000, 10_000, 10_000
_HEADER = re.compile(r"\A(?P<mark>---|\+\+\+)[ \t]*\n(?P<said>.*?)^(?P=mark)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])(?: {1,4}(?! )|\t| |$)")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\]")


@dataclass(frozen=True)
class Item:
    """An item of a list: its first paragraph and what follows, without the marks of the list."""

    first: str
    rest: str


@dataclass(frozen=True)
class Block:
    """A block of the document: ``lines[start:end]``. ``type`` is that of markdown-it's token."""

    type: str
    start: int
    end: int
    #: Level of a heading; 0 for what is not one.
    level: int = 0
    #: A heading, or a paragraph all in bold, without its marks: what names a question.
    name: str = ""
    #: The Markdown of a heading or of a paragraph.
    text: str = ""
    items: tuple[Item, ...] = ()


def header(text: str) -> tuple[dict[str, str], int, list[Note]]:
    """(what the header says, the line of the text after it from 0, notes). Raises ``NotReadable``.

    A header is YAML between lines « --- » or TOML between lines « +++ ». A document may have none.
    """
    found = _HEADER.match(text)
    if found is None or not found["said"].strip() or (found["mark"] == "---" and ":" not in found["said"]):
        return {}, 0, []  # a document may begin with a rule
    if len(found["said"]) > HEADER:
        raise NotReadable(N_("The header is longer than %(most)s characters."), 1, most=str(HEADER))
    try:
        said = _yaml(found["said"]) if found["mark"] == "---" else parse(Place("", found["said"]), []).table
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotReadable(N_("The header is not as YAML (---) or TOML (+++) should be."), 1) from error
    if not isinstance(said, dict):
        raise NotReadable(N_("The header is not as YAML (---) or TOML (+++) should be."), 1)
    named = {str(name)[:100]: _shown(value) for name, value in said.items()}
    return named, found[0].count("\n"), list(_of_header(named))


def _yaml(said: str) -> Any:
    # Texts, lists and mappings alone: no value is interpreted, and a mapping that repeats others does not grow.
    return yaml.load(said, Loader=yaml.BaseLoader)  # nosec B506 # noqa: S506 - the loader of texts alone


def _shown(value: Any) -> str:
    """A value of a header, or the values of a list, as a text; what is nested in it is not shown."""
    values = value if isinstance(value, list) else [value]
    return "; ".join(str(each) for each in values if not isinstance(each, (list, dict))).strip()[:500]


def _of_header(said: Mapping[str, str]) -> Iterator[Note]:
    for name, value in said.items():
        if name in {"minutes", "able"}:
            yield Note(
                N_("The header says « %(name)s »: write it again in the lesson: %(value)s."),
                line=1,
                values={"name": name, "value": value},
            )
        elif name != "title":
            yield Note(N_("« %(name)s » of the header is not taken."), line=1, values={"name": name})


@cache
def _blocks_alone() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("table").disable("inline")


@cache
def _inline() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True})


def blocks(lines: list[str]) -> tuple[list[Block], list[Note]]:
    """(the blocks at the first level, in order, notes with lines from 1). Raises ``NotReadable`` where too long."""
    text = "\n".join(lines)
    if len(text) > LONGEST:
        raise NotReadable(N_("The document is longer than %(most)s characters."), most=str(LONGEST))
    env: dict[str, Any] = {}
    tokens = _blocks_alone().parse(text, env)
    # CommonMark would take a footnote of one word for the address of a link.
    env["references"] = {name: where for name, where in env.get("references", {}).items() if not name.startswith("^")}
    for token in tokens:
        if token.type == "inline":
            _bounded(token)
            token.children = _inline().parseInline(token.content, env)[0].children
    found = [_block(tokens, index, lines) for index, token in enumerate(tokens) if _first_level(token)]
    return list(_without_gaps(found, lines)), list(_unseen(tokens))


def _bounded(token: Token) -> None:
    if len(token.content) > PARAGRAPH:
        line = token.map[0] + 1 if token.map else 0
        raise NotReadable(N_("This paragraph is longer than %(most)s characters."), line, most=str(PARAGRAPH))


def _first_level(token: Token) -> bool:
    return token.level == 0 and token.map is not None and token.nesting >= 0


def _block(tokens: list[Token], index: int, lines: list[str]) -> Block:
    token = tokens[index]
    assert token.map is not None
    start, end = token.map
    if token.type in {"bullet_list_open", "ordered_list_open"}:
        return Block(token.type, start, end, items=tuple(_items(tokens, index, lines)))
    if token.type not in {"heading_open", "paragraph_open"}:
        return Block(token.type, start, end)
    children = tokens[index + 1].children or []
    level = int(token.tag[1:]) if token.type == "heading_open" else 0
    name = "".join(" " if child.type in {"softbreak", "hardbreak"} else child.content for child in children).strip()
    return Block(token.type, start, end, level, name if level or _bold(children) else "", tokens[index + 1].content)


def _bold(children: list[Token]) -> bool:
    """Whether a paragraph is one text in bold."""
    said = [child for child in children if child.type != "text" or child.content]
    outside = [child.type for child in said if child.level == 0]
    return outside == ["strong_open", "strong_close"] and said[-1].type == "strong_close"


def _without_gaps(found: list[Block], lines: list[str]) -> Iterator[Block]:
    """The blocks, and what says nothing by itself between them: where links of the text lead."""
    done = 0
    for block in [*found, Block("end", len(lines), len(lines))]:
        if any(line.strip() for line in lines[done : block.start]):
            yield Block("definition", done, block.start)
        if block.type != "end":
            yield block
        done = block.end


def _items(tokens: list[Token], index: int, lines: list[str]) -> Iterator[Item]:
    """The items of the list that ``tokens[index]`` opens."""
    level = tokens[index].level
    for place in range(index + 1, len(tokens)):
        token = tokens[place]
        if token.level == level:
            return
        if token.type != "list_item_open" or token.level != level + 1 or token.map is None:
            continue
        first = tokens[place + 1]
        start, end = token.map
        # A list of one item claims the empty lines after it: they belong to nobody.
        begun = first.map[1] if first.type == "paragraph_open" and first.map else start
        marked = _ITEM.match(lines[start])
        width = marked.end() if marked else 0
        own = [line[width:] if not line[:width].strip() else line.lstrip(" ") for line in lines[start + 1 : end]]
        own.insert(0, lines[start][width:])
        yield Item("\n".join(own[: begun - start]), _outdented("\n".join(own[begun - start :]).strip("\n")))


def _outdented(text: str) -> str:
    """A text without the spaces, three at most, that its first line has beyond what the list asks."""
    beyond = len(text) - len(text.lstrip(" "))
    return re.sub(rf"(?m)^ {{1,{beyond}}}", "", text) if 0 < beyond < 4 else text


def _unseen(tokens: list[Token]) -> Iterator[Note]:
    """What our pages do not show: raw HTML, images, footnotes, links elsewhere than to the web."""
    for token in tokens:
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            yield Note(N_("HTML is not taken as it is: only what our Markdown can say of it is kept."), line=line)
        for child in token.children or ():
            yield from _unseen_inline(child, line)


def _unseen_inline(token: Token, line: int) -> Iterator[Note]:
    if token.type == "image":
        yield Note(
            N_("The image « %(name)s » is not taken."), line=line, values={"name": str(token.attrGet("src"))[:200]}
        )
    elif token.type == "html_inline":
        yield Note(
            N_("The HTML « %(name)s » is shown as it is written."), line=line, values={"name": token.content[:100]}
        )
    elif token.type == "link_open" and not str(token.attrGet("href")).lower().startswith(LINKS):
        yield Note(
            N_("The link to « %(name)s » is not followed: links are https:// or mailto:."),
            line=line,
            values={"name": str(token.attrGet("href"))[:200]},
        )
    elif token.type == "text" and _FOOTNOTE.search(token.content):
        yield Note(N_("Footnotes are shown as they are written."), line=line)


def named_blocks(body: str, first: int) -> Iterator[Note]:
    """Blocks « ::: » of a page that ours do not know; ``first`` is the page's first line, from 1."""
    for problem in unknown_blocks(Place("", body)):
        yield Note(
            N_("This « ::: » does not open or close a block that our pages know: it is shown as it is written."),
            line=first + problem.line - 1,
        )
