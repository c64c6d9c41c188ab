"""The placement test of a track: which modules it asks about and with which questions, and whether it can."""

from collections.abc import Iterator

from curricula.anatomy import Types
from curricula.folder import Folder
from curricula.model import Module, Question, Track
from curricula.problems import N_, Problem


def placed_modules(track: Track, types: Types) -> tuple[Module, ...]:
    """The modules that a placement test asks about: those of the common core with a question that it may ask."""
    return tuple(module for module in track.in_branch(None) if module.quiz and placed_questions(module, types))


def placed_questions(module: Module, types: Types) -> tuple[Question, ...]:
    """The questions that it may ask, as practice does: those not kept for the assessment nor marked by a person."""
    return tuple(
        question
        for question in module.practice_questions
        if question.type in types and not types[question.type].criteria[1]
    )


def check_placement(track: Track, folder: Folder, types: Types | None) -> Iterator[Problem]:
    """What the rules of a placement test ask of the banks and of the thresholds; without ``types``, of these alone."""
    rules, place = track.placement, folder.place("track.toml")
    if rules is None:
        return
    line = place.line_of(r"^\[placement\]")
    if types is not None and not placed_modules(track, types):
        what = N_("The placement test has no question to ask.")
        yield place.problem(line, what, N_("Write questions that are not reserved, or remove it."))
    for module in placed_modules(track, types) if types is not None else ():
        count = len(placed_questions(module, types)) if types is not None else 0
        if count < rules.questions:
            what = N_("The placement test asks %(asked)s questions about « %(key)s », which has %(count)s for it.")
            fix = N_("Ask fewer, or write questions that are not reserved.")
            yield place.problem(line, what, fix, asked=rules.questions, key=module.key, count=count)
    thresholds = {module.quiz.threshold for module in track.in_branch(None) if module.quiz}
    thresholds |= {rule.threshold for rule in (track.certificate, track.label) if rule is not None}
    needed = max(thresholds, default=rules.threshold)
    if rules.exempts and rules.threshold < needed:
        what = N_("The placement test exempts from %(threshold)s%% on, where %(needed)s%% are to be reached.")
        fix = N_("Let it ask as much as the assessments, the certificate and the label do, or exempt nobody.")
        yield place.problem(line, what, fix, threshold=int(rules.threshold * 100), needed=int(needed * 100))
