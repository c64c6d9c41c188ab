"""Matching, short and numeric questions from Moodle's files and to them; what they lose is said by name."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curricula.exchange.answers import written_number
from curricula.exchange.formats import gift, markdown, moodle_xml, qti
from curricula.exchange.html import plain_to_markdown
from curricula.exchange.labels import option_key
from curricula.exchange.model import Bank, Taken
from curricula.lacking import number
from curricula.model import Option, Question, Spot
from tests.curricula.exchange.question_samples import KEYS, SAID, TEXTS, a_question
from tests.rich_type_in_test import a_rich_question

#: As docs.moodle.org « Moodle XML format » shows each type.
MATCHING = """
<question type="matching"><name><text>Capitales</text></name>
<questiontext format="html"><text><![CDATA[<p>Reliez.</p>]]></text></questiontext>
<generalfeedback format="html"><text>Voir la carte.</text></generalfeedback>
<shuffleanswers>true</shuffleanswers>
<subquestion format="html"><text><![CDATA[<b>France</b>]]></text><answer><text>Paris</text></answer></subquestion>
<subquestion format="html"><text>Italie</text><answer><text>Rome</text></answer></subquestion>
<subquestion format="html"><text></text><answer><text>Oslo</text></answer></subquestion></question>"""
SHORT = """
<question type="shortanswer"><name><text>Nom</text></name>
<questiontext format="html"><text>Quel règlement ?</text></questiontext>
<usecase>1</usecase>
<answer fraction="100" format="moodle_auto_format"><text>RGPD</text>
<feedback format="html"><text>Oui.</text></feedback></answer>
<answer fraction="100"><text>GDPR</text><feedback format="html"><text>Oui.</text></feedback></answer>
<answer fraction="50"><text>CNIL</text><feedback format="html"><text>Elle l’applique.</text></feedback></answer>
<answer fraction="0"><text>*</text><feedback format="html"><text>Non.</text></feedback></answer></question>"""
NUMERICAL = """
<question type="numerical"><name><text>Gain</text></name>
<questiontext format="html"><text>Combien ?</text></questiontext>
<answer fraction="100"><text>12.50</text><tolerance>0.5</tolerance>
<feedback format="html"><text>Oui.</text></feedback></answer>
<answer fraction="0"><text>125</text><tolerance>0</tolerance>
<feedback format="html"><text>Dix fois trop.</text></feedback></answer>
<unitgradingtype>1</unitgradingtype><showunits>2</showunits><unitsleft>0</unitsleft>
<units><unit><multiplier>1</multiplier><unit_name>k€</unit_name></unit>
<unit><multiplier>1000</multiplier><unit_name>€</unit_name></unit></units></question>"""


def from_moodle(question: str) -> Taken:
    return moodle_xml.read(f"<quiz>{question}</quiz>".encode(), "fr")


def test_pairs_of_moodle() -> None:
    (question,) = from_moodle(MATCHING).questions
    assert question.type == "matching"
    assert [(option.text["fr"], option.place, option.feedback["fr"]) for option in question.options] == [
        ("**France**", "p1", "Voir la carte."), ("Italie", "p2", "Voir la carte."),
    ]  # fmt: skip
    assert [place.text["fr"] for place in question.places] == ["Paris", "Rome", "Oslo"]
    assert from_moodle(MATCHING).notes == ()


def test_short_answers_of_moodle_and_what_they_lose() -> None:
    taken = from_moodle(SHORT)
    (question,) = taken.questions
    assert (question.type, question.settings) == ("short", (("case", "counted"),))
    assert [(each.correct, (each.accepted or {})["fr"], each.feedback["fr"]) for each in question.options] == [
        (True, "RGPD | GDPR", "Oui."), (False, "CNIL", "Elle l’applique."),
    ]  # fmt: skip
    said = [str(note) for note in taken.notes]
    assert any("« * »" in each for each in said)
    assert any("« CNIL »" in each for each in said)


def test_a_number_of_moodle_its_units_and_what_it_loses() -> None:
    taken = from_moodle(NUMERICAL)
    (question,) = taken.questions
    (option,) = question.options
    assert (question.type, option.value, option.tolerance, option.feedback["fr"]) == ("numeric", "12.5", "0.5", "Oui.")
    assert [(place.text["fr"], place.factor) for place in question.places] == [("k€", ""), ("€", "0.001")]
    said = [str(note) for note in taken.notes]
    assert any("Dix fois trop." in each for each in said)
    assert any("unitgradingtype" in each for each in said)


@pytest.mark.parametrize(
    ("question", "old", "new"),
    [
        (MATCHING, "Italie", ""),
        (MATCHING, "Paris", ""),
        (SHORT, 'fraction="100"', 'fraction="40"'),
        (SHORT, "GDPR", "GDPR | RGPD"),
        (NUMERICAL, "12.50", "douze"),
        (NUMERICAL, "12.50", "1e999999999"),
        (NUMERICAL, ">0.5<", ">un peu<"),
        (NUMERICAL, ">1000<", ">3<"),
        (NUMERICAL, ">1000<", ">0<"),
        (NUMERICAL, 'fraction="0"', 'fraction="100"'),
    ],
)
def test_what_our_types_cannot_say_is_refused_by_name(question: str, old: str, new: str) -> None:
    assert old in question
    taken = from_moodle(question.replace(old, new))
    assert taken.questions == ()
    assert any(note.item and "Not taken" in note.message for note in taken.notes)


@pytest.mark.parametrize(
    ("text", "kind", "options", "places"),
    [
        ("{=<b>a</b> -> Paris =c -> Rome = -> Nul}", "matching", [("a", "p1"), ("b", "p2")], ["Paris", "Rome", "Nul"]),
        ("{=RGPD#Oui. =GDPR#Oui. =%0%CNIL#Non.}", "short", [("a", "RGPD | GDPR"), ("b", "CNIL")], []),
        ("{RGPD}", "short", [("a", "RGPD")], []),
        ("{#5:1}", "numeric", [("5", "1")], []),
        ("{#=12.5}", "numeric", [("12.5", "")], []),
        ("{#4..7#Oui.}", "numeric", [("5.5", "1.5")], []),
        ("{#-1,5:0.50}", "numeric", [("-1.5", "0.5")], []),
    ],
)  # fmt: skip
def test_forms_of_gift(text: str, kind: str, options: list[tuple[str, str]], places: list[str]) -> None:
    (question,) = gift.read(f"::N::Combien ?{text}".encode(), "fr").questions
    said = {
        "matching": [(each.key, each.place) for each in question.options],
        "short": [(each.key, (each.accepted or {}).get("fr", "")) for each in question.options],
        "numeric": [(each.value, each.tolerance) for each in question.options],
    }
    assert (question.type, said[kind]) == (kind, options)
    assert [place.text["fr"] for place in question.places] == places


def test_gift_says_what_numbers_lose() -> None:
    taken = gift.read(b"::N::Combien ?{#=5:1 =%50%6:1 ~#Trop loin.}", "fr")
    assert len(taken.questions) == 1
    said = " ".join(str(note) for note in taken.notes)
    assert "« 6 »" in said
    assert "Trop loin." in said
    assert gift.read(b"::N::Combien ?{#cinq}", "fr").questions == ()
    assert gift.read(b"::N::Reliez.{=a -> b =c}", "fr").questions == ()


PLAIN = st.text("abéà0 '’,.", min_size=1, max_size=8).map(lambda text: " ".join(text.split())).filter(
    lambda text: bool(text) and plain_to_markdown(text) == text
)  # fmt: skip
DECIMAL = st.fractions(-1000, 1000, max_denominator=1).map(lambda value: value / 8)


@st.composite
def carried(draw: st.DrawFn) -> Question:
    """A question of a type that Moodle has, with what its files carry."""
    kind = draw(st.sampled_from(["matching", "short", "numeric"]))
    common = draw(TEXTS)
    places: tuple[Spot, ...] = ()
    if kind == "matching":
        halves = draw(st.lists(PLAIN, min_size=2, max_size=5, unique=True))
        places = tuple(Spot(f"p{at + 1}", {"fr": text}) for at, text in enumerate(halves))
        count = draw(st.integers(2, len(halves)))
        options = tuple(
            Option(option_key(at), {"fr": draw(SAID)}, {"fr": common}, place=f"p{at + 1}") for at in range(count)
        )
    elif kind == "short":
        forms = draw(st.lists(st.lists(PLAIN, min_size=1, max_size=3), min_size=1, max_size=3))
        options = tuple(
            Option(option_key(at), {"fr": each[0]}, {"fr": f"n{at}"}, at == 0, accepted={"fr": " | ".join(each)})
            for at, each in enumerate(forms)
        )
    else:
        value, near = (written_number(draw(DECIMAL)), written_number(abs(draw(DECIMAL))))
        options = (
            Option(
                "a", {"fr": "Réponse"}, {"fr": common}, value=value or "", tolerance="" if near == "0" else near or ""
            ),
        )
    stem = {"fr": draw(SAID)}
    reserved, instead = draw(st.booleans()), draw(st.just("") | KEYS)
    return Question(draw(KEYS), kind, "o1", 2, "s1", stem, options, places, reserved=reserved, instead=instead)


@settings(max_examples=80, deadline=None)
@given(question=carried())
def test_what_is_written_is_read_back_equal(question: Question) -> None:
    bank = Bank("Banc", (question,), "fr")
    for form in (moodle_xml, gift):
        given_file = form.write(bank)
        if form is gift and any("->" in note.message for note in given_file.notes):
            assert any("->" in text["fr"] for text in question.texts())
            continue
        assert form.read(given_file.content, "fr").questions == (question,)
        assert given_file.notes == ()


def test_units_are_carried_by_moodle_and_refused_by_gift() -> None:
    option = Option("a", {"fr": "Réponse"}, {"fr": ""}, value="12.5", tolerance="2%")
    units = (Spot("p1", {"fr": "k€"}), Spot("p2", {"fr": "€"}, "0.001"))
    question = a_question(kind="numeric", options=(option,), places=units)
    bank = Bank("b", (question,), "fr")
    (again,) = moodle_xml.read(moodle_xml.write(bank).content, "fr").questions
    assert again == replace(question, options=(replace(option, tolerance="0.25"),))
    assert [note.item for note in gift.write(bank).notes] == ["q1"]
    third = replace(question, places=(units[0], Spot("p2", {"fr": "x"}, "3")))
    assert "Not written" in moodle_xml.write(Bank("b", (third,), "fr")).notes[0].message


def test_what_files_lose_is_said_by_name() -> None:
    said = {"fr": "Un **mot**"}
    pairs = a_question(
        kind="matching", places=(Spot("x", said), Spot("y", {"fr": "y"})),
        options=(Option("a", said, {"fr": "1"}, place="x"), Option("b", {"fr": "b"}, {"fr": "2"}, place="y")),
    )  # fmt: skip
    label = Option("a", {"fr": "Le règlement"}, {"fr": ""}, correct=True, accepted={"fr": "RGPD"})
    short = a_question("q2", "short", options=(label,))
    several = a_question("q3", "numeric", options=(replace(label, value="1"), replace(label, key="b", value="2")))
    every = a_question("q4", "multiple", settings=(("scoring", "all"),))
    for form in (moodle_xml, gift):
        found = {}
        for note in form.write(Bank("b", (pairs, short, several, every), "fr")).notes:
            found.setdefault(note.item, []).append(note.message)
        assert len(found["q1"]) == 3, "keys, formatting, feedback"
        assert "is not written" in found["q2"][0]
        assert "Not written" in found["q3"][0]
        assert "another rule" in found["q4"][0]


@pytest.mark.parametrize("form", [moodle_xml, gift, qti, markdown])
def test_a_type_that_a_format_has_not_is_refused_by_name(form: object) -> None:
    rich = a_rich_question(a_question())
    given_file = form.FORMAT.write(Bank("b", (rich, a_question("q2")), "fr"))  # type: ignore[attr-defined]
    assert [(note.item, note.values) for note in given_file.notes] == [("q1", {"type": "rich"})]
    assert [each.key for each in form.FORMAT.read(given_file.content, "fr").questions] == ["q2"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", [moodle_xml, gift, qti, markdown])
def test_what_every_question_says_travels_as_labels(form: object) -> None:
    question = a_question(kind="multiple", reserved=True, instead="q0", settings=(("scoring", "each"),))
    given_file = form.FORMAT.write(Bank("b", (question,), "fr"))  # type: ignore[attr-defined]
    assert form.FORMAT.read(given_file.content, "fr").questions == (question,)  # type: ignore[attr-defined]


@given(st.fractions())
def test_a_number_is_written_exactly_or_not_at_all(value: Fraction) -> None:
    said = written_number(value)
    assert said is None or number(said) == value
