"""HTML of other tools as our Markdown: what it shows is kept, what is lost is named, no markup survives as markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curricula.exchange.html import is_html, paragraph, plain_to_markdown, to_markdown
from curricula.render import render, render_inline


def shown(html: str) -> str:
    return render_inline(to_markdown(html)[0], "en")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("Un mot", "<p>Un mot</p>\n"),
        ("<p>Un</p>\n<p dir='ltr'>mot</p>", "<p>Un</p>\n<p>mot</p>\n"),
        ("<p>Un <strong>mot</strong>, <em>deux</em></p>", "<p>Un <strong>mot</strong>, <em>deux</em></p>\n"),
        ("<b>a</b><br>b", "<p><strong>a</strong><br>\nb</p>\n"),
        ("<ul><li>a</li><li>b</li></ul>", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("<ol><li>a</li><li>b</li></ol>", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n"),
        ("<code>a_b</code>", "<p><code>a_b</code></p>\n"),
        ("2 &lt; 3 &amp; 4", "<p>2 &lt; 3 &amp; 4</p>\n"),
        ("&amp;lt;b&amp;gt;", "<p>&amp;lt;b&amp;gt;</p>\n"),
        ("<p>a</p>b", "<p>a</p>\n<p>b</p>\n"),
    ],
)
def test_what_is_shown_is_kept(html: str, expected: str) -> None:
    assert shown(html) == expected
    assert to_markdown(html)[1] == ()


def test_tables_are_kept_in_lessons() -> None:
    markdown, lost = to_markdown("<table><tr><th>a</th></tr><tr><td>b</td></tr></table>")
    assert lost == ()
    html = render(markdown, "en")
    assert '<th scope="col">a</th>' in html
    assert "<td>b</td>" in html


@pytest.mark.parametrize(
    ("html", "lost"),
    [
        ("<p>a<img src='x.png' alt='y'></p>", ("img",)),
        ("a<script>alert(1)</script>", ("script",)),
        ("a<STYLE>b{}</STYLE>", ("style",)),
        ("a<svg onload='x'><circle/></svg>", ("circle", "svg")),
        ("a<math><mi>x</mi></math>", ("math", "mi")),
        ("a<iframe src='https://example.org'></iframe>", ("iframe",)),
        ("a<video src='x'></video>", ("video",)),
        ("a<input name='x'>", ("input",)),
        ("<a href='javascript:alert(1)'>a</a>", ("a",)),
        ("<a href='@@PLUGINFILE@@/x.pdf'>a</a>", ("a",)),
        ("<a href='http://example.org'>a</a>", ("a",)),
    ],
)
def test_what_is_lost_is_named_and_the_words_stay(html: str, lost: tuple[str, ...]) -> None:
    markdown, named = to_markdown(html)
    assert (markdown, named) == ("a", lost)


@pytest.mark.parametrize("address", ["https://example.org/a?b=1&c=2", "mailto:a@example.org"])
def test_links_of_the_web_and_addresses_stay(address: str) -> None:
    markdown, lost = to_markdown(f'<a href="{address}">la page</a>')
    assert lost == ()
    assert f'href="{address.replace("&", "&amp;")}"' in render_inline(markdown, "en")


_PIECES = [
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "<b>", "</b>", "<p onclick='x'>", "</p>", "<!--", "-->",
    "<a href='javascript:x'>", "</a>", "<svg/onload=x>", "&lt;script&gt;", "&lt;img src=x&gt;", "&#60;b&#62;", "\\",
    "`", "```\n", "<pre>", "<code>", "</code>", "](javascript:x)", "[a]", "<", ">", "&", "\n", "    ", "<ul><li>",
    "mot", "<table><td>", "]]>", "<![CDATA[", "\x00",
]  # fmt: skip
_ALLOWED = {"p", "strong", "em", "ul", "ol", "li", "a", "code", "pre", "br", "blockquote", "hr", "h3", "h4", "sup"}


@given(st.lists(st.sampled_from(_PIECES), max_size=9).map("".join))
def test_no_markup_survives_as_markup(html: str) -> None:
    said = shown(html)
    tags = re.findall(r"<\s*/?\s*([a-zA-Z][\w-]*)([^>]*)>", said)
    assert {name for name, _ in tags} <= _ALLOWED
    assert not [rest for name, rest in tags if rest.strip() and name not in ("a", "ol")]
    assert "javascript:" not in "".join(rest for _, rest in tags)


@given(st.text("ab1.)-+=*_`~#<>&;[]()!|\\ \n\t", max_size=30))
def test_plain_text_is_shown_as_it_is(plain: str) -> None:
    html = render_inline(plain_to_markdown(plain), "en")
    assert set(re.findall(r"<(\w+)", html)) <= {"p", "br"}
    words = (
        re.sub(r"<[^>]*>", "", html)
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", '"')
        .replace("&amp;", "&")
    )
    assert words.split() == plain.split()


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000, "<div></x>" * 20_000, "<table><tr><td>" * 90, "<div><b></div>" * 3_000, "<i><p></i>" * 1_000,
        "<p><b>x</p>" * 2_000, "<p>" + " " * 500_000, " " * 500_000 + "<b>", "<p>a</p>\n" * 20_000, "<ul><li>" * 60,
    ],
)  # fmt: skip
def test_texts_meant_to_be_slow_or_deep_are_read(html: str) -> None:
    assert "mot" in to_markdown(f"{html}<br>mot")[0]


def test_what_seems_html_and_a_paragraph() -> None:
    assert is_html("a<b>c")
    assert is_html("a&nbsp;b")
    assert not is_html("2 < 3 & 4")
    assert paragraph("2 < 3") == "<p>2 &lt; 3</p>"
