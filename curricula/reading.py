"""How long a text takes to read, and how easy that is."""

import re
from fractions import Fraction
from functools import cache, lru_cache

import pyphen

#: An adult who reads to learn (docs: 180 words a minute).
WORDS_A_MINUTE = 180
#: A sentence of more words than this is long.
LONG = 30
#: Flesch reading ease: (constant, per word of a sentence, per syllable of a word), by language. English: Flesch, 1948;
#: French: Kandel and Moles, 1958.
_FORMULAS = {"en": (206.835, 1.015, 84.6), "fr": (207.0, 1.015, 73.6)}
_DICTIONARIES = {"en": "en_GB", "fr": "fr"}
#: Texts shorter than this, in words, say nothing of their ease.
ENOUGH = 60
#: Texts whose judgement is kept: a draft is judged at each look, and few of its texts changed since.
KEPT = 1024
_WORD = re.compile(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*")
_CODE = re.compile(r"```.*?```|~~~.*?~~~|`[^`]*`", re.DOTALL)
_MARKS = re.compile(r"^[^\S\n]*(?::{3,}.*|#+\s.*|\|.*|[-=*_]{3,})$", re.MULTILINE)
_SIGNS = re.compile(r"[*_>]|\]\([^)]{0,1000}\)|!?\[|^[^\S\n]*(?:[-+]|\d+\.)\s+", re.MULTILINE)
_END = re.compile(r"(?<=[.!?…:;])[\s»”)]++(?=[«“(\s]*[A-ZÀ-ÖØ-Þ0-9])|\n\s*\n|\n(?=\s*(?:[-+*]|\d+\.)\s)")


@lru_cache(maxsize=KEPT)
def word_count(markdown: str) -> int:
    """How many words a text has, marks left out."""
    return len([word for word in markdown.split() if any(sign.isalnum() for sign in word)])


def reading_minutes(words: int) -> Fraction:
    """How long so many words take to read, in minutes."""
    return Fraction(words, WORDS_A_MINUTE)


def sentences(markdown: str) -> list[str]:
    """The sentences of a text, without its marks; headings, tables and code are none."""
    bare = _MARKS.sub("\n\n", _CODE.sub(" ", markdown))
    parts = (_SIGNS.sub("", part).strip() for part in _END.split(bare))
    return [" ".join(part.split()) for part in parts if _WORD.search(part)]


@lru_cache(maxsize=KEPT)
def long_sentences(markdown: str) -> tuple[Fraction, str]:
    """(share of the sentences that are long, the longest of all)."""
    found = sentences(markdown)
    if not found:
        return Fraction(0), ""
    longest = max(found, key=lambda sentence: len(_WORD.findall(sentence)))
    return Fraction(sum(len(_WORD.findall(each)) > LONG for each in found), len(found)), longest


@lru_cache(maxsize=KEPT)
def average_sentence(markdown: str) -> Fraction:
    """How many words a sentence has on average; 0 where there is none."""
    found = sentences(markdown)
    return Fraction(sum(len(_WORD.findall(each)) for each in found), len(found)) if found else Fraction(0)


@lru_cache(maxsize=KEPT)
def ease(markdown: str, language: str) -> float | None:
    """Flesch reading ease, about 0 (arduous) to 100 (easy); None where a text is too short or has no formula."""
    words = [word for sentence in sentences(markdown) for word in _WORD.findall(sentence)]
    if language not in _FORMULAS or len(words) < ENOUGH:
        return None
    base, by_length, by_syllables = _FORMULAS[language]
    syllables = sum(_syllables(word, language) for word in words)
    return base - by_length * len(words) / len(sentences(markdown)) - by_syllables * syllables / len(words)


def _syllables(word: str, language: str) -> int:
    return len(_hyphens(language).positions(word.lower())) + 1


@cache
def _hyphens(language: str) -> pyphen.Pyphen:
    return pyphen.Pyphen(lang=_DICTIONARIES[language], left=1, right=1)
