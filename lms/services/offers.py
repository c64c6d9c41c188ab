"""What there is to learn, tracks and their modules, searched by words, audience and length.

A trainer places them in a course; the catalogue (``lms.services.catalogue``) searches whole tracks by the same words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from curricula.model import Localized, Module, Track
from lms.services.words import fold

#: Lengths people plan with: key → longest duration in minutes, the shortest first; None has no limit.
LENGTHS: Mapping[str, int | None] = {"short": 120, "half": 240, "day": 480, "more": None}


@dataclass(frozen=True)
class Offer:
    """A track, or one of its modules."""

    track: Track
    module: Module | None = None

    @property
    def key(self) -> str:
        """What names it in a form and in a gradebook: ``track`` or ``track/module``."""
        return f"{self.track.key}/{self.module.key}" if self.module else self.track.key

    @property
    def title(self) -> Localized:
        return self.module.title if self.module else self.track.title

    @property
    def text(self) -> Localized:
        """What it brings, in a sentence or two."""
        return self.module.summary if self.module else self.track.promise

    @property
    def minutes(self) -> int:
        return self.module.duration_minutes if self.module else self.track.duration_minutes

    @property
    def available(self) -> bool:
        """Whether learners can follow it today; what is only announced cannot be placed."""
        return self.module.published if self.module else bool(self.track.published_modules)

    @property
    def assessed(self) -> bool:
        """Whether it gives a score."""
        modules = (self.module,) if self.module else self.track.published_modules
        return any(module.quiz is not None for module in modules)

    @property
    def length(self) -> str | None:
        """Its length, as a key of ``LENGTHS``; None while its duration is not known."""
        fitting = (key for key, most in LENGTHS.items() if most is None or self.minutes <= most)
        return next(fitting) if self.minutes else None

    def words(self, language: str) -> str:
        """What a search reads of it, folded."""
        said: list[Localized] = [self.title, self.text]
        code = self.track.code
        if self.module:
            code = self.module.code
            said += [self.track.title, *(objective.text for objective in self.module.objectives)]
        else:
            awards = (self.track.certificate, self.track.label)
            said += [self.track.audience, *(rule.title for rule in awards if rule is not None)]
        return fold(" ".join([code, *(text[language] for text in said)]))


@dataclass(frozen=True)
class Search:
    """What is looked for; what is empty restricts nothing. ``audience`` is the key of a track."""

    text: str = ""
    audience: str = ""
    length: str = ""

    def finds(self, offer: Offer, language: str) -> bool:
        """Whether the offer fits: every word is in it, accents and capitals ignored."""
        if self.audience and offer.track.key != self.audience:
            return False
        if self.length and offer.length != self.length:
            return False
        return holds(offer.words(language), self.text)


def offers(tracks: Iterable[Track]) -> list[Offer]:
    """Every track followed by its modules, announced ones among them."""
    return [offer for track in tracks for offer in (Offer(track), *(Offer(track, each) for each in track.modules))]


def chosen(every: Sequence[Offer], keys: Iterable[str]) -> list[Offer]:
    """The offers of those keys, each once, in the order of ``every``. ``KeyError`` for one that cannot be placed."""
    wanted = set(keys)
    found = [offer for offer in every if offer.available and offer.key in wanted]
    if len(found) < len(wanted):
        raise KeyError(*(wanted - {offer.key for offer in found}))
    return found


def holds(words: str, text: str) -> bool:
    """Whether every word of a text typed by somebody is in those folded words, as itself or as a part."""
    return all(word in words for word in fold(text).split())
