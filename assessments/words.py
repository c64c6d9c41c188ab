"""What people type, compared whatever their keyboard: typographic signs, spaces, articles, capitals and accents.

Time grows with the length of the text and nothing else: no expression is searched for.
"""

import unicodedata
from collections.abc import Iterable

from assessments.model import Plain
from curricula.anatomy import Setting
from curricula.model import LANGUAGES, Localized, Question
from curricula.problems import N_

#: Characters of an answer of a few words.
LINE = 200

ACCENTS = Setting(
    "accents", ("ignored", "counted"), N_("Accents"), N_("Whether « francais » is as good as « français »."),
    names=(N_("Ignored"), N_("Counted")),
)  # fmt: skip
CASE = Setting(
    "case", ("ignored", "counted"), N_("Capitals"), N_("Whether « rgpd » is as good as « RGPD »."),
    names=(N_("Ignored"), N_("Counted")),
)  # fmt: skip

#: Signs that keyboards and word processors write otherwise. Before Unicode's own forms, which split some of them.
_SIGNS = {
    **dict.fromkeys(map(ord, "’‘‛ʼʹ′`´＇"), "'"),
    **dict.fromkeys(map(ord, "«»“”„‟″＂‹›"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—−"), "-"),
    **{ord(one): two for one, two in (("œ", "oe"), ("Œ", "Oe"), ("æ", "ae"), ("Æ", "Ae"))},
}
#: With what follows them.
_ARTICLES = ("le ", "la ", "les ", "l'", "un ", "une ", "des ", "the ", "a ", "an ")
_AT_THE_END = ' .,;:!?"'


def normalised(text: str, *, accents: bool = False, case: bool = False) -> str:
    """A text as it is compared: Unicode NFKC, plain apostrophes, quotes, hyphens and spaces, no leading article.

    Neither final punctuation nor quotes around the whole count; ``accents`` and ``case`` say what else does. What would
    leave nothing is left as it is: an article alone, a mark alone. Normalised twice, a text stays the same.
    """
    return _bare(_spaced(_folded(text, accents=accents, case=case)))


def same(typed: str, forms: Iterable[str], *, accents: bool = False, case: bool = False) -> bool:
    """Whether what was typed is one of the forms, once all are normalised."""
    given = normalised(typed, accents=accents, case=case)
    return bool(given) and any(normalised(form, accents=accents, case=case) == given for form in forms)


def accepts(question: Question, accepted: Localized | None, typed: str) -> bool:
    """Whether what was typed is a form accepted, by the settings of the question.

    A form of either language counts: people read a track in one language and work in another, and a term is often
    known in one alone.
    """
    counted = {each.key: question.setting(each.key) == "counted" for each in (ACCENTS, CASE)}
    forms = [form for language in LANGUAGES for form in _forms(accepted, language)]
    return same(typed, forms, accents=counted["accents"], case=counted["case"])


def first_form(accepted: Localized | None) -> tuple[Plain, ...]:
    """The answer shown for what is accepted: the first form in each language; nothing where there is none."""
    found = {language: forms[0] for language in LANGUAGES if (forms := _forms(accepted, language))}
    some = next(iter(found.values()), "")
    return (Plain({language: found.get(language, some) for language in LANGUAGES}),) if found else ()


def written(values: tuple[str, ...]) -> str:
    """What was typed in a field; nothing where it is blank."""
    return values[0].strip() if values else ""


def _forms(accepted: Localized | None, language: str) -> list[str]:
    said = (accepted or {}).get(language, "").split("|")
    return [form.strip() for form in said if form.strip()]


def _folded(text: str, *, accents: bool, case: bool) -> str:
    """One writing of each letter. Done until nothing changes: folding a letter may give one that folds again."""
    for _round in range(4):
        before, text = text, unicodedata.normalize("NFKC" if accents else "NFKD", text.translate(_SIGNS))
        text = text if case else text.casefold()
        text = "".join(letter for letter in text if not _unseen(letter, accents=accents))
        if text == before:
            break
    return text if accents else unicodedata.normalize("NFKC", text)


def _unseen(letter: str, *, accents: bool) -> bool:
    """What does not count: marks put on letters, and what has no width, such as a hyphen that only breaks a line."""
    kind = unicodedata.category(letter)
    return kind == "Cf" or (kind == "Mn" and not accents)


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _bare(text: str) -> str:
    """Without the punctuation at its end, the quotes around it and the articles it begins with."""
    text = text.rstrip(_AT_THE_END) or text
    start = 0
    while (length := _idle(text, start)) and start + length < len(text):
        start += length
    return text[start:]


def _idle(text: str, start: int) -> int:
    """How many characters there do not count: a space, a quote, an article with what follows it."""
    if text[start : start + 1] in (" ", '"'):
        return 1
    return next((len(each) for each in _ARTICLES if text[start : start + len(each)].casefold() == each), 0)
