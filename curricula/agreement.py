"""Whether the two languages of a text say the same, as far as who wrote them told.

What is new, or begun from what is published, agrees. Writing both sides, or the one that was missing, leaves them in
agreement; writing one alone does not, until somebody says that it still holds or writes it back as it was. Only what
does not agree is kept.
"""

from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Literal

from curricula.model import LANGUAGES
from curricula.texts import Texts

State = Literal["missing", "review", "done"]


@dataclass(frozen=True)
class Agreement:
    """How the texts of a unit stand.

    ``total`` of them are written in a language at least. ``missing``: the language each lacks. ``last``: for those to
    review, the digests of both sides when they last agreed; ``late``: the languages that did not follow since.
    """

    total: int = 0
    missing: dict[str, str] = field(default_factory=dict)
    last: dict[str, dict[str, str]] = field(default_factory=dict)
    late: dict[str, list[str]] = field(default_factory=dict)

    @staticmethod
    def of_json(kept: dict[str, Any]) -> "Agreement":
        """As a database keeps it; nothing is an agreement of no text."""
        return Agreement(**kept)

    def as_json(self) -> dict[str, Any]:
        """For a database."""
        return asdict(self) if self.total else {}

    def state(self, name: str, language: str) -> State:
        """How a text stands in a language."""
        if self.missing.get(name) == language:
            return "missing"
        return "review" if language in self.late.get(name, ()) else "done"

    def open(self, language: str) -> dict[str, State]:
        """The texts to write or to review in a language."""
        names = dict.fromkeys([*self.missing, *self.late])
        return {name: state for name in names if (state := self.state(name, language)) != "done"}

    def agreed(self, names: set[str]) -> "Agreement":
        """The same once these texts are said to agree."""
        return Agreement(
            self.total,
            self.missing,
            {name: digests for name, digests in self.last.items() if name not in names},
            {name: languages for name, languages in self.late.items() if name not in names},
        )


def digest(text: str) -> str:
    """What tells a text from another."""
    return sha256(text.encode()).hexdigest()[:16]


def digests(text: dict[str, str]) -> dict[str, str]:
    """The same of both its sides."""
    return {language: digest(said) for language, said in text.items()}


def followed(kept: Agreement, before: Texts, now: Texts, began: Texts) -> Agreement:
    """How the texts of a unit stand after a change.

    ``before`` is what they said just before, ``began`` when this stretch of work began: a side that is being written
    for the first time agrees until whoever writes it stops.
    """
    missing, last, late = {}, {}, {}
    for name, text in now.items():
        lacking = next((language for language in LANGUAGES if not text[language]), None)
        if lacking is not None:
            missing[name] = lacking
            continue
        since = kept.last.get(name) or _broken(before.get(name), text, began.get(name))
        behind = _late(since, digests(text)) if since and not _both_changed(before.get(name), text) else []
        if since and behind:
            last[name], late[name] = since, behind
    return Agreement(len(now), missing, last, late)


def _broken(before: dict[str, str] | None, now: dict[str, str], began: dict[str, str] | None) -> dict[str, str] | None:
    """The digests of what agreed until this change; None where it still does."""
    written = before is not None and began is not None and all(before.values()) and all(began.values())
    return digests(before) if before is not None and written and before != now else None


def _both_changed(before: dict[str, str] | None, now: dict[str, str]) -> bool:
    return before is not None and all(before[language] != now[language] for language in LANGUAGES)


def _late(since: dict[str, str], now: dict[str, str]) -> list[str]:
    """The languages whose other side changed. Both where each changed apart from the other."""
    changed = [language for language in LANGUAGES if since[language] != now[language]]
    return [language for language in LANGUAGES if any(other != language for other in changed)]
