"""A track that may be unfinished, as it can be read: what is missing in a language is said in the other."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from curricula.awards import keeping
from curricula.model import LANGUAGES, Track
from curricula.texts import with_each


def readable(track: Track) -> Track:
    """The same track with every text in every language, and nothing in it that leads nowhere."""
    found: Track = with_each(track, lambda _way, said: _in_each_language(said))
    certificate, label = keeping(found.certificate, found.label, lambda key: found.module(key) is not None)
    kept = certificate if certificate is not None and certificate.modules else None
    return replace(found, certificate=kept, label=label)


def _in_each_language(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said in each language: in another where it is not, else nothing."""
    other = next((each for each in said.values() if each), "")
    return {language: said.get(language) or other for language in LANGUAGES}
