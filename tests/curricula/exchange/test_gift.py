"""GIFT: every form of its syntax, what is said of the rest, and that what is written is read back."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.registry import anatomies
from curricula.exchange.formats.gift import FORMAT, read, write
from curricula.exchange.model import Bank, NotReadable, Taken
from curricula.model import Option, Question
from curricula.render import render_inline
from tests.curricula.exchange.question_samples import a_question, banks


def taken_of(text: str, language: str = "fr") -> Taken:
    return read(text.encode(), language)


def only(text: str, language: str = "fr", notes: int = 0) -> Question:
    taken = taken_of(text, language)
    assert len(taken.notes) == notes, [str(note) for note in taken.notes]
    assert len(taken.questions) == 1
    return taken.questions[0]


def right(question: Question) -> str:
    return "".join(option.key for option in question.options if option.correct)


def test_a_question_with_title_comment_and_feedbacks() -> None:
    text = "// Module 2\n::Courrier 1::Qui décide ?{\n\t=L’agent#Oui.\n\t~L’outil # Non.\n\t~Personne\n}\n"
    assert only(text) == Question(
        "courrier-1", "single", "", 0, "", {"fr": "Qui décide ?"},
        (
            Option("a", {"fr": "L’agent"}, {"fr": "Oui."}, correct=True),
            Option("b", {"fr": "L’outil"}, {"fr": "Non."}),
            Option("c", {"fr": "Personne"}, {"fr": ""}),
        ),
    )  # fmt: skip


def test_on_one_line_and_without_title_a_question_is_named_as_it_begins() -> None:
    question = only("Qui décide ? {=L’agent ~L’outil}")
    assert (question.key, question.stem) == ("qui-decide", {"fr": "Qui décide ?"})


@pytest.mark.parametrize(
    ("answers", "kind", "expected", "notes"),
    [
        ("~a =b ~c", "single", "b", 0),
        ("~%50%a ~%50%b ~%-50%c", "multiple", "ab", 0),
        ("~%33.33333%a ~%33.33333%b ~%33.33333%c ~%-33.33333%d", "multiple", "abc", 0),
        ("~%100%a ~%-100%b", "multiple", "a", 0),
        ("~%50%a ~%50%b ~c", "multiple", "ab", 1),
        ("=a ~%50%b ~c", "single", "a", 1),
        ("a =b ~c", "single", "b", 0),
        ("~%x%a =b", "single", "b", 0),
    ],
)
def test_signs_and_percentages_say_what_is_right(answers: str, kind: str, expected: str, notes: int) -> None:
    question = only(f"::Q::Quoi ?{{{answers}}}", notes=notes)
    assert (question.type, right(question)) == (kind, expected)


@pytest.mark.parametrize(
    ("answers", "expected", "feedbacks"),
    [
        ("T", "a", ["", ""]),
        ("TRUE", "a", ["", ""]),
        ("F", "b", ["", ""]),
        ("FALSE", "b", ["", ""]),
        ("T#faux !#juste !", "a", ["juste !", "faux !"]),
        ("FALSE#faux !#juste !", "b", ["faux !", "juste !"]),
        ("TRUE#relisez", "a", ["", "relisez"]),
        ("FALSE##juste !", "b", ["", "juste !"]),
        ("T####en général", "a", ["en général", "en général"]),
    ],
)
def test_true_or_false(answers: str, expected: str, feedbacks: list[str]) -> None:
    for language, names in {"fr": ["Vrai", "Faux"], "en": ["True", "False"]}.items():
        question = only(f"::Q::Est-ce vrai ?{{{answers}}}", language)
        assert [option.text[language] for option in question.options] == names
        assert [option.feedback[language] for option in question.options] == feedbacks
        assert (question.type, right(question)) == ("single", expected)


def test_a_missing_word_leaves_a_blank() -> None:
    question = only("L’article {~5 =14 ~99} demande un contrôle humain.")
    assert render_inline(question.stem["fr"], "en") == "<p>L’article _____ demande un contrôle humain.</p>\n"


def test_escapes_and_ends_of_lines() -> None:
    question = only(r"::Q\:1::a\~b\=c\#d\{e\}f\:g\\n\nh[markdown]{=1 \= 1#\#oui ~\%}")
    assert question.key == "q-1"
    shown = render_inline(question.stem["fr"], "en")
    assert shown == "<p>a~b=c#d{e}f:g\\n<br>\nh[markdown]</p>\n"
    assert render_inline(question.options[0].text["fr"], "en") == "<p>1 = 1</p>\n"
    assert render_inline(question.options[0].feedback["fr"], "en") == "<p>#oui</p>\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[html]<p>Un <em>mot</em></p>", "<p>Un <em>mot</em></p>\n"),
        ("[markdown]Un *mot*", "<p>Un <em>mot</em></p>\n"),
        ("[plain]Un *mot* <b>", "<p>Un *mot* &lt;b&gt;</p>\n"),
        ("[moodle]Un <em>mot</em>\nici", "<p>Un <em>mot</em><br>\nici</p>\n"),
        ("Un *mot*", "<p>Un *mot*</p>\n"),
        ("[autre]Un mot", "<p>[autre]Un mot</p>\n"),
    ],
)
def test_each_format_of_text_and_options_take_that_of_the_question(text: str, shown: str) -> None:
    question = only(f"::Q::{text} {{=a ~b}}")
    assert render_inline(question.stem["fr"], "en") == shown
    question = only("::Q::[html]<p>Quoi ?</p>{=<b>a</b> ~[plain]<b>}")
    assert [render_inline(option.text["fr"], "en") for option in question.options] == [
        "<p><strong>a</strong></p>\n", "<p>&lt;b&gt;</p>\n",
    ]  # fmt: skip


def test_comments_say_the_key_and_the_labels() -> None:
    text = (
        "// question: 12  name: Courrier\n"
        r"// [id:d2-q07] [tag:objective:d2-o1] [tag:misconception-b:a [sic\] b] [tag:urgent]" + "\n"
        "::Courrier::Quoi ?{=a ~b}"
    )
    question = only(text, notes=1)
    assert (question.key, question.objective, question.options[1].misconception) == ("d2-q07", "d2-o1", "a [sic] b")
    assert "urgent" in str(taken_of(text).notes[0])


def test_categories_are_noted_with_what_was_in_them() -> None:
    text = "$CATEGORY: $course$/M1\n\n::A::a?{=a ~b}\n\n::B::a?{=a ~b}\n\n$CATEGORY: M2\n::C::a?{=a ~b}\n"
    taken = taken_of(text)
    assert [question.key for question in taken.questions] == ["a", "b", "c"]
    assert [(note.line, note.values) for note in taken.notes] == [
        (1, {"name": "$course$/M1", "count": "2"}),
        (7, {"name": "M2", "count": "1"}),
    ]


def test_general_feedback_is_that_of_options_that_have_none() -> None:
    question = only("::Q::Quoi ?{=a ~b ####Article 14.}")
    assert [option.feedback["fr"] for option in question.options] == ["Article 14."] * 2
    taken = taken_of("::Q::Quoi ?{=a#Oui. ~b ####Article 14.}")
    assert [option.feedback["fr"] for option in taken.questions[0].options] == ["Oui.", ""]
    assert "Article 14." in str(taken.notes[0])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("::N::Un texte sans réponse", "description"),
        ("::N::Écrivez.{}", "essay"),
        ("::N::Écrivez.{####Bien.}", "essay"),
    ],
)
def test_types_that_have_no_place_are_named_with_their_line(text: str, kind: str) -> None:
    taken = taken_of(f"\n// rien\n{text}\n\n::Q::Quoi ?{{=a ~b}}")
    assert [question.key for question in taken.questions] == ["q"]
    assert [(note.item, note.line, note.values) for note in taken.notes] == [("N", 3, {"type": kind})]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("::N::Quoi ?{=a ~b", "brace"),
        ("::N::Quoi ?=a ~b}", "brace"),
        ("::N::Quoi }?{=a ~b", "brace"),
        ("::N::Quoi ?{=a ~b} ou {=c ~d}", "braces after"),
        ("::N Quoi ?{=a ~b}", "title"),
        ("::N::{=a ~b}", "no text"),
        ("::N::Quoi ?{~a ~b}", "No option is right"),
        ("::N::Quoi ?{=a =b ~c}", "not exactly one"),
        ("::N::Quoi ?{=a ~}", "no text"),
        ("::N::Quoi ?{=a~b~c~d~e~f~g~h~i}", "9 options"),
        ("::N::Quoi ?{~%100%a}", "1 options"),
    ],
)
def test_a_wrong_question_is_noted_at_its_line_and_the_others_are_taken(wrong: str, why: str) -> None:
    taken = taken_of(f"::A::Quoi ?{{=a ~b}}\n\n\n{wrong}\n \t\n::B::Quoi ?{{=a ~b}}\n")
    assert [question.key for question in taken.questions] == ["a", "b"]
    assert [note.line for note in taken.notes] == [4]
    assert why in str(taken.notes[0])


def test_what_markdown_of_ours_does_not_show_is_noted() -> None:
    taken = taken_of("::Q::[markdown]![schéma](x.png) <b>Quoi</b> ? `<b>`{=a ~b}")
    assert ["img" in str(note) for note in taken.notes] == [True, False]
    assert "HTML within Markdown" in str(taken.notes[1])
    assert taken_of("::Q::[markdown]`<b>` <https\\://example.org> 2 < 3{=a ~b}").notes == ()


def test_two_languages_and_images() -> None:
    text = '::Q::[html]<p>{mlang fr}Oui ?{mlang}{mlang en}Yes?{mlang}<img src="x"></p>{=a ~b}'
    escaped = text.replace("{mlang", r"\{mlang").replace("fr}", r"fr\}").replace("en}", r"en\}")
    question = only(escaped.replace("mlang}", r"mlang\}"), notes=1)
    assert question.stem == {"fr": "Oui ?", "en": "Yes?"}
    assert question.options[0].text == {"fr": "a", "en": "a"}


def test_ends_of_lines_and_marks_of_windows_are_taken() -> None:
    text = "::A::Quoi ?{=a ~b}\r\n\r\n::B::Quoi ?{=é ~b}\r\n"
    for content in (text.encode("utf-8-sig"), text.encode("utf-16")):
        assert [question.key for question in read(content, "fr").questions] == ["a", "b"]


@pytest.mark.parametrize("content", ["é".encode("latin-1"), b"::Q::\x00{=a ~b}", b"\xff\xfe\x00"])
def test_what_is_not_text_is_refused(content: bytes) -> None:
    with pytest.raises(NotReadable):
        read(content, "fr")


@given(st.binary(max_size=100) | st.text("ab {}~=#:%5\\n/[]\n$T->\ufdd0\ufdd3", max_size=80).map(str.encode))
def test_whatever_the_text_nothing_else_is_raised(content: bytes) -> None:
    with suppress(NotReadable):
        taken = read(content, "fr")
        for question in taken.questions:
            fewest, most = anatomies()[question.type].options
            assert fewest <= len(question.options) <= most
            if anatomies()[question.type].right:
                assert sum(option.correct for option in question.options) >= 1


@given(st.text("ab{}~=#:%\\\n ", max_size=40))
def test_no_block_is_lost_in_silence(text: str) -> None:
    taken = taken_of(text)
    said = [block for block in text.replace("\n \n", "\n\n").split("\n\n") if block.strip()]
    assert bool(taken.questions or taken.notes) == bool(said)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "{" * 200_000, "::" * 200_000, "~%" * 200_000, "a{" + "~" * 200_000 + "}", "\\" * 200_001, "// [id:" * 50_000,
        "a{" + "#" * 200_000 + "}", "a{=" + "b~" * 100_000 + "}", "[markdown]" + "`" * 200_000 + "{=a ~b}",
        "[markdown]" + "![" * 200_000 + "{=a ~b}",
    ],
)  # fmt: skip
def test_texts_meant_to_be_slow_are_not_in_gift(text: str) -> None:
    """They end, within the time of the mark."""
    taken = taken_of(text + "\n\n::B::Quoi ?{=a ~b}")
    assert taken.questions[-1].key == "b"


@given(banks())
def test_what_is_written_in_gift_is_read_back_equal(bank: Bank) -> None:
    taken = read(write(bank).content, bank.language)
    assert taken.notes == ()
    assert taken.questions == bank.questions


def test_what_is_written_is_one_form_that_people_can_read() -> None:
    tags = "[tag:objective:d1-o1] [tag:difficulty:3] [tag:source:ai-act] [tag:misconception-b:sector equals risk]"
    content = write(Bank("Module 2", (a_question(), a_question("q2", "multiple")), "fr")).content
    assert content.decode() == (
        "// Module 2\n\n"
        f"// [id:q1] {tags}\n::q1::[markdown]Est-ce permis ?{{\n\t=Oui#Bien.\n\t~Non#Relisez.\n}}\n\n"
        f"// [id:q2] {tags}\n::q2::[markdown]Est-ce permis ?{{\n\t~%100%Oui#Bien.\n\t~%-100%Non#Relisez.\n}}\n"
    )


def test_what_cannot_be_written_in_gift_is_noted() -> None:
    options = (
        Option("a", {"fr": "Oui"}, {"fr": ""}, correct=True),
        Option("b", {"fr": "Non"}, {"fr": ""}, misconception="a\\\nb"),
    )
    questions = (a_question("x", "essay"), a_question("y", options=options), a_question("z", language="en"))
    written = write(Bank("M\n::", questions, "fr"))
    assert [note.item for note in written.notes] == ["x", "y", "z", ""]
    assert only(written.content.decode()).options[1].misconception == "a b"


def test_the_gift_format_says_what_it_is() -> None:
    assert (FORMAT.key, FORMAT.suffixes, FORMAT.read, FORMAT.write) == ("gift", (".gift", ".txt"), read, write)
