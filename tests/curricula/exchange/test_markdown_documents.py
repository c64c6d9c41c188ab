"""Markdown documents are read as pages and questions; a bank is written so that it reads back the same."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.exchange.formats.markdown import FORMAT, read, write
from curricula.exchange.html import plain_to_markdown
from curricula.exchange.model import Bank, NotReadable, Taken
from curricula.exchange.registry import formats
from curricula.model import Option, Question
from curricula.render import render
from tests.tracks_in_test import fixed_tracks

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.text(
    "-*+#`[]()x<>!:|_~ \n\\&;=a1", max_size=30
)
WORDS = st.lists(st.from_regex(r"[A-Za-zéà0-9,«»*_#<>\[\]`-]{1,9}", fullmatch=True), min_size=1, max_size=8).map(
    " ".join
)
#: Texts as people type them: paragraphs of words, shown as they are.
PLAIN = st.lists(WORDS, min_size=1, max_size=3).map("\n\n".join).map(plain_to_markdown)


def _question(stem: str, options: list[tuple[str, str, bool]], kind: str = "single", number: int = 1) -> Question:
    return Question(
        f"q-{number}", kind, "m1-o1", 3, "white-paper", {"en": stem},
        tuple(
            Option("abcdefgh"[index], {"en": text}, {"en": feedback}, right, "" if right else "takes one for all")
            for index, (text, feedback, right) in enumerate(options)
        ),
    )  # fmt: skip


def _read(text: str) -> Taken:
    return read(text.encode(), "en")


def _said(taken: Taken) -> list[tuple[int, str]]:
    return [(note.line, note.message % note.values) for note in taken.notes]


def test_it_is_one_of_the_formats() -> None:
    assert formats()["markdown"] is FORMAT


def test_a_heading_of_level_1_begins_a_page_and_the_header_names_the_course() -> None:
    taken = _read(
        "---\ntitle: Course\n---\nBefore.\n\n# First `one`\n\nText.\n\n## Part\n\nMore.\n\nSecond\n======\nEnd.\n"
    )
    assert [(page.title, page.body, page.path) for page in taken.pages] == [
        ("Course", "Before.", ()),
        ("First one", "Text.\n\n## Part\n\nMore.", ("Course",)),
        ("Second", "End.", ("Course",)),
    ]
    assert not taken.notes


def test_headings_of_level_2_begin_pages_where_there_is_no_title() -> None:
    assert [(page.title, page.body) for page in _read("## A\n\na\n\n## B\n\n### C\n\nb\n").pages] == [
        ("A", "a"),
        ("B", "### C\n\nb"),
    ]


def test_a_lesson_of_ours_is_one_page() -> None:
    taken = _read(
        '+++\ntitle = "One"\nminutes = 22\nable = ["see", "say"]\nsources = ["a"]\n+++\n\n## A\n\na\n\n## B\n\nb\n'
    )
    assert [(page.title, page.body, page.path) for page in taken.pages] == [("One", "## A\n\na\n\n## B\n\nb", ())]
    assert _said(taken) == [
        (1, "The header says « minutes »: write it again in the lesson: 22."),
        (1, "The header says « able »: write it again in the lesson: see; say."),
        (1, "« sources » of the header is not taken."),
    ]


def test_a_rule_at_the_beginning_is_not_a_header() -> None:
    assert _read("---\n\nText.\n\n---\n").pages[0].body == "---\n\nText.\n\n---"


def test_a_header_is_not_interpreted() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    grows = "m0: &m0 {k: v}\n" + "".join(
        f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
    )
    code = "code: !!python/object/apply:os.system [id]\nday: 2024-99-99\n"
    taken = _read(f"---\n{bomb}{grows}{code}able: [*a11, see]\ntitle: *a11\n---\n# A\n\na\n")
    assert [page.path for page in taken.pages] == [()]
    assert (1, "The header says « able »: write it again in the lesson: see.") in _said(taken)
    assert (1, "« code » of the header is not taken.") in _said(taken)


def test_a_paragraph_of_code_is_not_taken_for_tags() -> None:
    (question,) = _read("# A\n\n**One**\n\n`x = 1`\n\nWhat is x?\n\n- [x] 1\n- [ ] 2\n").questions
    assert question.stem == {"en": "`x = 1`\n\nWhat is x?"}


def test_text_without_a_title_is_named_by_its_first_words() -> None:
    taken = _read("Some words here.\n")
    assert taken.pages[0].title == "Some words here."
    assert _said(taken) == [(1, "This text has no title: its first words are taken.")]


def test_a_heading_without_text_is_said() -> None:
    assert _said(_read("# A\n\n# B\n\nb\n")) == [(1, "There is no text under this heading.")]


def test_what_pages_do_not_show_has_a_note_with_its_line() -> None:
    taken = _read(
        "# A\n\nSee ![a plan](plan.png) and <kbd>x</kbd>[^1], [there](/here).\n\n"
        "<div><b>Bold</b><script>evil()</script></div>\n\n[^1]: word\n\n::: warning\nx\n:::\n\n::: caution\nx\n:::\n"
    )
    assert [line for line, _said in _said(taken)] == [3, 3, 3, 3, 3, 5, 9]
    body = taken.pages[0].body
    assert "**Bold**" in body
    assert "evil" not in body
    shown = render(body, "en")
    assert "word" in shown, "the footnote is read as text"
    assert "<kbd" not in shown
    assert 'class="block block-caution"' in shown


def test_links_keep_where_they_lead() -> None:
    taken = _read("# A\n\nSee [this][1].\n\n[1]: https://a.example\n")
    assert 'href="https://a.example"' in render(taken.pages[0].body, "en")
    assert not taken.notes


QUIZ = """\
# Module

Text of the lesson.

### First one

`objective:d1-o1` `difficulty:3` `misconception-b:size is truth`

Two
paragraphs.

- of a list

What?

* [X] This *one*
  on two lines

  Because.

  Really.
* [ ] That

**Second**

Which?

- [x] a
- [x] b

    On two

    paragraphs.
- [ ] c

End of the lesson.

## Are tags needed?

- [ ] Yes
- [x] No
"""


def test_task_lists_are_questions_and_leave_the_page() -> None:
    taken = _read(QUIZ)
    first, second, third = taken.questions
    assert first == Question(
        "first-one", "single", "d1-o1", 3, "", {"en": "Two\nparagraphs.\n\n- of a list\n\nWhat?"},
        (
            Option("a", {"en": "This *one*\non two lines"}, {"en": "Because.\n\nReally."}, correct=True),
            Option("b", {"en": "That"}, {"en": ""}, misconception="size is truth"),
        ),
    )  # fmt: skip
    assert (second.key, second.type, second.stem["en"]) == ("second", "multiple", "Which?")
    assert second.options[1].feedback == {"en": "On two\n\nparagraphs."}
    assert (third.key, third.stem["en"]) == ("are-tags-needed", "Are tags needed?")
    assert [page.body for page in taken.pages] == ["Text of the lesson.\n\nEnd of the lesson."]
    assert not taken.notes


def test_a_numbered_list_of_tasks_is_a_question_too() -> None:
    (question,) = _read("## What?\n\n1. [ ] a\n\n   no\n2. [x] b\n").questions
    assert [(each.text["en"], each.feedback["en"], each.correct) for each in question.options] == [
        ("a", "no", False),
        ("b", "", True),
    ]


def test_without_a_name_the_stem_is_the_block_before() -> None:
    taken = _read("# Page\n\nA long lesson.\n\nWhich one?\n\n- [x] a\n- [ ] b\n\nWhich other?\n\n- [x] a\n- [ ] b\n")
    assert [(each.key, each.stem["en"]) for each in taken.questions] == [
        ("page", "Which one?"),
        ("page-2", "Which other?"),
    ]
    assert taken.pages[0].body == "A long lesson."


@pytest.mark.parametrize(
    "tasks",
    ["- [ ] buy\n- [ ] sell", "- [x] alone", "- [x] a\n- b", "- [ ] a\n- [ ]", "- [ ] a\n\n  - [x] b"],
)
def test_a_list_that_is_not_a_question_stays_in_the_page(tasks: str) -> None:
    taken = _read(f"# Page\n\nWhat?\n\n{tasks}\n")
    assert not taken.questions
    assert taken.pages[0].body == f"What?\n\n{tasks}"
    assert [line for line, _said in _said(taken)] == [5]


def test_no_text_before_the_list_is_no_question() -> None:
    taken = _read("- [x] a\n- [ ] b\n")
    assert not taken.questions
    assert taken.pages[0].body == "- [x] a\n- [ ] b"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            PLAIN,
            st.lists(st.tuples(WORDS.map(plain_to_markdown), PLAIN | st.just("")), min_size=2, max_size=5),
            st.integers(0, 31),
        ),
        max_size=4,
    )
)
def test_plain_questions_are_read_back_equal(drawn: list[tuple[str, list[tuple[str, str]], int]]) -> None:
    questions = tuple(
        _question(
            stem,
            [(text, feedback, bool((right | 1) >> index & 1)) for index, (text, feedback) in enumerate(options)],
            "multiple",
            number,
        )
        for number, (stem, options, right) in enumerate(drawn)
    )
    given_ = write(Bank("Bank", questions, "en"))
    assert not given_.notes
    taken = read(given_.content, "en")
    assert taken.questions == questions
    assert not taken.pages


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(ANY, st.lists(st.tuples(ANY, ANY), min_size=1, max_size=3)), max_size=3), ANY)
def test_what_is_written_is_read_back_equal_and_the_rest_is_named(
    drawn: list[tuple[str, list[tuple[str, str]]]], title: str
) -> None:
    questions = tuple(
        _question(stem, [(text, feedback, index == 0) for index, (text, feedback) in enumerate(options)], number=number)
        for number, (stem, options) in enumerate(drawn)
    )
    given_ = write(Bank(title, questions, "en"))
    left_out = {note.item for note in given_.notes}
    assert read(given_.content, "en").questions == tuple(each for each in questions if each.key not in left_out)


@pytest.mark.parametrize(
    "stem", ["- a\n- b", "* a", "- a\n\n* b", "**All in bold**", "```\n- [x] code\n```", "| a |\n|---|\n| b |"]
)
def test_stems_of_all_kinds_are_written(stem: str) -> None:
    question = _question(stem, [("x", "y", True), ("z", "", False)])
    given_ = write(Bank("Bank", (question,), "en"))
    assert not given_.notes
    assert read(given_.content, "en").questions == (question,)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_banks_of_a_track_are_written_whole(language: str) -> None:
    banks = [module.questions for track in fixed_tracks().values() for module in track.modules if module.questions]
    assert banks
    for questions in banks:
        written = write(Bank("Bank", questions, language))
        assert not written.notes
        taken = read(written.content, language)
        assert not taken.notes
        assert [(each.key, each.objective, each.source) for each in taken.questions] == [
            (each.key, each.objective, each.source) for each in questions
        ]
        assert [option.feedback[language] for each in taken.questions for option in each.options] == [
            option.feedback[language] for each in questions for option in each.options
        ]


def test_what_cannot_be_written_is_named() -> None:
    question = _question("Which?", [("a", "", True), ("b", "", False)])
    other = Question("q-2", "single", "", 2, "", {"fr": "Quoi ?"}, question.options)
    headed = _question("Which?\n\n# One", [("a", "", True), ("b", "", False)], number=3)
    named = Question("q-4", "single", "", 2, "", {"en": "Which?"}, tuple(
        Option(key, {"en": key}, {"en": "", "fr": "x"}, key == "yes") for key in ("yes", "no")
    ))  # fmt: skip
    given_ = write(Bank("Bank", (question, other, headed, named), "en"))
    assert [(note.item, note.message.split(":")[0]) for note in given_.notes] == [
        ("q-2", "The question is left out"),
        ("q-3", "The question is left out"),
        ("q-4", "Its options are named a, b, c… in their order."),
    ]
    assert [each.key for each in read(given_.content, "en").questions] == ["q-1", "q-4"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"\xff\xfe\x00", 0),
        ("# été".encode("latin-1"), 1),
        (b"a\n\x00", 2),
        (b"---\ntitle: [\n---\n", 1),
        (b"---\n- a: 1\n---\n", 1),
        (b"---\na: " + b"[" * 9_000 + b"\n---\n", 1),
        (b"---\n? [a, b]\n: 1\n---\n", 1),
        (b"+++\na = 2024-99-99\n+++\n", 1),
        (b"---\na: 1\n" + b"#" * 20_000 + b"\n---\n", 1),
        (b"+++\na = \n+++\n", 1),
        (b"a" * 400_000, 1),
        (b"# A\n\n" + b"[" * 400_000, 3),
        (b"a\n" * 1_000_000, 0),
        (b"a" * 1_000_000, 0),
    ],
)
def test_a_document_that_is_not_one_is_refused(content: bytes, line: int) -> None:
    begun = time.monotonic()
    with pytest.raises(NotReadable) as refused:
        read(content, "en")
    if line:
        assert refused.value.note.line == line
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>\n\ntext <img src=x onerror=alert(1)> [a](javascript:alert(1))",
        "<div onclick=alert(1)>\n<svg/onload=alert(1)>\n\n<iframe src='//x'>",
        "<!-- \n\n --> <b onmouseover=alert(1)>x</b>\n\n<style>*{}</style>",
        "- [x] <script>alert(1)</script>\n- [ ] <img src=x onerror=alert(1)>",
    ],
)
def test_hostile_html_never_shows(hostile: str) -> None:
    taken = _read(f"# A\n\nWhat?\n\n{hostile}\n")
    texts = [page.body for page in taken.pages] + [option.text["en"] for q in taken.questions for option in q.options]
    for text in texts:
        shown = render(text, "en")
        assert not any(
            sign in shown for sign in ("<script", "<img", "<svg", "<iframe", "<div on", "<b ", "<style", 'href="java')
        )
    assert taken.notes


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=80) | ANY.map(str.encode) | ANY.map(lambda text: f"---\na: {text}\n---\n{text}".encode()))
def test_anything_is_read_or_refused(content: bytes) -> None:
    try:
        taken = read(content, "en")
    except NotReadable:
        return
    assert all(page.title and page.body for page in taken.pages)
