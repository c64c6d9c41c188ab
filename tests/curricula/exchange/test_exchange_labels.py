"""Labels: tags say again what a question says, and every key of a file is ours and used once."""

import re

from hypothesis import given
from hypothesis import strategies as st

from curricula.exchange.labels import Keys, Labels, labels_of, option_key, tags_of
from curricula.model import Question
from tests.curricula.exchange.question_samples import a_question, questions

KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@given(questions("fr"))
def test_tags_say_again_what_a_question_says(question: Question) -> None:
    labels = labels_of(tags_of(question))
    assert (labels.objective, labels.difficulty, labels.source) == (
        question.objective, question.difficulty, question.source,
    )  # fmt: skip
    said = {option.key: option.misconception for option in question.options if option.misconception}
    assert (labels.misconceptions, labels.others) == (said, ())


def test_tags_are_in_one_order() -> None:
    assert tags_of(a_question()) == [
        "objective:d1-o1", "difficulty:3", "source:ai-act", "misconception-b:sector equals risk",
    ]  # fmt: skip


def test_tags_that_are_not_ours_are_kept_apart_and_impossible_ones_say_nothing() -> None:
    labels = labels_of(
        ["urgent", " difficulty : 9 ", "", "  ", "objective:", "source: a:b ", "Objective:x", "misconception-:y"]
    )
    assert labels == Labels("", 0, "a:b", {}, ("urgent", "objective:", "Objective:x", "misconception-:y"))


@given(st.lists(st.text(max_size=100), max_size=20))
def test_keys_are_ours_and_used_once(names: list[str]) -> None:
    keys = Keys()
    given_ = [keys.key(name) for name in names]
    assert len(set(given_)) == len(given_)
    assert all(KEY.fullmatch(key) for key in given_)


def test_a_key_is_like_its_name() -> None:
    keys = Keys()
    assert [keys.key(name) for name in ("Éthique : œuvre n° 1", "d2-q01", "D2 Q01", "???", "é" * 200)] == [
        "ethique-uvre-n-1", "d2-q01", "d2-q01-2", "q", "e" * 80,
    ]  # fmt: skip


def test_many_questions_of_one_name_take_no_more_than_their_number() -> None:
    keys = Keys()
    assert [keys.key("Question") for _ in range(20_000)][-1] == "question-20000"


def test_options_without_key_are_named_in_order() -> None:
    assert [option_key(number) for number in (0, 1, 25, 26, 27, 52)] == ["a", "b", "z", "a2", "b2", "a3"]
