"""Packages of QTI 3.0 that we write: their shape, their scoring, and that reading gives the same questions back."""

import io
import re
import zipfile
from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction
from itertools import chain, combinations
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from assessments.types import multiple, single
from curricula.exchange.formats.qti import read, write
from curricula.exchange.model import Bank
from curricula.model import Option, Question
from curricula.render import render_inline
from tests.curricula.exchange.question_samples import banks
from tests.tracks_in_test import fixed_tracks

QTI = "{http://www.imsglobal.org/xsd/imsqtiasi_v3p0}"
PACKAGE = "{http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1}"
LOM = "{http://ltsc.ieee.org/xsd/LOM}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"

#: Children in the order that the schema asks (QTI 3.0 information model, AssessmentItem).
ORDER = [
    f"{QTI}qti-{name}"
    for name in ("response-declaration", "outcome-declaration", "item-body", "response-processing", "modal-feedback")
]
FLOW = {"p", "ul", "ol", "li", "strong", "em", "a", "code", "pre", "blockquote", "br", "hr", "span", "div"}
FLOW |= {f"h{level}" for level in range(1, 7)}
NC_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)


def question(kind: str = "single", right: str = "b", options: str = "abcd", **changes: object) -> Question:
    """A question whose options of ``right`` are right."""
    made = tuple(
        Option(
            key, {"en": f"Option *{key}*"}, {"en": f"Because {key} & co."}, key in right, "" if key in right else key
        )
        for key in options
    )
    whole = Question("d1-q01", kind, "d1-o1", 3, "white-paper", {"en": "Which **one**?\n\n- here\n- there"}, made)
    return replace(whole, **changes)  # type: ignore[arg-type]


def files(*questions: Question) -> dict[str, Element]:
    packed = zipfile.ZipFile(io.BytesIO(write(Bank("Bank « A & B »", questions, "en")).content))
    return {name: fromstring(packed.read(name)) for name in packed.namelist()}


@pytest.mark.parametrize("written", [question(), question("multiple", "bd"), question(key="2-q")])
def test_an_item_has_the_shape_of_the_specification(written: Question) -> None:
    made = files(written)
    identifier = "_2-q" if written.key == "2-q" else written.key
    item = made[f"items/{identifier}.xml"]
    cardinality = "multiple" if written.type == "multiple" else "single"
    assert item.tag == f"{QTI}qti-assessment-item"
    assert item.attrib | {"identifier": identifier, "adaptive": "false", "time-dependent": "false"} == item.attrib
    assert (item.get("title"), item.get(LANG)) == (written.key, "en")
    assert [ORDER.index(node.tag) for node in item] == sorted(ORDER.index(node.tag) for node in item)
    response = item.find(f"{QTI}qti-response-declaration")
    assert response is not None
    assert (response.get("identifier"), response.get("cardinality")) == ("RESPONSE", cardinality)
    assert response.get("base-type") == "identifier"
    outcomes = {
        node.get("identifier"): (node.get("cardinality"), node.get("base-type"))
        for node in item.findall(f"{QTI}qti-outcome-declaration")
    }
    assert outcomes == {"SCORE": ("single", "float"), "FEEDBACK": (cardinality, "identifier")}
    interaction = item.find(f"{QTI}qti-item-body/{QTI}qti-choice-interaction")
    assert interaction is not None
    assert interaction.get("max-choices") == ("0" if cardinality == "multiple" else "1")
    names = [choice.get("identifier", "") for choice in interaction.findall(f"{QTI}qti-simple-choice")]
    assert all(NC_NAME.fullmatch(name) for name in [*names, identifier])
    shown = item.findall(f"{QTI}qti-modal-feedback")
    assert [node.get("identifier") for node in shown] == names
    assert all(node.get("outcome-identifier") == "FEEDBACK" and node.get("show-hide") == "show" for node in shown)
    assert all([child.tag for child in node] == [f"{QTI}qti-content-body"] for node in shown)
    tags = {node.tag.removeprefix(QTI) for node in item.iter()}
    assert {tag for tag in tags if not tag.startswith("qti-")} <= FLOW


def test_the_manifest_names_each_item_once_and_carries_our_tags() -> None:
    made = files(question(), question(key="d1-q02"))
    manifest = made["imsmanifest.xml"]
    assert manifest.tag == f"{PACKAGE}manifest"
    assert [node.tag for node in manifest] == [
        f"{PACKAGE}{name}" for name in ("metadata", "organizations", "resources")
    ]
    assert manifest.findtext(f"{PACKAGE}metadata/{PACKAGE}schema") == "QTI Package"
    assert manifest.findtext(f"{PACKAGE}metadata/{PACKAGE}schemaversion") == "3.0.0"
    assert manifest.findtext(f".//{LOM}title/{LOM}string") == "Bank « A & B »"
    resources = manifest.findall(f"{PACKAGE}resources/{PACKAGE}resource")
    assert {node.get("type") for node in resources} == {"imsqti_item_xmlv3p0"}
    assert [node.get("href") for node in resources] == [name for name in made if name != "imsmanifest.xml"]
    assert [[child.get("href") for child in node.findall(f"{PACKAGE}file")] for node in resources] == [
        [node.get("href")] for node in resources
    ]
    keywords = [node.text for node in resources[0].iterfind(f".//{LOM}keyword/{LOM}string")]
    assert keywords[:4] == ["objective:d1-o1", "difficulty:3", "source:white-paper", "misconception-a:a"]


def score(item: Element, response: Collection[str]) -> tuple[Fraction, set[str]]:
    """(SCORE, FEEDBACK) of an item, by the rules of its response processing (QTI 3.0, « Response Processing »)."""
    declaration = item.find(f"{QTI}qti-response-declaration")
    processing = item.find(f"{QTI}qti-response-processing")
    assert declaration is not None
    assert processing is not None
    correct = {node.text for node in declaration.iterfind(f"{QTI}qti-correct-response/{QTI}qti-value")}
    found: dict[str | None, object] = {"SCORE": Fraction(0)}

    def value(node: Element) -> object:
        kind = node.tag.removeprefix(f"{QTI}qti-")
        if kind == "variable":
            return set(response)
        if kind == "correct":
            return correct
        if kind == "base-value":
            return Fraction(node.text or "")
        if kind == "divide":
            first, second = (value(child) for child in node)
            return first / second  # type: ignore[operator]
        assert kind == "map-response"
        mapping = declaration.find(f"{QTI}qti-mapping")
        assert mapping is not None
        points = {entry.get("map-key"): Fraction(entry.get("mapped-value", "")) for entry in mapping}
        total = sum((points[one] for one in set(response)), Fraction(0))
        return min(max(total, Fraction(mapping.get("lower-bound", ""))), Fraction(mapping.get("upper-bound", "")))

    def run(rule: Element) -> None:
        kind = rule.tag.removeprefix(f"{QTI}qti-")
        if kind == "set-outcome-value":
            found[rule.get("identifier")] = value(rule[0])
            return
        assert kind == "response-condition"
        first, second = rule
        matched = value(first[0][0]) == value(first[0][1])
        for inner in list(first)[1:] if matched else list(second):
            run(inner)

    for rule in processing:
        run(rule)
    return found["SCORE"], found["FEEDBACK"]  # type: ignore[return-value]


@pytest.mark.parametrize("right", ["a", "ab", "abc", "bcd", "abcd"])
def test_a_multiple_choice_scores_there_as_here(right: str) -> None:
    asked = question("multiple", right, "abcde")
    item = files(asked)["items/d1-q01.xml"]
    for response in chain.from_iterable(combinations("abcde", size) for size in range(6)):
        assert score(item, response) == (multiple.grade(asked, {"choice": response}).points, set(response))


def test_a_single_choice_scores_there_as_here_and_shows_its_feedback() -> None:
    item = files(question())["items/d1-q01.xml"]
    for response in "abcd":
        assert score(item, response) == (single.grade(question(), {"choice": (response,)}).points, {response})


def test_the_same_questions_give_the_same_bytes_and_no_note() -> None:
    bank = Bank("B", (question(),), "en")
    assert write(bank) == write(bank)
    assert write(bank).notes == ()
    assert read(write(bank).content, "fr").questions == bank.questions


def test_what_a_package_cannot_hold_is_noted() -> None:
    given = write(
        Bank("B", (question("essay"), question(key="fr", stem={"fr": "Quoi ?", "en": ""}), question(key="kept")), "en")
    )
    assert [str(note) for note in given.notes] == [
        "d1-q01: Questions of type « essay » have no place here. Not written.",
        "fr: The question is not in this language: it was not written.",
    ]
    assert [one.key for one in read(given.content, "en").questions] == ["kept"]


def test_questions_of_a_track_come_back_equal() -> None:
    for track in fixed_tracks().values():
        for language in track.languages:
            asked = tuple(
                replace(
                    one,
                    stem={language: one.stem[language]},
                    options=tuple(
                        replace(
                            option,
                            text={language: option.text[language]},
                            feedback={language: option.feedback[language]},
                        )
                        for option in one.options
                    ),
                )
                for module in track.modules
                for one in module.questions
            )
            taken = read(write(Bank(track.key, asked, language)).content, "en")
            assert (taken.questions, taken.notes) == (asked, ())


KEYS = st.from_regex(r"[a-z0-9]{1,6}(-[a-z0-9]{1,6}){0,2}", fullmatch=True)
WORDS = st.from_regex(r"[A-Za-zéèçœ’]{1,8}", fullmatch=True)
PIECES = WORDS | st.sampled_from(
    ["*em*", "**strong**", "`x*y`", "[link](https://x.org/?a=1&b=2)", "5 %", "« a »", "A&B", "1 < 2"]
)
SENTENCES = st.lists(PIECES, min_size=1, max_size=5).map(lambda pieces: "Il " + " ".join(pieces) + ".")
ITEMS = st.lists(SENTENCES, min_size=1, max_size=3).map(lambda items: "\n".join(f"- {one}" for one in items))
#: Markdown as an author writes it: paragraphs, then a list, with emphasis, links and code.
WRITTEN = st.tuples(st.lists(SENTENCES, min_size=1, max_size=2), st.lists(ITEMS, max_size=1)).map(
    lambda parts: "\n\n".join([*parts[0], *parts[1]])
)
TAGS = st.from_regex(r"[a-z][a-z0-9 ,&<>\"'-]{0,10}[a-z0-9]", fullmatch=True)


@st.composite
def questions(draw: st.DrawFn, texts: st.SearchStrategy[str] = WRITTEN) -> Question:
    keys = draw(st.lists(KEYS, min_size=2, max_size=8, unique=True))
    kind = draw(st.sampled_from(["single", "multiple"]))
    right = set(draw(st.lists(st.sampled_from(keys), min_size=1, max_size=1 if kind == "single" else 8)))
    options = tuple(
        Option(key, {"fr": draw(texts)}, {"fr": draw(texts | st.just(""))}, key in right, draw(TAGS | st.just("")))
        for key in keys
    )
    said = draw(KEYS | st.just("")), draw(st.integers(1, 3)), draw(KEYS | st.just(""))
    return Question(draw(KEYS), kind, *said, {"fr": draw(texts)}, options)


@settings(max_examples=30)
@given(st.lists(questions(), min_size=1, max_size=2, unique_by=lambda one: one.key))
def test_written_then_read_questions_are_equal_without_a_note(asked: list[Question]) -> None:
    taken = read(write(Bank("B", tuple(asked), "fr")).content, "en")
    assert (taken.questions, taken.notes) == (tuple(asked), ())


#: Any text that TOML, and so a track, may hold.
ANY = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn")) | st.sampled_from("\n*_`[]()<>#-+1.)&\\ "), max_size=40
)


@settings(max_examples=60)
@given(ANY)
def test_any_text_shows_the_same_once_written_and_read(text: str) -> None:
    asked = question(stem={"en": f"Il {text}"})
    (taken,) = read(write(Bank("B", (asked,), "en")).content, "en").questions
    assert shown(taken.stem["en"]) == shown(asked.stem["en"])


@settings(max_examples=30)
@given(banks().filter(lambda some: bool(some.questions)))
def test_a_bank_taken_out_and_in_keeps_everything_but_the_form_of_its_texts(some: Bank) -> None:
    """Signs of Markdown that do nothing may go or change; a text that shows nothing may be refused."""
    taken = {each.key: as_shown(each, some.language) for each in read(write(some).content, some.language).questions}
    kept = [each for each in some.questions if all(shown(said) for said in asked(each, some.language))]
    assert [taken.get(each.key) for each in kept] == [as_shown(each, some.language) for each in kept]


def asked(question: Question, language: str) -> list[str]:
    """The texts of a question that it cannot do without."""
    return [question.stem[language], *(option.text[language] for option in question.options)]


def as_shown(question: Question, language: str) -> Question:
    """The question with its texts as a reader sees them."""
    options = tuple(
        replace(
            option, text={language: shown(option.text[language])},
            feedback={language: shown(option.feedback.get(language, ""))},
        )
        for option in question.options
    )  # fmt: skip
    return replace(question, stem={language: shown(question.stem[language])}, options=options)


def shown(markdown: str) -> str:
    """What a reader sees, spaces apart."""
    return "".join(re.sub(r"<[^>]*>", "", render_inline(markdown, "en")).split())
