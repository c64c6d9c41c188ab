"""Moodle XML: what is read of exports, what is said of the rest, and that what is written is read back."""

from contextlib import suppress
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curricula.exchange.formats.moodle_xml import FORMAT, read, write
from curricula.exchange.model import Bank, NotReadable, Taken
from curricula.model import Option, Question
from curricula.render import render_inline
from tests.curricula.exchange.question_samples import a_question, banks

#: A question as Moodle 4 writes it.
MULTICHOICE = """\
<!-- question: 41  -->
  <question type="multichoice">
    <name>
      <text>Courrier n° 1</text>
    </name>
    <questiontext format="html">
      <text><![CDATA[<p dir="ltr" style="text-align: left;">Qui <strong>décide</strong> ?</p>]]></text>
    </questiontext>
    <generalfeedback format="html">
      <text></text>
    </generalfeedback>
    <defaultgrade>1.0000000</defaultgrade>
    <penalty>0.3333333</penalty>
    <hidden>0</hidden>
    <idnumber></idnumber>
    <single>true</single>
    <shuffleanswers>true</shuffleanswers>
    <answernumbering>abc</answernumbering>
    <showstandardinstruction>0</showstandardinstruction>
    <correctfeedback format="html">
      <text></text>
    </correctfeedback>
    <partiallycorrectfeedback format="html">
      <text></text>
    </partiallycorrectfeedback>
    <incorrectfeedback format="html">
      <text></text>
    </incorrectfeedback>
    <shownumcorrect/>
    <answer fraction="100" format="html">
      <text><![CDATA[<p>L’agent</p>]]></text>
      <feedback format="html">
        <text><![CDATA[<p>Oui : article 14.</p>]]></text>
      </feedback>
    </answer>
    <answer fraction="0" format="html">
      <text><![CDATA[<p>L’outil</p>]]></text>
      <feedback format="html">
        <text><![CDATA[<p>Non.</p>]]></text>
      </feedback>
    </answer>
  </question>
"""
TRUE_FALSE = """\
  <question type="truefalse">
    <name>
      <text>Annexe III</text>
    </name>
    <questiontext format="html">
      <text><![CDATA[<p>L’annexe III vise des usages.</p>]]></text>
    </questiontext>
    <generalfeedback format="html">
      <text></text>
    </generalfeedback>
    <defaultgrade>1.0000000</defaultgrade>
    <penalty>1.0000000</penalty>
    <hidden>0</hidden>
    <idnumber>annexe-3</idnumber>
    <answer fraction="100" format="moodle_auto_format">
      <text>true</text>
      <feedback format="html">
        <text><![CDATA[<p>En effet.</p>]]></text>
      </feedback>
    </answer>
    <answer fraction="0" format="moodle_auto_format">
      <text>false</text>
      <feedback format="html">
        <text><![CDATA[<p>Relisez-la.</p>]]></text>
      </feedback>
    </answer>
  </question>
"""
CATEGORY = """\
<!-- question: 0  -->
  <question type="category">
    <category>
      <text>$course$/top/Module 2</text>
    </category>
    <info format="html">
      <text></text>
    </info>
    <idnumber></idnumber>
  </question>
"""


def quiz(*questions: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n' + "\n".join(questions) + "\n</quiz>\n").encode()


def changed(*changes: tuple[str, str], question: str = MULTICHOICE) -> Taken:
    for old, new in changes:
        assert old in question
        question = question.replace(old, new)
    return read(quiz(question), "fr")


def answers(*fractions: str) -> str:
    return "".join(
        f'<answer fraction="{each}"><text>n{number}</text></answer>' for number, each in enumerate(fractions)
    )


def bare(single: str, *fractions: str) -> Taken:
    text = "<name><text>N</text></name><questiontext><text>Quoi ?</text></questiontext>"
    return read(
        quiz(f'<question type="multichoice">{text}<single>{single}</single>{answers(*fractions)}</question>'), "fr"
    )


def only(taken: Taken) -> Question:
    assert len(taken.questions) == 1, [str(note) for note in taken.notes]
    return taken.questions[0]


def said(taken: Taken) -> list[str]:
    return [str(note) for note in taken.notes]


def test_a_choice_question_as_moodle_writes_it_is_taken_whole() -> None:
    taken = changed()
    assert taken.notes == ()
    assert only(taken) == Question(
        "courrier-n-1", "single", "", 0, "", {"fr": "Qui **décide** ?"},
        (
            Option("a", {"fr": "L’agent"}, {"fr": "Oui : article 14."}, correct=True),
            Option("b", {"fr": "L’outil"}, {"fr": "Non."}),
        ),
    )  # fmt: skip


def test_true_or_false_is_a_choice_of_two_named_in_the_language_of_the_file() -> None:
    for language, names in {"fr": ["Vrai", "Faux"], "en": ["True", "False"]}.items():
        taken = read(quiz(TRUE_FALSE), language)
        question = only(taken)
        assert (question.key, question.type, taken.notes) == ("annexe-3", "single", ())
        assert [option.text[language] for option in question.options] == names
        assert [option.feedback[language] for option in question.options] == ["En effet.", "Relisez-la."]
        assert [option.correct for option in question.options] == [True, False]


def test_false_may_be_right_and_come_first() -> None:
    swapped = TRUE_FALSE.replace('fraction="100"', 'fraction="x"').replace('fraction="0"', 'fraction="100"')
    assert [option.correct for option in only(read(quiz(swapped), "fr")).options] == [False, True]


@pytest.mark.parametrize(
    ("change", "why"),
    [(('fraction="0"', 'fraction="100"'), "not exactly one"), (('fraction="100"', 'fraction="0"'), "not exactly one"),
     (("<text>true</text>", "<text>maybe</text>"), "0 options")],
)  # fmt: skip
def test_true_or_false_without_one_right_answer_is_not_taken(change: tuple[str, str], why: str) -> None:
    taken = changed(change, question=TRUE_FALSE)
    assert taken.questions == ()
    assert [(note.item, why in str(note)) for note in taken.notes] == [("Annexe III", True)]


def test_one_note_a_category_counts_its_questions() -> None:
    taken = read(quiz(CATEGORY, MULTICHOICE, TRUE_FALSE, CATEGORY.replace("Module 2", "Module 3")), "fr")
    assert [(note.line, note.values["name"], note.values["count"]) for note in taken.notes] == [
        (4, "$course$/top/Module 2", "2"),
        (taken.notes[1].line, "$course$/top/Module 3", "0"),
    ]


@pytest.mark.parametrize(
    "kind",
    [
        "essay",
        "cloze",
        "ddwtos",
        "ordering",
        "calculated",
        "description",
        "stack",
    ],
)
def test_types_that_have_no_place_are_named_with_their_line(kind: str) -> None:
    other = f'<question type="{kind}"><name><text>Relier</text></name></question>'
    taken = read(quiz(other, MULTICHOICE), "fr")
    assert [question.key for question in taken.questions] == ["courrier-n-1"]
    note = taken.notes[0]
    assert (note.item, note.line, note.values) == ("Relier", 3, {"type": kind})
    assert len(taken.notes) == 1


@pytest.mark.parametrize(
    ("single", "fractions", "kind", "right", "noted"),
    [
        ("true", ("0", "100", "0"), "single", "b", False),
        ("1", ("100", "0"), "single", "a", False),
        ("true", ("100", "50", "0"), "single", "a", True),
        ("true", ("100", "-25"), "single", "a", True),
        ("true", ("80", "0"), "single", "a", True),
        ("false", ("50", "-50", "50"), "multiple", "ac", False),
        ("false", ("33.33333", "33.33333", "33.33333"), "multiple", "abc", False),
        ("0", ("100", "-100"), "multiple", "a", False),
        ("false", ("50", "0", "50"), "multiple", "ac", True),
        ("false", ("70", "30", "-100"), "multiple", "ab", True),
        ("false", ("nan", "100", "1e999"), "multiple", "b", True),
    ],
)  # fmt: skip
def test_what_earns_points_is_right_and_weights_of_another_rule_are_noted(
    single: str, fractions: tuple[str, ...], kind: str, right: str, noted: bool
) -> None:
    taken = bare(single, *fractions)
    question = only(taken)
    assert question.type == kind
    assert "".join(option.key for option in question.options if option.correct) == right
    assert any("weights" in line for line in said(taken)) == noted


@pytest.mark.parametrize(
    ("single", "fractions", "why"),
    [
        ("true", ("100", "100"), "not exactly one is right"),
        ("true", ("0", "0"), "not exactly one is right"),
        ("true", ("50", "50"), "not exactly one is right"),
        ("false", ("0", "-50"), "No option is right"),
        ("true", ("100",), "has 1 options"),
        ("false", ("100",) * 9, "has 9 options"),
    ],
)
def test_what_our_types_cannot_say_is_not_taken_and_noted(single: str, fractions: tuple[str, ...], why: str) -> None:
    taken = bare(single, *fractions)
    assert taken.questions == ()
    assert why in said(taken)[0]
    assert taken.notes[0].item == "N"


def test_general_feedback_is_that_of_options_that_have_none() -> None:
    general = (
        '<generalfeedback format="html">\n      <text>',
        '<generalfeedback format="html">\n      <text>Article 14.',
    )
    none = [("<![CDATA[<p>Oui : article 14.</p>]]>", ""), ("<![CDATA[<p>Non.</p>]]>", "")]
    taken = changed(general, *none)
    assert [option.feedback["fr"] for option in only(taken).options] == ["Article 14."] * 2
    assert taken.notes == ()
    beside = changed(general)
    assert only(beside) == only(changed())
    assert "Article 14." in said(beside)[0]


def test_what_has_no_place_is_noted_and_settings_are_counted_once() -> None:
    unusual = MULTICHOICE.replace("<shuffleanswers>true", "<shuffleanswers>false").replace(
        '<correctfeedback format="html">\n      <text>', '<correctfeedback format="html">\n      <text>Bravo'
    )
    hinted = unusual.replace(
        "  </question>",
        '<hint format="html"><text>Pensez-y</text></hint><tags><tag><text>urgent</text></tag></tags>'
        "<stamp>x</stamp></question>",
    )
    taken = read(quiz(unusual, hinted), "fr")
    assert len(taken.questions) == 2
    lines = said(taken)
    assert len(lines) == 5
    assert "urgent" in lines[0]
    assert "Hints" in lines[1]
    assert "stamp" in lines[2]
    assert [(note.values["name"], note.values["count"]) for note in taken.notes[3:]] == [
        ("shuffleanswers", "2"), ("correctfeedback", "2"),
    ]  # fmt: skip


def test_images_and_files_are_named_and_their_text_is_kept() -> None:
    shown = '<img src="@@PLUGINFILE@@/a.png" alt="Schéma"> <a href="@@PLUGINFILE@@/b.pdf">Voir</a> '
    file = '<file name="a.png" path="/" encoding="base64">aGk=</file>'
    taken = changed(
        ("Qui <strong>", f"{shown}Qui <strong>"),
        ("]]></text>\n    </questiontext>", f"]]></text>\n{file}    </questiontext>"),
    )
    assert only(taken).stem == {"fr": "Voir Qui **décide** ?"}
    assert "a, img" in said(taken)[0]
    assert "a.png" in said(taken)[1]


def test_labels_are_tags() -> None:
    tags = ["objective:d2-o1", "difficulty:3", "source:ai-act", "misconception-b:sector equals risk"]
    written = "".join(f"<tag><text>{tag}</text></tag>" for tag in tags)
    question = only(changed(("  </question>", f"<tags>{written}</tags></question>")))
    assert (question.objective, question.difficulty, question.source) == ("d2-o1", 3, "ai-act")
    assert [option.misconception for option in question.options] == ["", "sector equals risk"]


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("html", "<![CDATA[<p><em>a</em></p><ul><li>x</li></ul>]]>", "<p><em>a</em></p>\n<ul>\n<li>x</li>\n</ul>\n"),
        ("html", "2 &lt; 3", "<p>2 &lt; 3</p>\n"),
        ("markdown", "Un *mot*", "<p>Un <em>mot</em></p>\n"),
        ("plain_text", "*a* &lt;b&gt;\n1. c", "<p>*a* &lt;b&gt;<br>\n1. c</p>\n"),
        ("moodle_auto_format", "*a*\nb", "<p>*a*<br>\nb</p>\n"),
        ("moodle_auto_format", "&lt;b&gt;a&lt;/b&gt;", "<p><strong>a</strong></p>\n"),
        ("unknown", "&lt;b&gt;a&lt;/b&gt;", "<p><strong>a</strong></p>\n"),
    ],
)  # fmt: skip
def test_each_format_of_text_is_shown_as_moodle_shows_it(kind: str, text: str, shown: str) -> None:
    taken = changed(
        ('<questiontext format="html">', f'<questiontext format="{kind}">'),
        ('<![CDATA[<p dir="ltr" style="text-align: left;">Qui <strong>décide</strong> ?</p>]]>', text),
    )
    assert render_inline(only(taken).stem["fr"], "en") == shown


@pytest.mark.parametrize(
    "stem",
    [
        '<p><span lang="fr" class="multilang">Bonjour</span> <span lang="en" class="multilang">Hello</span> !</p>',
        '<p><span class="multilang" lang="en">Hello</span><span class="multilang" lang="fr">Bonjour</span> !</p>',
        "<p>{mlang fr}Bonjour{mlang}{mlang en}Hello{mlang} !</p>",
        "<p>{mlang en,de}Hello{mlang}{mlang other}Bonjour{mlang}{mlang fr}Bonjour{mlang} !</p>",
        "<p>{mlang fr}Bonjour{mlang}{mlang en}Hello{mlang}&nbsp;!</p>",
    ],
)
def test_texts_in_two_languages_give_both(stem: str) -> None:
    question = only(changed(('<p dir="ltr" style="text-align: left;">Qui <strong>décide</strong> ?</p>', stem)))
    assert question.stem == {"fr": "Bonjour !", "en": "Hello !"}
    assert question.options[0].text == {"fr": "L’agent", "en": "L’agent"}


def test_paragraphs_of_one_language_each_are_told_apart() -> None:
    stem = "<p>{mlang fr}Bonjour{mlang}</p><p>{mlang en}Hello{mlang}</p>"
    question = only(changed(('<p dir="ltr" style="text-align: left;">Qui <strong>décide</strong> ?</p>', stem)))
    assert question.stem == {"fr": "Bonjour", "en": "Hello"}


def test_a_language_we_do_not_speak_is_named() -> None:
    stem = "<p>{mlang de}Hallo{mlang}{mlang fr}Bonjour{mlang}</p>"
    taken = changed(('<p dir="ltr" style="text-align: left;">Qui <strong>décide</strong> ?</p>', stem))
    assert only(taken).stem == {"fr": "Bonjour"}
    assert "de" in said(taken)[0]


def test_a_file_that_is_not_a_quiz_is_refused() -> None:
    with pytest.raises(NotReadable, match="questestinterop"):
        read(b"<questestinterop/>", "fr")


HOSTILE = {
    "empty": b"",
    "not XML": b"Question ?",
    "unfinished": quiz(MULTICHOICE)[:-20],
    "entity": b'<!DOCTYPE quiz [<!ENTITY a "b">]><quiz>&a;</quiz>',
    "laughs": b'<!DOCTYPE q [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><quiz>&b;</quiz>',
    "outside": b'<!DOCTYPE quiz SYSTEM "http://127.0.0.1/x.dtd"><quiz/>',
    "deep": b"<quiz>" + b"<a>" * 100_000,
    "NUL": b"<quiz>\x00</quiz>",
    "not its encoding": '<?xml version="1.0" encoding="UTF-8"?><quiz>é</quiz>'.encode("latin-1"),
    "no such encoding": b'<?xml version="1.0" encoding="klingon"?><quiz/>',
    "two roots": b"<quiz/><quiz/>",
    "huge name": b"<" + b"q" * 1_000_000 + b"/>",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused_whole(content: bytes) -> None:
    with pytest.raises(NotReadable) as refused:
        read(content, "fr")
    assert len(str(refused.value)) < 500


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"<quiz>{text}</quiz>".encode()))
def test_whatever_the_bytes_nothing_else_is_raised(content: bytes) -> None:
    with suppress(NotReadable):
        assert isinstance(read(content, "fr"), Taken)


@given(st.recursive(st.just(""), lambda inner: st.builds(
    "<{0}>{1}{2}</{0}>".format,
    st.sampled_from(["question", "answer", "text", "tags", "tag", "feedback", "single", "name", "questiontext"]),
    st.text("aé&<>{}", max_size=3).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")), inner,
), max_leaves=9))  # fmt: skip
def test_elements_in_any_place_are_read_or_noted(inside: str) -> None:
    opened = inside.replace("<question>", '<question type="multichoice">')
    taken = read(f"<quiz>{opened}</quiz>".encode(), "fr")
    assert not inside.startswith("<") or taken.notes or taken.questions


@pytest.mark.parametrize(
    "stem",
    [
        "<div>" * 50_000, "<b>" * 50_000, "<" * 200_000, '<span lang="fr" class="multilang">' * 20_000,
        "&amp;" * 50_000, "{mlang fr}" * 20_000, "<table><tr><td>" * 90, "{mlang" + " " * 200_000,
    ],
)  # fmt: skip
@pytest.mark.timeout(20)
def test_texts_meant_to_be_slow_are_not(stem: str) -> None:
    """They end, within the time of the mark."""
    changed(('<p dir="ltr" style="text-align: left;">Qui <strong>décide</strong> ?</p>', stem + "x"))


@given(banks())
def test_what_is_written_is_read_back_equal(bank: Bank) -> None:
    taken = read(write(bank).content, bank.language)
    assert taken.notes == ()
    assert taken.questions == bank.questions


def test_what_is_written_is_xml_in_moodles_order_and_always_the_same() -> None:
    bank = Bank("Module -- 2 --", (a_question(), a_question("q2", "multiple")), "fr")
    content = write(bank).content
    assert write(bank).content == content
    root = ET.fromstring(content)
    assert [child.tag for child in root[0]] == [
        "name", "questiontext", "generalfeedback", "defaultgrade", "penalty", "hidden", "idnumber", "single",
        "shuffleanswers", "answernumbering", "answer", "answer", "tags",
    ]  # fmt: skip
    assert [answer.get("fraction") for answer in root[1].iterfind("answer")] == ["100", "-100"]


def test_angle_brackets_are_shown_alike_there_and_here() -> None:
    question = a_question(stem={"fr": "Que fait <b>x</b> ou `<b>` ? <https://example.org>"})
    content = write(Bank("M", (question,), "fr")).content
    text = ET.fromstring(content).findtext("question/questiontext/text") or ""
    assert text == "Que fait &lt;b>x&lt;/b> ou `<b>` ? <https://example.org>"
    back = only(read(content, "fr"))
    assert render_inline(back.stem["fr"], "fr") == render_inline(question.stem["fr"], "fr")


def test_what_cannot_be_written_is_noted() -> None:
    other = a_question("other", "ordering")
    english = a_question("english", language="en")
    renamed = a_question(
        "renamed",
        options=(Option("x", {"fr": "Oui"}, {"fr": ""}, correct=True), Option("b", {"fr": "Non"}, {"fr": ""})),
    )
    given_ = write(Bank("M", (other, english, renamed, a_question(objective="o" * 60)), "fr"))
    assert [note.item for note in given_.notes] == ["other", "english", "renamed", ""]
    assert given_.notes[-1].values == {"count": "1"}
    assert [question.key for question in read(given_.content, "fr").questions] == ["renamed", "q1"]


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    content = write(Bank("M\x00", (a_question(stem={"fr": "a\x0bb\ud800c"}),), "fr")).content
    assert only(read(content, "fr")).stem == {"fr": "abc"}


def test_the_format_says_what_it_is() -> None:
    assert (FORMAT.key, FORMAT.suffixes, FORMAT.read, FORMAT.write) == ("moodle-xml", (".xml",), read, write)
