"""A track whose assessment asks one question of each type that a test names, made of the samples of the types."""

from dataclasses import replace

from curricula.bank import read_bank
from curricula.model import Question, Track
from curricula.problems import Place
from tests.assessments.test_every_type import HERE
from tests.learner_in_test import TRACK, module


def sample_question(kind: str, **more: object) -> Question:
    """The sample question of a type, under the name of the type."""
    (question,) = read_bank(Place.of(kind, (HERE / f"{kind}.toml").read_bytes()), [])
    return replace(question, key=kind, **more)  # type: ignore[arg-type]


def varied(*kinds: str) -> Track:
    """« varied », one module « v1 » whose assessment asks a question of each of these types."""
    of = module("d1")
    facts = {"objective": of.objectives[0].key, "source": of.sources[0].key}
    assert of.quiz is not None
    assert TRACK.certificate is not None
    part = replace(
        of, key="v1", code="V1", questions=tuple(sample_question(kind, **facts) for kind in kinds),
        quiz=replace(of.quiz, questions=len(kinds)), objectives=of.objectives[:1],
        lessons=tuple(replace(each, objectives=(facts["objective"],)) for each in of.lessons),
    )  # fmt: skip
    return replace(
        TRACK, key="varied", code="V", modules=(part,), certificate=replace(TRACK.certificate, modules=("v1",))
    )
