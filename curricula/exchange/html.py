"""Between the HTML of other tools and the Markdown of ours; what cannot be carried over is named."""

import re
from collections import Counter
from html import escape, unescape

import nh3
from markdownify import MarkdownConverter

from curricula.render import LINKS

#: What our Markdown can say.
KEPT = {
    "p", "br", "strong", "b", "em", "i", "ul", "ol", "li", "a", "code", "pre", "blockquote", "sup",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
#: What frames text and says nothing itself.
_SILENT = KEPT | {
    "div",
    "span",
    "html",
    "head",
    "body",
    "u",
    "font",
    "small",
    "center",
    "section",
    "article",
    "tfoot",
    "caption",
}
_TAG = re.compile(r"<\s*([a-zA-Z][\w:-]*)")
_LINK = re.compile(r"<a\s[^<>]*?\bhref\b", re.IGNORECASE)
_MARKUP = re.compile(r"<[a-zA-Z/!]|&[a-zA-Z#]")
#: What a plain text may hold that Markdown would take for its own signs: anywhere, then at the start of a line.
_SIGNS = re.compile(r"([\\`*_\[\]<>#|~]|&(?=#?\w+;))")
_STARTS = re.compile(r"^([ \t]*)(?:([-+=])|(\d{1,9})([.)]))", re.MULTILINE)
#: Words, or paragraphs of words: most texts of most files, read ten times faster than by a parser.
_SIMPLE = re.compile(r"[^<]*|(?:<p(?:\s[^<>]*)?>[^<]*</p>\s*)+")
#: Deeper than this a text is taken without its elements: parsing takes the square of the depth.
_DEPTH = 50
_NESTING = re.compile(r"<(/?)([a-z][\w:-]*)")
#: What never holds itself, or holds nothing.
_FLAT = {"p", "li", "br", "hr", "img", "input", "source", "wbr", "col", "link", "meta"}
_CONVERTER = MarkdownConverter(heading_style="ATX", bullets="-", strong_em_symbol="*", escape_misc=True)
#: A run of spaces so long says nothing, and costs its square to read.
_SPACES = re.compile(r"\s{100,}")
_ANY = re.compile(r"<[^<>]*>")


def to_markdown(html: str) -> tuple[str, tuple[str, ...]]:
    """(Markdown, names of the elements that were lost): scripts, images, media, formulas and forms are not taken."""
    html = _SPACES.sub("\n", html)
    if _SIMPLE.fullmatch(html.strip()):
        words = (" ".join(unescape(part).split()) for part in _ANY.split(html))
        return "\n\n".join(plain_to_markdown(part) for part in words if part), ()
    lost = tuple(sorted({name.lower() for name in _TAG.findall(html)} - _SILENT))
    try:
        if _too_deep(html):
            return _bare(html), lost
        said, links = _converted(html)
        return said, tuple(sorted({*lost, "a"})) if links else lost
    except RecursionError:  # a browser's rules of nesting may make more of it than one counts
        return _bare(html), lost


def _bare(html: str) -> str:
    return plain_to_markdown(unescape(_ANY.sub(" ", html)))


def _converted(html: str) -> tuple[str, bool]:
    """(Markdown, whether links were lost)."""
    kept = nh3.clean(
        html, tags=KEPT | {"div"}, attributes={"a": {"href"}, "ol": {"start"}}, link_rel=None,
        attribute_filter=_web_link,
        clean_content_tags={"script", "style", "object", "iframe", "svg", "math", "audio", "video", "template"},
    )  # fmt: skip
    written = _CONVERTER.convert(kept)
    links = kept.count("<a href=") < len(_LINK.findall(html))
    return re.sub(r"\n{3,}", "\n\n", written.replace("\u00a0", " ")).strip(), links


def _too_deep(html: str) -> bool:
    """Whether elements may be nested deeper than ``_DEPTH``: an end closes its own name alone."""
    opened, depth = Counter[str](), 0
    for end, name in _NESTING.findall(html.lower()):
        if name in _FLAT:
            continue
        if not end:
            opened[name] += 1
            depth += 1
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
        if depth > _DEPTH:
            return True
    return False


def _web_link(tag: str, attribute: str, value: str) -> str | None:
    del tag
    return value if attribute != "href" or value.lower().startswith(LINKS) else None


def plain_to_markdown(text: str) -> str:
    """A text without markup as Markdown that shows it as it is; a blank line parts paragraphs."""
    shown = (
        _STARTS.sub(r"\1\3\\\2\4", _SIGNS.sub(r"\\\1", part.strip())) for part in re.split(r"\n\s*\n", text.strip())
    )
    return "\n\n".join(shown)


def is_html(text: str) -> bool:
    """Whether a text seems to hold markup."""
    return _MARKUP.search(text) is not None


def paragraph(text: str) -> str:
    """A text as a paragraph of HTML."""
    return f"<p>{escape(text, quote=False)}</p>"
