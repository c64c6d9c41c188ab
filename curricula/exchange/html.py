"""Between the HTML of other tools and the Markdown of ours; what cannot be carried over is named."""

import re
from html import escape

import nh3
from markdownify import markdownify

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
_LINKS = ("https://", "mailto:")
_MARKUP = re.compile(r"<[a-zA-Z/!]|&[a-zA-Z#]")
#: What a plain text may hold that Markdown would take for its own signs.
_SIGNS = re.compile(r"([\\`*_\[\]<>#|~])")


def to_markdown(html: str) -> tuple[str, tuple[str, ...]]:
    """(Markdown, names of the elements that were lost): scripts, images, media, formulas and forms are not taken."""
    lost = tuple(sorted({name.lower() for name in _TAG.findall(html)} - _SILENT))
    kept = nh3.clean(
        html, tags=KEPT | {"div"}, attributes={"a": {"href"}, "ol": {"start"}}, link_rel=None,
        attribute_filter=_web_link,
        clean_content_tags={"script", "style", "object", "iframe", "svg", "math", "audio", "video", "template"},
    )  # fmt: skip
    written = markdownify(kept, heading_style="ATX", bullets="-", strong_em_symbol="*", escape_misc=True)
    return re.sub(r"\n{3,}", "\n\n", written.replace("\u00a0", " ")).strip(), lost


def _web_link(tag: str, attribute: str, value: str) -> str | None:
    del tag
    return value if attribute != "href" or value.lower().startswith(_LINKS) else None


def plain_to_markdown(text: str) -> str:
    """A text without markup as Markdown that shows it as it is."""
    return "\n\n".join(_SIGNS.sub(r"\\\1", part.strip()) for part in re.split(r"\n\s*\n", text.strip()))


def is_html(text: str) -> bool:
    """Whether a text seems to hold markup."""
    return _MARKUP.search(text) is not None


def paragraph(text: str) -> str:
    """A text as a paragraph of HTML."""
    return f"<p>{escape(text, quote=False)}</p>"
