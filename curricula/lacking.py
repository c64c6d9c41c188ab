"""What a question lacks to be one of its type, by its anatomy."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from curricula.anatomy import Anatomy, Part
from curricula.model import LANGUAGES, Option, Question
from curricula.problems import N_
from curricula.question import GAP

# No longer than a text that says a quantity: what is longer is a slip, or made to weigh.
_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,30})?")


@dataclass(frozen=True)
class Lack:
    """Something missing or too much. ``path`` leads to it; ``what`` and ``fix`` are to be translated."""

    path: tuple[str, ...]
    what: str
    fix: str
    values: tuple[tuple[str, object], ...] = ()


def number(text: str) -> Fraction | None:
    """The number a question says, exactly; None where it is none."""
    return Fraction(text) if _NUMBER.fullmatch(text) else None


def lacking(question: Question, anatomy: Anatomy) -> Iterator[Lack]:
    """Everything a question lacks, or has too much of."""
    yield from _counts(question, anatomy)
    checks: dict[Part, Callable[[Question, Option], Iterable[Lack]]] = {
        "place": _place, "kind": _kind, "leads": _leads, "value": _value, "accepted": _accepted,
    }  # fmt: skip
    for option in question.options:
        for part in sorted(anatomy.parts & checks.keys()):
            yield from checks[part](question, option)
    if "kind" in anatomy.parts and not any(option.place for option in question.options):
        yield _lack(("option",), N_("No option belongs to a place."), N_("Give one at least its place."))
    if anatomy.gaps:
        yield from _gaps(question)
    if "leads" in anatomy.parts and len(question.places) <= anatomy.places[1]:
        yield from _ways(question)
    yield from _criteria(question)
    yield from _settings(question, anatomy)
    yield from _rows(question, anatomy)


def _counts(question: Question, anatomy: Anatomy) -> Iterator[Lack]:
    if anatomy.right is not None:
        low, high = anatomy.right
        right = sum(option.correct for option in question.options)
        if not low <= right <= high:
            fix = N_("Mark exactly one.") if low == high == 1 else N_("Mark %(low)s to %(high)s of them.")
            yield _lack(("option",), N_("%(count)s options are right."), fix, count=right, low=low, high=high)
    for name, what, held, (low, high) in (
        ("option", N_("There are %(count)s options."), question.options, anatomy.options),
        ("place", N_("There are %(count)s places."), question.places, anatomy.places),
        ("criterion", N_("There are %(count)s criteria."), question.criteria, anatomy.criteria),
    ):
        if not low <= len(held) <= high:
            fix = N_("Give %(low)s to %(high)s.") if high else N_("A question of this type has none.")
            yield _lack((name,), what, fix, count=len(held), low=low, high=high)


def _place(question: Question, option: Option) -> Iterator[Lack]:
    if question.place(option.place) is None:
        what, fix = N_("Option « %(key)s » belongs to no place."), N_("Name one of the places of the question.")
        yield _lack(("option", option.key, "place"), what, fix, key=option.key)


def _kind(question: Question, option: Option) -> Iterable[Lack]:
    return _place(question, option) if option.place else ()


def _leads(question: Question, option: Option) -> Iterator[Lack]:
    if option.leads and question.place(option.leads) is None:
        what, fix = (
            N_("Option « %(key)s » leads nowhere."),
            N_("Name one of the places of the question, or none to end."),
        )
        yield _lack(("option", option.key, "leads"), what, fix, key=option.key)


def _value(question: Question, option: Option) -> Iterator[Lack]:
    where = ("option", option.key, "value")
    if number(option.value) is None:
        what, fix = N_("« %(value)s » is not a number."), N_("Write it with digits and a point, for example 12.5.")
        yield _lack(where, what, fix, value=option.value)
    near = number(option.tolerance.removesuffix("%").strip())
    if option.tolerance and (near is None or near < 0):
        what = N_("« %(value)s » is not a tolerance.")
        yield _lack(where, what, N_("Write a number, for example 0.5 or 2%%."), value=option.tolerance)
    for spot in question.places:
        if not number(spot.factor or "1"):
            what = N_("« %(value)s » is not how many of the first unit make one of this one.")
            fix = N_("Write a number other than zero, for example 1000.")
            yield _lack(("place", spot.key, "factor"), what, fix, value=spot.factor)


def _accepted(_question: Question, option: Option) -> Iterator[Lack]:
    for language in LANGUAGES:
        if not any(form.strip() for form in (option.accepted or {}).get(language, "").split("|")):
            what = N_("No form of « %(key)s » is accepted in this language.")
            fix = N_("Write what is accepted, « | » between forms.")
            yield _lack(("option", option.key, "accepted", language), what, fix, key=option.key)


def _gaps(question: Question) -> Iterator[Lack]:
    """Gaps that no option fills, options that fill none, in each language; what fills each gap."""
    for language in LANGUAGES:
        found = Counter(GAP.findall(question.stem.get(language, "")))
        where = ("stem", language)
        for key, count in found.items():
            if question.option(key) is None:
                what = N_("No option fills the gap « [[%(key)s]] ».")
                yield _lack(where, what, N_("Write an option of that key, or remove the gap."), key=key)
            elif count > 1:
                what = N_("The gap « [[%(key)s]] » is there more than once.")
                yield _lack(where, what, N_("Keep one, and give each other gap an option of its own."), key=key)
        for option in question.options:
            if question.stem.get(language) and option.key not in found:
                what = N_("Option « %(key)s » fills no gap of this text.")
                yield _lack(where, what, N_("Write [[%(key)s]] where it goes, or remove the option."), key=option.key)
    for option in question.options:
        yield from (_place if question.places else _accepted)(question, option)


def _ways(question: Question) -> Iterator[Lack]:
    """Scenes that no way reaches, that lead back, or where there is nothing to decide; no decision that earns."""
    if question.options and not any(option.points for option in question.options):
        what, fix = N_("No decision earns anything."), N_("Give the better ones more points, 100 at most.")
        yield _lack(("option",), what, fix)
    ahead = {
        spot.key: {o.leads for o in question.options if o.place == spot.key and o.leads} for spot in question.places
    }
    for spot in question.places:
        if not any(option.place == spot.key for option in question.options):
            what, fix = (
                N_("Nothing can be decided in « %(key)s »."),
                N_("Write what can be chosen there, or remove it."),
            )
            yield _lack(("place", spot.key), what, fix, key=spot.key)
    reached: set[str] = set()
    path: list[str] = []

    def walk(key: str) -> Iterator[Lack]:
        if key in path:
            what, fix = N_("One can come back to « %(key)s »."), N_("Let each decision lead further.")
            yield _lack(("place", key), what, fix, key=key)
            return
        if key in reached:
            return
        reached.add(key)
        path.append(key)
        for following in sorted(ahead.get(key, ())):
            yield from walk(following)
        path.pop()

    if question.places:
        yield from walk(question.places[0].key)
    for spot in question.places:
        if spot.key not in reached:
            what, fix = N_("No decision leads to « %(key)s »."), N_("Let one lead there, or remove it.")
            yield _lack(("place", spot.key), what, fix, key=spot.key)


def _criteria(question: Question) -> Iterator[Lack]:
    for criterion in question.criteria:
        points = [level.points for level in criterion.levels]
        if not 2 <= len(points) <= 6 or max(points) != 100 or len(set(points)) < len(points):
            what = N_("The levels of « %(key)s » do not tell works apart.")
            fix = N_("Give 2 to 6 levels, each with its own points, the best one 100.")
            yield _lack(("criterion", criterion.key), what, fix, key=criterion.key)


def _settings(question: Question, anatomy: Anatomy) -> Iterator[Lack]:
    for key, value in question.settings:
        known = anatomy.setting(key)
        if known is None:
            what, fix = N_("« %(key)s » is not a setting of this type."), N_("Use: %(known)s.")
            names = ", ".join(setting.key for setting in anatomy.settings) or "-"
            yield _lack(("setting", key), what, fix, key=key, known=names)
        elif value not in known.allowed:
            what, fix = N_("« %(key)s » cannot be %(value)s."), N_("Use: %(known)s.")
            allowed = known.allowed
            names = f"{allowed[0]}-{allowed[-1]}" if isinstance(allowed, range) else ", ".join(allowed)
            yield _lack(("setting", key), what, fix, key=key, value=value, known=names)


def _rows(question: Question, anatomy: Anatomy) -> Iterator[Lack]:
    """Places that are the cells of a matrix fill its rows."""
    setting = anatomy.setting("columns")
    columns = question.setting("columns") or (setting.usual if setting else 1)
    if setting and columns in setting.allowed and len(question.places) % int(columns):
        what, fix = N_("The last row of %(columns)s cells is not whole."), N_("Add its places, or change the columns.")
        yield _lack(("place",), what, fix, columns=columns)


def _lack(path: tuple[str, ...], what: str, fix: str, **values: object) -> Lack:
    return Lack(path, what, fix, tuple(values.items()))
