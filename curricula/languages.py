"""The languages the product speaks."""

from collections.abc import Mapping

#: A text in each language, by ISO 639-1 code.
Localized = Mapping[str, str]

LANGUAGES = ("fr", "en")
