"""Which format a file is of, and how its questions join a bank."""

from collections.abc import Iterable
from dataclasses import replace

from curricula.exchange.labels import USUAL_DIFFICULTY, Keys
from curricula.exchange.model import Format, NotReadable, Taken
from curricula.exchange.registry import formats
from curricula.model import Question
from curricula.problems import N_


def read(name: str, content: bytes, language: str, key: str | None = None) -> Taken:
    """What a file holds, by its name and content, or as the format of that ``key``.

    ``NotReadable`` where no format reads it: of the one that fits its name best.
    """
    if key is not None:
        return _read(formats()[key], content, language)
    fitting = [each for each in formats().values() if each.read and name.lower().endswith(each.suffixes)]
    if not fitting:
        raise NotReadable(N_("No format known here ends like « %(name)s »."), name=name[-60:])
    refusals = []
    for each in fitting:
        try:
            return _read(each, content, language)
        except NotReadable as refusal:
            refusals.append(refusal)
    # A file that is not even XML, or an archive, is refused alike by all; else the one that went furthest knows best.
    raise max(refusals, key=lambda refusal: refusal.note.line)


def _read(one: Format, content: bytes, language: str) -> Taken:
    if one.read is None:
        raise NotReadable(N_("« %(format)s » is written here, not read."), format=one.name)
    return one.read(content, language)


def joining(
    taken: Iterable[str], new: Iterable[Question], objective: str = "", source: str = "",
    difficulty: int = USUAL_DIFFICULTY,
) -> list[Question]:  # fmt: skip
    """Questions that are to join a bank: keys that are ``taken`` change, and what they do not say is filled in."""
    keys = Keys()
    for key in taken:
        keys.key(key)
    found = list(new)
    named = {question.key: keys.key(question.key) for question in found}
    return [
        replace(
            question, key=named[question.key], objective=question.objective or objective,
            source=question.source or source, difficulty=question.difficulty or difficulty,
            instead=named.get(question.instead, question.instead),
        )
        for question in found
    ]  # fmt: skip
