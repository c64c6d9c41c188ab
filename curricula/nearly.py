"""Texts that are nearly the same: pairs that share most of their words.

The measure is Jaccard's: words in common over words of either. Pairs are found by prefix filtering (Chaudhuri, Ganti
and Kaushik, 2006): with words from the rarest to the commonest, two texts that share enough share one of their first
words, so that a bank of thousands of questions is not compared two by two.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil

#: Under so many different words a text says too little to be compared.
ENOUGH = 6
_WORD = re.compile(r"\w+")


def nearly_alike(texts: Mapping[str, str], share: Fraction) -> Iterator[tuple[str, str]]:
    """(a text, an earlier one) of each text that shares so much with an earlier one, by their names."""
    words = {name: set(_WORD.findall(text.lower())) for name, text in texts.items()}
    often = Counter(word for said in words.values() for word in said)
    begun: dict[str, list[str]] = defaultdict(list)
    for name, said in words.items():
        if len(said) < ENOUGH:
            continue
        first = sorted(said, key=lambda word: (often[word], word))[: len(said) - ceil(share * len(said)) + 1]
        before = dict.fromkeys(other for word in first for other in begun[word])
        for other in before:
            if len(said & words[other]) >= share * len(said | words[other]):
                yield name, other
                break
        for word in first:
            begun[word].append(name)
