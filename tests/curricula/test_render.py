"""Lessons become safe, accessible HTML; typography touches the prose and nothing else."""

import re

import pytest

from curricula.blocks import BLOCKS, unknown_blocks
from curricula.problems import Place
from curricula.render import render, render_inline, typeset_html
from curricula.typography import NARROW, WIDE

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<p onclick="alert(1)" style="color:red">x</p>',
    "<iframe src='https://example.org'></iframe>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#x0A;script:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](http://example.org)",
    "[x](//example.org/elsewhere)",
    "[x](/account/logout)",
    "<javascript:alert(1)>",
    "![x](https://example.org/follow.png)",
    "![x](data:image/png;base64,AAAA)",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://example.org "a\\" onmouseover=alert(1) \\"")',
    '::: caution <img src=x onerror=alert(1)> " onclick=alert(1)\ntext\n:::',
    "::: reveal <script>alert(1)</script>\ntext\n:::",
    "| <b>a</b> |\n|---|\n| <svg onload=alert(1)> |",
    "`<script>alert(1)</script>`",
    "```html onclick=alert(1)\n<script>alert(1)</script>\n```",
]
ALLOWED = {
    "p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "br", "hr", "a", "sup",
    "table", "thead", "tbody", "tr", "th", "td", "section", "div", "details", "summary",
}  # fmt: skip
ATTRIBUTES = {"href", "rel", "title", "start", "scope", "class", "id", "tabindex", "role"}
ATTRIBUTES |= {"aria-label", "aria-labelledby"}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("markdown", HOSTILE)
def test_nothing_hostile_passes(markdown: str, language: str) -> None:
    for html in (render(markdown, language), render_inline(markdown, language)):
        assert {tag.lower() for tag in re.findall(r"</?([A-Za-z0-9]+)", html)} <= ALLOWED
        for tag in re.findall(r"<[a-z][^>]*>", html):
            names = set(re.findall(r'\s([a-z-]+)="', re.sub(r'="[^"]*"', '=""', tag)))
            assert names <= ATTRIBUTES, tag
        assert all(link.startswith("https://") for link in re.findall(r'href="([^"]*)"', html)), html


@pytest.mark.parametrize("link", ["https://example.org/a?b=1", "mailto:person@example.org"])
def test_ordinary_links_stay(link: str) -> None:
    for html in (render(f"[texte]({link})", "fr"), render_inline(f"[texte]({link})", "fr")):
        assert html == f'<p><a href="{link}" rel="noopener">texte</a></p>\n'


def test_raw_html_is_shown_as_text() -> None:
    assert render("Un <b>mot</b>", "fr") == "<p>Un &lt;b&gt;mot&lt;/b&gt;</p>\n"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_a_section_named_by_its_title(name: str, language: str) -> None:
    html = render(f"::: {name}\ntext\n:::", language)
    title = BLOCKS[name][language]
    assert html == (
        f'<section class="block block-{name}" aria-labelledby="block-1">'
        f'<p class="block-title" id="block-1">{title}</p>\n<p>text</p>\n</section>\n'
    )


def test_a_block_may_have_a_title_of_its_own() -> None:
    html = render("::: caution Un modèle ne cite pas : il imite\nx\n:::", "fr")
    assert f'id="block-1">Un modèle ne cite pas{WIDE}: il imite</p>' in html


def test_blocks_of_a_lesson_have_different_names() -> None:
    html = render("::: example\na\n:::\n\n::: example\nb\n:::", "fr")
    assert re.findall(r'id="([^"]+)"', html) == ["block-1", "block-2"]


def test_a_longer_fence_holds_a_shorter_one() -> None:
    html = render(":::: situation\na\n\n::: reveal Et vous ?\nb\n:::\n\nc\n::::\n\nd", "fr")
    assert html.index("</details>") < html.index("<p>c</p>") < html.index("</section>") < html.index("<p>d</p>")


def test_an_answer_is_folded_under_its_question() -> None:
    html = render("::: reveal Pourquoi vérifier ?\nParce que *tout* varie.\n:::", "fr")
    assert html == (
        f'<details class="reveal"><summary>Pourquoi vérifier{NARROW}?</summary><div>\n'
        "<p>Parce que <em>tout</em> varie.</p>\n</div></details>\n"
    )


def test_tables_scroll_in_a_focusable_named_region_and_head_their_columns() -> None:
    table = "| a | b |\n|---|---:|\n| 1 | 2 |\n"
    html = render(f"::: example\n{table}:::\n\n{table}", "fr")
    regions = re.findall(r'<div class="scroll" tabindex="0" role="region" aria-label="([^"]+)"><table>', html)
    assert regions == ["Tableau 1", "Tableau 2"]
    assert html.count('<th scope="col">') == 4
    assert html.count("</table></div>") == 2
    assert 'aria-label="Table 1"' in render(table, "en")


def test_an_inline_text_has_no_block_and_no_heading() -> None:
    html = render_inline("## Titre\n\n::: situation\nx\n:::\n\n3. a\n4. **b**", "en")
    assert not {"<h2", "<section"} & set(re.findall(r"<\w+", html))
    assert '<ol start="3">' in html
    assert "<strong>b</strong>" in html


def test_typography_touches_prose_only() -> None:
    html = render('Vraiment ? [Voir](https://example.org/?a=1 "L’an ; 10 %") **oui** ; `a ? b : c ;`', "fr")
    assert f"Vraiment{NARROW}? " in html
    assert f"</strong>{NARROW}; " in html
    assert 'title="L’an ; 10 %"' in html
    assert "<code>a ? b : c ;</code>" in html


def test_a_prompt_to_copy_keeps_its_spaces() -> None:
    assert "<pre><code>Réponds : « oui » ?\n</code></pre>" in render("```\nRéponds : « oui » ?\n```", "fr")


def test_no_break_spaces_an_author_typed_are_set_right() -> None:
    assert render(f"Oui{WIDE}! Non{NARROW}:", "fr") == f"<p>Oui{NARROW}! Non{WIDE}:</p>\n"


def test_english_is_left_as_typed() -> None:
    assert typeset_html("<p>Really ? 10 % « x »</p>", "en") == "<p>Really ? 10 % « x »</p>"


@pytest.mark.parametrize(
    "markdown",
    [
        "::: example\nx\n:::",
        "- item\n\n  ::: example\n  x\n  :::",
        ":::: case\n::: reveal Q\nx\n:::\n::::",
        "```\n::: none\n```",
        "~~~~\n```\n::: none\n~~~~",
        "two :: colons",
    ],
)
def test_sound_blocks_are_accepted(markdown: str) -> None:
    assert list(unknown_blocks(Place("", markdown))) == []


@pytest.mark.parametrize(
    ("markdown", "lines"),
    [
        ("text\n::: none\n:::", [2]),
        ("- item\n\n  ::: none\n  x\n  :::", [3]),
        ("::: example\n", [1]),
        ("x\n:::", [2]),
        ("::: case\n::: reveal Q\nx\n:::\n:::", [2]),
        (":::: case\nx\n:::", [3]),
        ("```\n::: none\n```\n::: none\n:::", [4]),
    ],
)
def test_each_unsound_block_is_told_at_its_line(markdown: str, lines: list[int]) -> None:
    assert [problem.line for problem in unknown_blocks(Place("", markdown))] == lines
