"""Texts as they are compared and named: folded for a search, as a key for an address."""

import re
import unicodedata


def fold(text: str) -> str:
    """A text as a search compares it: no accent, no capital, plain apostrophes and spaces."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("’", "'").replace("œ", "oe"))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def slug(text: str) -> str:
    """A key made of a text: lower-case ASCII letters, digits and hyphens; empty where it has none of them."""
    words = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
    return words[:60].strip("-")
