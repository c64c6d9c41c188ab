"""French typographic spaces, set when a text is shown so that authors type ordinary ones."""

import re

NARROW, WIDE = "\u202f", "\u00a0"

#: A gap an author may have typed: an ordinary space or one of the two no-break ones.
_GAP = f"[ {NARROW}{WIDE}]"
_RULES = (
    (re.compile(rf"{_GAP}([;!?»])"), rf"{NARROW}\1"),
    (re.compile(rf"(?<=\d){_GAP}%"), rf"{NARROW}%"),
    (re.compile(rf"«{_GAP}"), f"«{NARROW}"),
    (re.compile(rf"{_GAP}:(?=\s|$)"), f"{WIDE}:"),
    (re.compile(rf"(?<=\d){_GAP}(?=\d{{3}}(?!\d))"), NARROW),
    (re.compile(rf"(?<=\d){_GAP}(?=(?:€|h|min|s|kWh|ko|Mo|ans?|mois|jours?|semaines?)\b|€)"), WIDE),
    (re.compile(rf"\b(art\.|n°|p\.){_GAP}(?=\S)"), rf"\1{WIDE}"),
)


def french(text: str) -> str:
    """``text`` with U+202F before ; ! ? » % and after «, in thousands; U+00A0 before : and units.

    Meant for prose: numbers of four digits or more are left whole (years, article numbers).
    """
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def typeset(text: str, language: str) -> str:
    """``text`` as a reader of that language expects it."""
    return french(text) if language == "fr" else text
