"""A scenario: scenes one after the other, each decision leading to the next one, or ending.

A decision is settled once it is sent: it is never changed, and what was decided elsewhere does not count. The points
earned on the way are measured against those of the best way there is; a way that is not at its end has what it earned
so far.
"""

from collections.abc import Iterator
from fractions import Fraction

from assessments.choices import in_order, partly
from assessments.model import Choice, DrawnQuestion, Field, Line, Mark, Response, Sheet, Told, Verdict
from assessments.type import QuestionType
from curricula.anatomy import Anatomy
from curricula.model import Option, Question, Spot
from curricula.problems import N_


def sheet(question: Question, drawn: DrawnQuestion, response: Response) -> Sheet:
    """The scenes gone through with what was decided, then the one that is reached."""
    way = list(_way(question, response))
    told = tuple(Told(scene.text, taken.text) for scene, taken in way if taken)
    fields = tuple(_field(question, drawn, scene) for scene, taken in way if taken is None)
    if fields:
        instruction = N_(
            "Choose what you do, then confirm it or leave the question: it then stands, and what follows depends on it."
        )
    else:
        instruction = N_("This is where your decisions led.") if told else ""
    return Sheet(instruction, fields, told=told, goes_on=bool(fields))


def every_field(question: Question, drawn: DrawnQuestion) -> tuple[Field, ...]:
    """Those of all scenes."""
    return tuple(_field(question, drawn, scene) for scene in question.places)


def settle(question: Question, kept: Response, sent: Response) -> Response:
    """The decisions already taken, then the one sent for the scene reached."""
    settled: dict[str, tuple[str, ...]] = {}
    for scene, taken in _way(question, kept):
        now = taken or _taken(question, scene, sent)
        if now is not None:
            settled[scene.key] = (now.key,)
    return settled


def grade(question: Question, response: Response) -> Mark:
    """The points earned on the way, over those of the best way."""
    taken = [option for _scene, option in _way(question, response) if option]
    if not taken:
        return Mark(Fraction(0), "none")
    best = _best(question)
    most = best.get(question.places[0].key, 0)
    parts = {option.key: Fraction(option.points, most) for option in taken if option.points and most}
    return partly(sum(parts.values(), Fraction(0)), parts)


def lines(question: Question, _drawn: DrawnQuestion, response: Response) -> tuple[Line, ...]:
    """Each scene gone through: what was decided, and a decision from which nothing better can be reached."""
    best = _best(question)
    return tuple(_line(question, best, scene, taken) for scene, taken in _way(question, response))


def best_way(question: Question) -> Iterator[Option]:
    """The decisions of a way that earns most, from the first scene on."""
    best, scene = _best(question), question.places[0] if question.places else None
    while scene is not None and (offered := _offered(question, scene)):
        taken = max(offered, key=lambda option: _reach(option, best))
        yield taken
        scene = question.place(taken.leads)


def _line(question: Question, best: dict[str, int], scene: Spot, taken: Option | None) -> Line:
    offered = _offered(question, scene)
    most = max((_reach(option, best) for option in offered), default=0)
    expected = tuple(option.text for option in offered if _reach(option, best) == most)
    if taken is None:
        return Line(scene.text, (), expected[:1], "missed")
    right = _reach(taken, best) == most
    verdict: Verdict = "right" if right else "partial" if taken.points else "wrong"
    return Line(scene.text, (taken.text,), (taken.text,) if right else expected[:1], verdict, taken.feedback)


def _field(question: Question, drawn: DrawnQuestion, scene: Spot) -> Field:
    here = {option.key for option in _offered(question, scene)}
    choices: tuple[Choice, ...] = tuple(choice for choice in in_order(question, drawn) if choice.key in here)
    return Field(scene.key, "one", scene.text, choices)


def _way(question: Question, response: Response) -> Iterator[tuple[Spot, Option | None]]:
    """The scenes gone through from the first one, each with its decision; the last one may wait for its own."""
    scene, seen = (question.places[0] if question.places else None), set[str]()
    while scene is not None and scene.key not in seen:  # one that is being written may lead back
        seen.add(scene.key)
        taken = _taken(question, scene, response)
        yield scene, taken
        scene = question.place(taken.leads) if taken else None


def _taken(question: Question, scene: Spot, response: Response) -> Option | None:
    said = response.get(scene.key, ())
    option = question.option(said[0]) if len(said) == 1 else None
    return option if option and option.place == scene.key else None


def _offered(question: Question, scene: Spot) -> list[Option]:
    return [option for option in question.options if option.place == scene.key]


def _reach(option: Option, best: dict[str, int]) -> int:
    """The most that can be earned from a decision on."""
    return option.points + best.get(option.leads, 0)


def _best(question: Question) -> dict[str, int]:
    """The most that can be earned from each scene on: no way is longer than there are scenes."""
    best = dict.fromkeys((scene.key for scene in question.places), 0)
    for _longest in question.places:
        before = dict(best)
        for option in question.options:
            if option.place in best:
                best[option.place] = max(best[option.place], _reach(option, before))
        if best == before:
            break
    return best


TYPE = QuestionType(
    "scenario", N_("Scenario with decisions"),
    Anatomy(
        options=(2, 40), places=(1, 16), parts=frozenset({"place", "leads", "points"}), option_name=N_("Decision"),
        place_name=N_("Scene"),
    ),
    sheet, grade, lines, shuffles=frozenset({"options"}), settle=settle, every_field=every_field,
)  # fmt: skip
