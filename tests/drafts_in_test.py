"""What a track and a module may say while they are written: texts as forms keep them, some still empty."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import strategies as st

from curricula.awards import JuryRule, Refresher, Way
from curricula.glossary import Glossary
from curricula.model import (
    Branch,
    CertificateRule,
    Competency,
    Framework,
    LabelRule,
    LegalReference,
    Level,
    Module,
    Objective,
    PlacementRules,
    QuizRules,
    Source,
    Term,
    Track,
)

SIGNS = st.text(st.sampled_from("abé’<>&\"'\\{}%œ£€→日 \t😀0/#"), max_size=12)
LINE = SIGNS.map(str.strip)
TEXT = st.lists(LINE, max_size=3).map("\n".join).map(str.strip)
LINES, TEXTS = (st.fixed_dictionaries({"fr": text, "en": text}) for text in (LINE, TEXT))
KEY = st.sampled_from(["a", "a-1", "d1-o1", "d1-o2", "white-paper", "x-9"])
DAY = st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1))
DATED = st.sampled_from(["2025", "2026-11", "2026-11-20", "1958-10-04"])
ADDRESS = st.sampled_from(["https://example.org/a?b=c&d=%22", "http://example.org/"])
SHARE = st.integers(1, 100).map(lambda number: Fraction(number, 100))
NUMBERS = st.lists(st.integers(1, 17), max_size=3, unique=True).map(tuple)


def rows(kind: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """Up to three rows with keys of their own."""
    return st.lists(kind, max_size=3, unique_by=lambda each: each.key).map(tuple)  # type: ignore[attr-defined]


def note() -> st.SearchStrategy[object]:
    """A note that says something, or none."""
    return TEXTS.map(lambda texts: texts if any(texts.values()) else None)


SOURCE = st.builds(
    Source, KEY, LINES, st.sampled_from("WVM"), st.none() | DATED, st.none() | DATED, st.none() | ADDRESS
)
LEGAL = st.builds(LegalReference, KEY, LINE, LINES, LINE, st.just("") | DATED, st.just("") | ADDRESS, DAY, DAY, note())
OBJECTIVE = st.builds(Objective, KEY, LINES, st.none() | KEY, st.none() | st.integers(1, 9))
LEVELS = st.lists(TEXTS, max_size=3).map(
    lambda said: tuple(Level(number, criterion) for number, criterion in enumerate(said, 1))
)
FRAMEWORKS = st.builds(Framework, KEY, LINE, LINES, rows(st.builds(Competency, KEY, LINES, LEVELS)))
GLOSSARIES = st.builds(Glossary, rows(st.builds(Term, KEY, LINES, TEXTS)))
_LEVELS = st.tuples(*[st.integers(0, 60)] * 3).filter(any)
_RULES = st.builds(
    QuizRules, st.integers(1, 200), SHARE, st.integers(0, 99), st.integers(0, 525_600), minutes=st.integers(0, 1440),
    pauses=st.integers(0, 20), supervised=st.booleans(), difficulties=st.just(()) | _LEVELS, exposure=SHARE,
    forms=st.integers(1, 9), correction=st.sampled_from(["after", "closed", "never"]), markers=st.integers(1, 2),
    marking_days=st.integers(1, 365), tolerance=SHARE, jury=st.booleans(),
)  # fmt: skip
#: Rules that hold together.
QUIZ = _RULES.map(
    lambda quiz: replace(
        quiz, questions=sum(quiz.difficulties) or quiz.questions,
        supervised=quiz.supervised or quiz.correction == "closed",
    )
)  # fmt: skip
MODULES = st.builds(
    Module, key=st.just("d1"), code=LINE.map(lambda text: text[:8].strip()), order=st.integers(1, 99),
    status=st.sampled_from(["published", "planned"]), title=LINES, summary=TEXTS,
    duration_minutes=st.integers(0, 6000), recommendations=NUMBERS,
    legal=st.lists(KEY, max_size=2, unique=True).map(tuple), objectives=rows(OBJECTIVE),
    sources=rows(SOURCE), quiz=st.none() | QUIZ, lessons=st.just(()), questions=st.just(()),
    requires=st.lists(KEY, max_size=2, unique=True).map(tuple), branch=st.none() | KEY,
)  # fmt: skip
CERTIFICATE = st.builds(
    CertificateRule, LINES, st.lists(KEY, max_size=2, unique=True).map(tuple), SHARE,
    st.none() | st.integers(1, 240), st.integers(0, 3),
)  # fmt: skip
KEYS = st.lists(KEY, max_size=2, unique=True).map(tuple)
_MENTION = LINES.map(lambda texts: texts if any(texts.values()) else None)
_WAYS = st.builds(Way, KEY, _MENTION, st.just(()), st.none()) | st.builds(
    Way, st.none(), _MENTION, st.sampled_from([("a",), ("t/a", "x-9")]), st.none() | SHARE
)
LABEL = st.builds(
    LabelRule, KEY, LINES, KEYS, SHARE, st.none() | st.integers(1, 240),
    st.none() | st.builds(JuryRule, KEY, st.integers(2, 9)),
    st.none() | st.builds(Refresher, KEY.map(lambda key: (key,)), st.integers(1, 6000)),
    st.just(()) | st.tuples(_WAYS) | st.tuples(_WAYS, _WAYS),
)  # fmt: skip
TRACKS = st.builds(
    Track, key=st.just("t"), code=LINE.map(lambda text: text[:5].strip()), version=LINE, title=LINES, promise=TEXTS,
    audience=TEXTS, licence=LINE, languages=st.sampled_from([("fr",), ("fr", "en"), ("en", "fr")]),
    recommendations=NUMBERS, modules=st.just(()), certificate=st.none() | CERTIFICATE,
    label=st.none() | LABEL, attendance=st.booleans(), legal=rows(LEGAL),
    placement=st.none() | st.builds(PlacementRules, st.integers(1, 5), SHARE, st.booleans()),
    requires=st.lists(KEY, max_size=2, unique=True).map(tuple), branches=rows(st.builds(Branch, KEY, LINES, note())),
    digest=st.just(""),
)  # fmt: skip
