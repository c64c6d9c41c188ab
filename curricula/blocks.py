"""The named blocks of lessons: which there are, and what is wrong in how a text opens and closes them."""

import re
from collections.abc import Iterator

from curricula.problems import N_, Place, Problem

#: The named blocks of docs/curriculum-format.md, with the title shown when the author gives none.
BLOCKS = {
    "situation": {"fr": "La situation", "en": "The situation"},
    "example": {"fr": "Exemple", "en": "Example"},
    "counterexample": {"fr": "Contre-exemple", "en": "Counter-example"},
    "method": {"fr": "Le geste", "en": "The method"},
    "case": {"fr": "Étude de cas", "en": "Case study"},
    "caution": {"fr": "La limite", "en": "The limit"},
    "remember": {"fr": "À retenir", "en": "To remember"},
    "transfer": {"fr": "Dans mon service", "en": "In my department"},
    "plain": {"fr": "L’essentiel en langage clair", "en": "The essentials in plain language"},
}
REVEAL = "reveal"
_FENCE = re.compile(r"\s*(?P<colons>:{3,})\s*(?P<name>\S*)")
_CODE = re.compile(r"\s*(?P<marks>`{3,}|~{3,})")


def unknown_blocks(place: Place) -> Iterator[Problem]:
    """A problem for each block of a text that is unknown, badly nested or never closed."""
    opened: list[tuple[int, int]] = []
    for number, name, colons in _fences(place.text):
        if name:
            if opened and colons >= opened[-1][1]:
                what = N_("A block inside another needs fewer colons.")
                yield place.problem(number, what, N_("Open and close the outer one with ::::."))
            if name not in BLOCKS and name != REVEAL:
                what, fix = N_("Block « %(block)s » is unknown."), N_("Use one of: %(known)s.")
                yield place.problem(number, what, fix, block=name, known=", ".join([*BLOCKS, REVEAL]))
            opened.append((number, colons))
        elif opened:
            begun, needed = opened.pop()
            if colons < needed:
                what = N_("The block of line %(begun)s closes with as many colons as it opens.")
                yield place.problem(number, what, N_("Write %(colons)s."), begun=begun, colons=":" * needed)
        else:
            yield place.problem(number, N_("A block closes that was not opened."), N_("Remove this line."))
    for number, _colons in opened:
        what, fix = N_("This block is never closed."), N_("End it with ::: on a line of its own.")
        yield place.problem(number, what, fix)


def _fences(markdown: str) -> Iterator[tuple[int, str, int]]:
    """(line, name or nothing, number of colons) of each line that opens or closes a block, outside code."""
    code = ""
    for number, line in enumerate(markdown.split("\n"), start=1):
        marks, fence = _CODE.match(line), _FENCE.match(line)
        if code:
            code = "" if marks and marks["marks"].startswith(code) else code
        elif marks:
            code = marks["marks"]
        elif fence:
            yield number, fence["name"], len(fence["colons"])
