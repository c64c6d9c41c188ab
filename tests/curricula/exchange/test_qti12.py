"""QTI 1.2 as Canvas and Common Cartridge write it."""

import io
import zipfile

import pytest

from curricula.exchange import safe
from curricula.exchange.formats import common_cartridge
from curricula.exchange.formats.qti import read
from curricula.exchange.labels import Keys
from curricula.exchange.model import NotReadable, Taken
from curricula.exchange.qti12 import read_items
from tests.curricula.exchange.qti_samples import (
    canvas,
    canvas_choices,
    canvas_feedback,
    canvas_item,
    canvas_rule,
    manifest,
    package,
    resource,
)

SINGLE, MULTIPLE = canvas_choices("Single"), canvas_choices("Multiple")


def taken_of(items: str, section: str = "") -> Taken:
    return read_items(safe.xml(canvas(items, section).encode()), "en", Keys())


def said(taken: Taken) -> list[str]:
    return [str(note) for note in taken.notes]


def right(taken: Taken) -> list[bool]:
    return [option.correct for option in taken.questions[0].options]


def told(taken: Taken) -> list[str]:
    return [option.feedback["en"] for option in taken.questions[0].options]


def test_a_multiple_choice_of_canvas_with_feedback_of_each_kind() -> None:
    rules = (
        canvas_rule("other", shows="general_fb")
        + canvas_rule("4051", shows="4051_fb")
        + canvas_rule("4053", shows="4053_fb")
        + canvas_rule("4051", "100", "correct_fb")
        + canvas_rule("other", shows="general_incorrect_fb")
    )
    feedback = "".join(
        canvas_feedback(name, f"&lt;p&gt;{text}&lt;/p&gt;")
        for name, text in [
            ("general_fb", "All."),
            ("correct_fb", "Good."),
            ("general_incorrect_fb", "Bad."),
            ("4051_fb", "One."),
            ("4053_fb", "Three."),
        ]
    )
    taken = taken_of(canvas_item("multiple_choice_question", SINGLE, rules, feedback))
    assert said(taken) == []
    (question,) = taken.questions
    assert (question.key, question.type, question.stem) == (
        "q-multiple-choice-question",
        "single",
        {"en": "Where is *it*?"},
    )
    assert [(option.key, option.text["en"]) for option in question.options] == [
        ("4051", "Paris"),
        ("4052", "Lyon & R"),
        ("4053", "Lille"),
    ]
    assert right(taken) == [True, False, False]
    assert told(taken) == ["All.\n\nGood.\n\nOne.", "All.\n\nBad.", "All.\n\nBad.\n\nThree."]


def test_multiple_answers_of_canvas_are_scored_as_ours() -> None:
    rules = canvas_rule("4052", shows="4052_fb") + canvas_rule("4051 !4052 4053", "100", "correct_fb")
    feedback = canvas_feedback("4052_fb", "No.") + canvas_feedback("correct_fb", "Good.")
    taken = taken_of(canvas_item("multiple_answers_question", MULTIPLE, rules, feedback))
    assert taken.questions[0].type == "multiple"
    assert (right(taken), told(taken)) == ([True, False, True], ["", "No.", ""])
    assert len(taken.notes) == 1
    assert "Feedback « correct_fb » belongs to no option" in said(taken)[0]


def test_multiple_response_of_common_cartridge_is_all_or_nothing_which_is_noted() -> None:
    item = canvas_item("x", MULTIPLE, canvas_rule("4051 !4052 4053", "100"))
    item = item.replace("question_type", "cc_profile").replace(">x<", ">cc.multiple_response.v0p1<")
    taken = taken_of(item)
    assert right(taken) == [True, False, True]
    assert [note.split(": ", 1)[1][:32] for note in said(taken)] == ["In the file every right option i"]


@pytest.mark.parametrize(
    ("points", "noted"),
    [((50, -50, 50), False), ((50, 0, 50), True), ((30, -50, 70), True)],
)
def test_points_that_add_up_are_noted_where_they_are_not_ours(points: tuple[int, ...], noted: bool) -> None:
    rules = "".join(canvas_rule(str(4051 + place), str(one), action="Add") for place, one in enumerate(points))
    taken = taken_of(canvas_item("multiple_answers_question", MULTIPLE, rules))
    assert right(taken) == [True, False, True]
    assert len(taken.notes) == noted


def test_an_option_that_earns_less_than_another_is_not_right_and_is_noted() -> None:
    rules = canvas_rule("4052", "50") + canvas_rule("4051", "100")
    taken = taken_of(canvas_item("multiple_choice_question", SINGLE, rules))
    assert right(taken) == [True, False, False]
    assert "points of their own" in said(taken)[0]


FIB = (
    '<response_str ident="response1" rcardinality="Single"><render_fib><response_label ident="a"/></render_fib>'
    "</response_str>"
)


@pytest.mark.parametrize(
    ("kind", "presentation"),
    [
        ("short_answer_question", FIB),
        ("essay_question", FIB),
        ("numerical_question", FIB.replace("response_str", "response_num")),
        ("matching_question", SINGLE + SINGLE),
        ("fill_in_multiple_blanks_question", SINGLE + SINGLE),
        ("hotspot", '<response_xy ident="r"/>'),
        ("file_upload_question", ""),
        ("text_only_question", ""),
    ],
)
def test_a_question_that_has_no_equal_is_left_out_and_named(kind: str, presentation: str) -> None:
    taken = taken_of(canvas_item(kind, presentation, canvas_rule("4051", "100")))
    assert taken.questions == ()
    assert said(taken) == [f"line 9 Question: « {kind} » has no equal among our questions: the item was left out."]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ('<item ident="q"><presentation/></item>', "asks nothing"),
        ('<item ident="q"/>', "asks nothing"),
        (canvas_item("x", canvas_choices("Ordered"), ""), "order of the answers"),
        (canvas_item("x", SINGLE, ""), "no right option"),
        (canvas_item("x", SINGLE, canvas_rule("4051", "nan")), "no right option"),
        (canvas_item("x", SINGLE, canvas_rule("4051", "100").replace(">4051<", "><")), "not among the options"),
        (canvas_item("x", SINGLE, canvas_rule("4051", "1") + canvas_rule("4052", "1")), "several are right"),
        (canvas_item("x", SINGLE.replace("4052", "4051"), canvas_rule("4051", "1")), "same identifier"),
    ],
)
def test_an_item_without_what_a_question_needs_is_left_out(item: str, message: str) -> None:
    taken = taken_of(item)
    assert taken.questions == ()
    assert len(taken.notes) == 1
    assert message in said(taken)[0]


def test_images_are_noted_wherever_they_are() -> None:
    item = canvas_item("x", SINGLE, canvas_rule("4051", "1"))
    item = item.replace("<render_choice>", '<material><matimage uri="a.png"/></material><render_choice>')
    item = item.replace("&lt;em&gt;", '&lt;img src="b.png"&gt;&lt;em&gt;')
    taken = taken_of(item)
    assert len(taken.questions) == 1
    assert [note.split(": ", 1)[1] for note in said(taken)] == [
        "« matimage » of the item was not taken.",
        "Elements of the text were not taken: img.",
    ]


def test_a_section_that_draws_gives_all_its_questions_and_says_so() -> None:
    drawn = "<selection_ordering><selection><selection_number>1</selection_number></selection></selection_ordering>"
    taken = taken_of(canvas_item("x", SINGLE, canvas_rule("4051", "1")), drawn)
    assert len(taken.questions) == 1
    assert "draws some questions" in said(taken)[0]
    assert "root_section" in said(taken)[0]


def test_fields_that_say_what_our_tags_say_are_taken() -> None:
    fields = "".join(
        f"<qtimetadatafield><fieldlabel>{label}</fieldlabel><fieldentry>{entry}</fieldentry></qtimetadatafield>"
        for label, entry in [("objective", "d1-o1"), ("difficulty", "3"), ("misconception-4052", "biggest")]
    )
    taken = taken_of(canvas_item("x", SINGLE, canvas_rule("4051", "1"), fields=fields))
    (question,) = taken.questions
    assert (question.objective, question.difficulty, question.options[1].misconception) == ("d1-o1", 3, "biggest")
    assert said(taken) == []


def test_another_root_is_refused() -> None:
    with pytest.raises(NotReadable, match="« assessment » is not"):
        read_items(safe.xml(b"<assessment/>"), "fr", Keys())


def test_a_package_of_canvas_is_read_as_any_package() -> None:
    quiz = canvas(canvas_item("multiple_choice_question", SINGLE, canvas_rule("4051", "100")))
    resources = (
        resource("g1/g1.xml", "imsqti_xmlv1p2")
        + resource("g2/g2.xml", "imsqti_xmlv1p2/imscc_xmlv1p1/assessment")
        + resource("g1/assessment_meta.xml", "associatedcontent/imscc_xmlv1p1/learning-application-resource")
    )
    files = {
        "imsmanifest.xml": manifest(resources),
        "g1/g1.xml": quiz,
        "g2/g2.xml": quiz,
        "g1/assessment_meta.xml": "<q/>",
    }
    taken = read(package({**files}), "fr")
    assert [question.key for question in taken.questions] == [
        "q-multiple-choice-question",
        "q-multiple-choice-question-2",
    ]
    assert said(taken) == ["Other files of the package were not taken (1): g1/assessment_meta.xml."]


def test_unescaped_xhtml_is_read_and_a_table_is_told_to_become_lines() -> None:
    item = canvas_item("x", SINGLE, canvas_rule("4051", "1"))
    start, end = item.index("&lt;div&gt;"), item.index("</mattext>")
    table = "<p>Which <b>row</b>?</p><table><tr><th>A</th></tr><tr><td>1</td></tr></table>"
    taken = taken_of(item[:start] + table + item[end:])
    assert taken.questions[0].stem["en"].startswith("Which **row**?")
    assert [note.split(": ", 1)[1] for note in said(taken)] == ["A table of the text is lines of text here."]


def test_the_questions_of_a_cartridge_are_read_each_with_a_key_of_its_own() -> None:
    item = canvas_item("multiple_choice_question", SINGLE, canvas_rule("4051", "100"))
    kind = "imsqti_xmlv1p2/imscc_xmlv1p1/assessment"
    resources = "".join(
        f'<resource identifier="{name}" type="{kind}"><file href="{name}.xml"/></resource>' for name in ("a", "b")
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("imsmanifest.xml", f"<manifest><resources>{resources}</resources></manifest>")
        for name in ("a", "b"):
            archive.writestr(f"{name}.xml", canvas(item, ""))
    taken = common_cartridge.read(packed.getvalue(), "en")
    first, second = taken.questions
    assert second.stem == first.stem
    assert second.key == f"{first.key}-2"
    assert right(taken).count(True) == 1
