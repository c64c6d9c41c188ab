"""QTI 3.0 and 2.x: items and packages read."""

import pytest

from curricula.exchange.formats.qti import read
from curricula.exchange.model import Taken
from curricula.model import Option
from tests.curricula.exchange.qti_samples import (
    MAP_RESPONSE,
    MATCH_CORRECT,
    MODAL_3,
    OURS,
    SINGLE_3,
    manifest,
    multiple_2,
    package,
    resource,
)


def said(taken: Taken) -> list[str]:
    return [str(note) for note in taken.notes]


def test_a_single_choice_of_3_0_keeps_its_texts_and_inline_feedback() -> None:
    taken = read(SINGLE_3.encode(), "fr")
    assert said(taken) == []
    (question,) = taken.questions
    assert (question.key, question.type, question.objective, question.difficulty) == ("mail-01", "single", "", 0)
    assert question.stem == {"en": "A prefecture **sums up** its mail\nwith a model.\n\nWhat is it under the AI act?"}
    assert question.options == (
        Option("choicea", {"en": "High risk"}, {"en": "Annex III is about *uses*."}),
        Option("choiceb", {"en": "Not high risk"}, {"en": "Yes: write why."}, True),
    )


def test_modal_feedback_goes_to_the_options_that_its_rules_name() -> None:
    taken = read(MODAL_3.encode(), "en")
    assert said(taken) == []
    told = {option.key: option.feedback["fr"] for option in taken.questions[0].options}
    wrong = "Relisez l’annexe III."
    assert told == {"non": wrong, "oui": "Oui, selon l’usage.", "toujours": wrong}


def test_modal_feedback_named_as_an_option_is_its_own_and_another_is_noted() -> None:
    renamed = MODAL_3.replace('show" identifier="faux"', 'show" identifier="non"').replace(">juste<", ">autre<")
    taken = read(renamed.encode(), "en")
    assert [option.feedback["fr"] for option in taken.questions[0].options] == ["Relisez l’annexe III.", "", ""]
    line = renamed[: renamed.index('identifier="juste"')].count("\n") + 1
    assert said(taken) == [f"line {line} Modal: Feedback « juste » belongs to no option: it was not taken."]


def test_a_multiple_choice_of_2_1_with_a_prefix_is_read() -> None:
    taken = read(multiple_2(OURS, MAP_RESPONSE).encode(), "fr")
    assert said(taken) == []
    (question,) = taken.questions
    assert (question.type, question.stem) == ("multiple", {"fr": "Which are personal data?"})
    assert [option.key for option in question.options if option.correct] == ["n", "p"]


@pytest.mark.parametrize(
    ("mapping", "processing", "message"),
    [
        (OURS, "", ""),
        ("", MATCH_CORRECT, "every right option is needed"),
        (OURS.replace("-1", "0"), MAP_RESPONSE, "points of their own"),
        (OURS.replace(' lowerBound="0"', ""), MAP_RESPONSE, "points of their own"),
        (OURS.replace('"P" mappedValue="1"', '"P" mappedValue="2"'), MAP_RESPONSE, "points of their own"),
        (OURS.replace('"P" mappedValue="1"', '"P" mappedValue="NaN"'), MAP_RESPONSE, "points of their own"),
        (OURS.replace("<mapping", '<mapping upperBound="1"'), MAP_RESPONSE, "points of their own"),
        (OURS.replace("<mapping", '<mapping upperBound="2"'), MAP_RESPONSE, ""),
        ("", MAP_RESPONSE, "points of their own"),
        (OURS, "<responseProcessing><exitResponse/></responseProcessing>", "rules of its own"),
    ],
)
def test_a_scoring_that_is_not_ours_is_noted(mapping: str, processing: str, message: str) -> None:
    taken = read(multiple_2(mapping, processing).encode(), "fr")
    assert len(taken.questions) == 1
    assert [message in note for note in said(taken)] == ([True] if message else [])


def test_without_a_correct_response_what_earns_points_is_right_and_noted() -> None:
    item = multiple_2(OURS, MAP_RESPONSE)
    start, end = item.index("<imsqti:correctResponse>"), item.index("</imsqti:correctResponse>")
    taken = read((item[:start] + item[end + len("</imsqti:correctResponse>") :]).encode(), "fr")
    assert [option.correct for option in taken.questions[0].options] == [True, True, False, False]
    assert said(taken) == [
        "line 5 Personal data: The file says no right option: those that earn points were taken as right."
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("choice-interaction", "order-interaction"), "« orderInteraction » has no equal"),
        (("choice-interaction", "portable-custom-interaction"), "« portableCustomInteraction » has no equal"),
        (("<p>A prefecture", "<p><qti-text-entry-interaction/>A"), "(textEntryInteraction, choiceInteraction)"),
        (("choice-interaction", "x-choice"), "asks nothing"),
        (('"RESPONSE" cardinality="single"', '"RESPONSE" cardinality="ordered"'), "order of the answers counts"),
        (('"RESPONSE" cardinality', '"OTHER" cardinality'), "« RESPONSE » is not declared"),
        (("<qti-value>ChoiceB", "<qti-value>ChoiceZ"), "not among the options"),
        (("<qti-value>ChoiceB", "<qti-value>"), "no right option"),
        (("<qti-value>ChoiceB", "<qti-value>ChoiceA</qti-value><qti-value>ChoiceB"), "several are right"),
        (('choice identifier="ChoiceA"', 'choice identifier="ChoiceB"'), "same identifier"),
        (("High risk", "<img src='x.png' alt='x'/>"), "says nothing that can be taken"),
        (("<qti-item-body>", "<qti-template-declaration identifier='X'/><qti-item-body>"), "(a template)"),
    ],
)
def test_an_item_that_is_none_of_our_questions_is_left_out_and_named(change: tuple[str, str], message: str) -> None:
    taken = read(SINGLE_3.replace(*change).encode(), "fr")
    assert taken.questions == ()
    assert any(message in note and "Sorting the mail" in note and note.startswith("line ") for note in said(taken))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("<qti-item-body>", "<qti-stylesheet href='s.css' type='text/css'/><qti-item-body>"), "« stylesheet »"),
        (("<qti-item-body>", "<qti-assessment-stimulus-ref/><qti-item-body>"), "« assessmentStimulusRef »"),
        (("<p>A prefecture", "<qti-rubric-block>Hush</qti-rubric-block><p>A prefecture"), "« rubricBlock »"),
        (("<p>A prefecture", "<qti-feedback-block>Hush</qti-feedback-block><p>A prefecture"), "« feedbackBlock »"),
        (("<p>A prefecture", "<p><img src='x.png' alt='x'/>A prefecture"), "were not taken: img."),
        (("<p>A prefecture", "<p><a href='a.pdf'>A</a> prefecture"), "Links to files"),
        (("<p>A prefecture", "<p><a href='https://x.org'>A</a> prefecture"), ""),
        (('adaptive="false"', 'adaptive="true"'), "is adaptive"),
        (('time-dependent="false"', 'time-dependent="true"'), "time taken counts"),
        (('xml:lang="en-GB"', 'xml:lang="de"'), "« de » is not one of ours"),
        (('fixed="true">Not', 'fixed="false">Not'), ""),
        (('shuffle="false"', 'shuffle="true"'), ""),
    ],
)
def test_what_goes_with_a_question_and_is_not_ours_is_noted(change: tuple[str, str], message: str) -> None:
    taken = read(SINGLE_3.replace(*change).encode(), "en")
    assert len(taken.questions) == 1
    assert "Hush" not in taken.questions[0].stem["en"]
    assert [message in note for note in said(taken)] == ([True] if message else [])


def test_limits_on_the_number_of_choices_are_noted() -> None:
    assert "At most 2 options" in said(read(multiple_2(most="2").encode(), "fr"))[0]
    assert said(read(multiple_2(most="4").encode(), "fr")) == []
    assert said(read(multiple_2(most="²").encode(), "fr")) == []


def test_checkboxes_with_one_right_option_of_which_one_can_be_ticked_are_a_single_choice() -> None:
    one = multiple_2(most="1").replace("<imsqti:value>P</imsqti:value>", "")
    assert read(one.encode(), "fr").questions[0].type == "single"


def test_a_package_is_read_in_the_order_of_its_test_with_its_keywords() -> None:
    keywords = (
        "<metadata><lom:lom><lom:general><lom:keyword><lom:string>objective:d1-o1</lom:string></lom:keyword>"
        "<lom:keyword><lom:string>misconception-non:all or nothing</lom:string></lom:keyword>"
        "<lom:keyword><lom:string>mail</lom:string></lom:keyword></lom:general></lom:lom></metadata>"
    )
    test = (
        '<qti-assessment-test><qti-assessment-section><qti-assessment-item-ref href="items/m.xml"/>'
        '<qti-assessment-item-ref href="items/s%20.xml"/></qti-assessment-section></qti-assessment-test>'
    )
    resources = (
        resource("items/s%20.xml")
        + resource("items/m.xml", metadata=keywords)
        + resource("test.xml", "imsqti_test_xmlv3p0")
        + resource("img.png", "webcontent")
    )
    files = {"items/s .xml": SINGLE_3, "items/m.xml": MODAL_3, "test.xml": test, "img.png": b"x"}
    taken = read(package({"imsmanifest.xml": manifest(resources), **files}), "fr")
    assert [question.key for question in taken.questions] == ["modal", "mail-01"]
    assert taken.questions[0].objective == "d1-o1"
    assert [option.misconception for option in taken.questions[0].options] == ["all or nothing", "", ""]
    assert said(taken) == [
        "Other files of the package were not taken (1): img.png.",
        "line 1 Modal: Keywords were not taken: mail.",
        "line 1 test.xml: The test's parts, rules and scores were not taken: its items were, in its order.",
    ]


def test_a_package_in_a_folder_and_one_without_manifest_are_read() -> None:
    inside = package({"pack/imsmanifest.xml": manifest(resource("a.xml")), "pack/a.xml": SINGLE_3})
    assert len(read(inside, "fr").questions) == 1
    without = read(package({"b.xml": SINGLE_3, "a.xml": MODAL_3}), "fr")
    assert [question.key for question in without.questions] == ["modal", "mail-01"]
    assert "no manifest" in said(without)[0]


def test_what_a_manifest_names_and_is_absent_is_noted() -> None:
    taken = read(
        package({"imsmanifest.xml": manifest(resource("a.xml") + resource("../b.xml")), "a.xml": MODAL_3}), "fr"
    )
    assert len(taken.questions) == 1
    assert said(taken) == ["line 6 ../b.xml: The manifest names a file that is not in the package."]


def test_two_items_of_one_identifier_have_two_keys() -> None:
    files = {"imsmanifest.xml": manifest(resource("a.xml") + resource("b.xml")), "a.xml": MODAL_3, "b.xml": MODAL_3}
    taken = read(package({**files}), "fr")
    assert [question.key for question in taken.questions] == ["modal", "modal-2"]
    assert said(taken) == ["modal: Several items have this identifier: each has a key of its own here."]


def test_feedback_of_several_choices_follows_the_rules_that_test_for_one() -> None:
    rule = (
        '<responseCondition><responseIf><member><baseValue baseType="identifier">{0}</baseValue>'
        '<variable identifier="RESPONSE"/></member><setOutcomeValue identifier="FB">'
        '<baseValue baseType="identifier">{1}</baseValue></setOutcomeValue></responseIf></responseCondition>'
    )
    rules = rule.format("L", "law") + rule.format("M", "map")
    shown = (
        '<modalFeedback outcomeIdentifier="FB" identifier="{0}" showHide="{2}" title="{1}"><p>{0}!</p></modalFeedback>'
    )
    item = multiple_2(OURS, f"<responseProcessing>{rules}</responseProcessing>")
    modal = shown.format("law", "Careful", "show") + shown.format("map", "", "hide") + shown.format("N", "", "show")
    item = item.replace("</imsqti:assessmentItem>", modal + "</imsqti:assessmentItem>")
    taken = read(item.encode(), "fr")
    told = {option.key: option.feedback["fr"] for option in taken.questions[0].options}
    assert told == {"n": "N!", "p": "", "l": "**Careful**\n\nlaw!", "m": ""}
    assert [note.split(": ", 1)[1] for note in said(taken)] == [
        "The file has scoring rules of its own, which were not taken.",
        "Feedback « map » belongs to no option: it was not taken.",
    ]


def test_conditions_one_after_the_other_leave_the_rest_to_the_last() -> None:
    first = '<qti-match><qti-variable identifier="RESPONSE"/><qti-base-value>toujours</qti-base-value></qti-match>'
    again = (
        f"<qti-response-else-if>{first}<qti-set-outcome-value identifier='FEEDBACK'>"
        "<qti-base-value>excès</qti-base-value></qti-set-outcome-value></qti-response-else-if><qti-response-else>"
    )
    modal = (
        "<qti-modal-feedback outcome-identifier='FEEDBACK' identifier='excès' show-hide='show'><qti-content-body>"
        "Pas si vite.</qti-content-body></qti-modal-feedback></qti-assessment-item>"
    )
    item = MODAL_3.replace("<qti-response-else>", again).replace("</qti-assessment-item>", modal)
    taken = read(item.encode(), "en")
    told = [option.feedback["fr"] for option in taken.questions[0].options]
    assert (told, said(taken)) == (["Relisez l’annexe III.", "Oui, selon l’usage.", "Pas si vite."], [])


def test_a_package_of_2_1_with_base_addresses_and_ims_metadata_is_read() -> None:
    keyword = (
        "<metadata><lom><general><keyword><langstring>difficulty:3</langstring></keyword></general></lom></metadata>"
    )
    resources = resource("a.xml", "imsqti_item_xmlv2p1", keyword)
    named = manifest(resources).replace("<resources>", '<resources xml:base="items/">')
    taken = read(package({"imsmanifest.xml": named, "items/a.xml": multiple_2(OURS, MAP_RESPONSE)}), "fr")
    assert (taken.questions[0].difficulty, said(taken)) == (3, [])
